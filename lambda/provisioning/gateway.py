"""A proof's links before the function: the stage answers, strangers are refused, callers reach the function."""

import json
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from provisioning.calls import Answer, Calls
from provisioning.link import Broken
from provisioning.properties import Gateway
from shared import wire
from shared.probes import NOWHERE, PROBE

LINKS = ("stage", "authorization", "gateway to function")
TO_AUTHORIZER = "gateway to authorizer"
# It has the form of a token, because the gateway itself refuses other texts. It names no algorithm, and is not signed.
_WRONG_TOKEN = "Bearer e30.e30.AA"  # noqa: S105 - not a secret
_OUT_OF_REACH = (
    " If the API's default address is off, or a resource policy, a web ACL or an API key keeps a deployment out, "
    "choose proof=ProofScope.WITHOUT_GATEWAY."
)


class Method(NamedTuple):
    """A method of the API, with a request for an instance that cannot exist. The function refuses such a request before
    it calls Connect."""

    # The words that a message adds after the name of a link or a call.
    of: str
    verb: str
    path: tuple[str, ...]
    body: str

    @property
    def event(self) -> dict[str, object]:
        """The request, as the gateway passes it on."""
        parameters = {"InstanceId": NOWHERE, "InitialContactId": NOWHERE}
        return {"requestContext": {}, "httpMethod": self.verb, "pathParameters": parameters, "body": self.body}


_PAST = {"RehydrationType": wire.FROM_SEGMENT, "SourceContactId": NOWHERE}
ASSOCIATE = Method("", "POST", (*wire.PATH, NOWHERE, NOWHERE), json.dumps(_PAST))
_NOBODY = {"CustomerId": NOWHERE, "ParticipantDetails": {"DisplayName": PROBE}}
_START = {"InstanceId": NOWHERE, "ContactFlowId": NOWHERE, **_NOBODY}
START = Method(" of PUT", "PUT", wire.START_PATH, json.dumps(_START))


def refuses_strangers(gateway: Gateway, method: Method, calls: Calls) -> str:
    """An unsigned call is refused by our own gateway response. Raises Broken."""
    answer = _send(gateway, method, calls, signed=False)
    if answer.status == 403 and answer.kind == wire.ACCESS_DENIED:
        return str(answer)
    # A stage that does not exist answers 403 as well, but not in the words of our own gateway response.
    if answer.status in (403, 404) and answer.kind is None:
        found = f"An unsigned call{method.of} got {answer}, which is not an answer of this API's stage.{_OUT_OF_REACH}"
        raise Broken("stage", found)
    raise Broken("authorization", f"An unsigned call{method.of} got {answer}, expected a refusal with 403.")


def refuses_wrong_tokens(gateway: Gateway, method: Method, calls: Calls) -> str:
    """The authorizer gets a call with a wrong token, and refuses it. Raises Broken."""
    answer = _send(gateway, method, calls, signed=False, token=_WRONG_TOKEN)
    if answer.status == 403 and answer.kind == wire.ACCESS_DENIED:
        return str(answer)
    found = f"A call{method.of} with a wrong token got {answer}, expected a refusal with 403."
    if answer.status < 500:
        raise Broken("authorization", found)
    raise Broken(TO_AUTHORIZER, f"{found} Either the gateway may not invoke the authorizer, or the authorizer fails.")


def answers_callers(gateway: Gateway, method: Method, calls: Calls) -> str:
    """A signed call reaches the function. Raises Broken."""
    answer = _send(gateway, method, calls, signed=True)
    if answer.status == 404 and answer.kind == wire.RESOURCE_NOT_FOUND:
        return str(answer)
    found = f"A signed call{method.of} got {answer}, expected the function's 404 for another instance."
    if answer.status == 403:
        raise Broken("authorization", found + _OUT_OF_REACH)
    raise Broken("gateway to function", found)


def words_of_function(function: str, method: Method, calls: Calls) -> str:
    """The end of the log of a function that gets the request without the gateway; "" if it cannot be invoked."""
    try:
        return calls.invoke(function, method.event).log
    except (BotoCoreError, ClientError):
        return ""


def _send(gateway: Gateway, method: Method, calls: Calls, *, signed: bool, token: str = "") -> Answer:
    url = f"{calls.base_of(gateway.api_id, gateway.stage)}/{'/'.join(method.path)}"
    try:
        answer = calls.send(method.verb, url, method.body.encode(), signed=signed, token=token)
    except BotoCoreError as error:
        raise Broken("address", f"{url} cannot be reached: {error}.") from error
    if answer.status == 429:
        raise Broken("throttle", f"The gateway throttles the proof: it answered with {answer}.", throttled=True)
    return answer

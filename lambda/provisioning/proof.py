"""Custom::PersistentChatProof: does the endpoint, or the recorder, work, link by link?

A caller's request passes the gateway's stage and authorization, the function with its environment, and the
permissions of the function's role. The proof tries them one by one and names the one that is broken.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from provisioning import names
from provisioning.calls import Answer, BotoCoreError, Calls, ClientError
from provisioning.failure import Broken, DeploymentFailure

_PAUSE_SECONDS = 2.0
# At most so long what was there before is given to answer no more: a changed policy or stage takes a while to be seen.
_SETTLE_SECONDS = 10.0
_SERVICES = {"connect": "Amazon Connect", "dynamodb": "DynamoDB"}
# Ids that cannot exist: the function answers for another instance, before Connect is asked anything.
_NOWHERE = "00000000-0000-0000-0000-000000000000"
_REQUEST = json.dumps({"RehydrationType": "FROM_SEGMENT", "SourceContactId": _NOWHERE}).encode()


def prove(properties: dict[str, Any], calls: Calls, is_update: bool) -> dict[str, str]:
    """Raise DeploymentFailure, with the broken link's name, unless every link of the endpoint holds.

    After an update twice, with a pause between: at first it may be what was there before that answers.
    """
    patience = float(properties[names.PATIENCE_SECONDS])
    until = calls.now() + patience
    _hold_all(properties, calls, until)
    if is_update:
        settle = min(_SETTLE_SECONDS, patience / 6)
        calls.wait(settle)
        _hold_all(properties, calls, until + settle)
    return {}


def _hold_all(properties: dict[str, Any], calls: Calls, until: float) -> None:
    waited = f"It stayed so for {float(properties[names.PATIENCE_SECONDS]):g} s."
    subject = "The endpoint" if names.URL in properties else "The recorder of chats"
    for link in _links(properties, calls):
        _hold(link, calls, until, waited, subject)


def _hold(link: Callable[[], None], calls: Calls, until: float, waited: str, subject: str) -> None:
    """Try a link until it holds: a new policy or stage takes a while to be seen."""
    while True:
        try:
            return link()
        except Broken as broken:
            if broken.final or calls.now() + _PAUSE_SECONDS > until:
                stayed = "" if broken.final else f" {waited}"
                raise DeploymentFailure(
                    f"{subject} does not work. Broken link: {broken.link}. {broken.found}{stayed}"
                ) from broken
        calls.wait(_PAUSE_SECONDS)


def _links(properties: dict[str, Any], calls: Calls) -> Iterator[Callable[[], None]]:
    """Each link of the chain, from the inside out."""
    function, environment = properties[names.FUNCTION], properties[names.ENVIRONMENT]
    yield lambda: _function_starts(function, environment, calls)
    for action in properties[names.ACTIONS]:
        yield partial(_action_is_allowed, function, action, calls)
    if names.URL not in properties:
        return
    # `…/<instance id>/`: the instance of the probe must be another one.
    prefix = properties[names.URL].rstrip("/").rpartition("/")[0]
    url = f"{prefix}/{_NOWHERE}/{_NOWHERE}"
    yield lambda: _strangers_are_refused(url, calls)
    if properties[names.SIGNED] == "true":
        yield lambda: _callers_are_answered(url, calls)


def _function_starts(function: str, environment: dict[str, str], calls: Calls) -> None:
    answer = _invoke(function, "settings", calls)
    settings = answer.get("settings")
    if not isinstance(settings, dict):
        raise Broken("function", "It answered without its settings, expected those of this library's function.")
    wrong = [
        f"{name} is {settings.get(name)!r}, expected {environment.get(name)!r}"
        for name in sorted({*settings, *environment})
        if settings.get(name) != environment.get(name)
    ]
    if wrong:
        raise Broken("environment", f"Of the function's environment variables {'; '.join(wrong)}.")


def _action_is_allowed(function: str, action: str, calls: Calls) -> None:
    answer = _invoke(function, action, calls).get("answer") or {}
    status, kind = int(answer.get("status") or 0), answer.get("type")
    service = _SERVICES[action.partition(":")[0]]
    if status == 403 or kind == "AccessDeniedException":
        raise Broken(f"permission {action}", f"{service} refused the function: {answer.get('message')}.")
    if not _is_answer(service, status, kind):
        raise Broken(service, f"{action} got {status} {kind} {answer.get('message')}, expected an answer.")


def _is_answer(service: str, status: int, kind: object) -> bool:
    """Of Connect any modelled answer will do: its refusal of ids that cannot exist is documented nowhere."""
    if service == _SERVICES["dynamodb"]:
        return status == 200 or kind == "ConditionalCheckFailedException"
    return 200 <= status < 500 and status != 429


def _strangers_are_refused(url: str, calls: Calls) -> None:
    answer = _post(url, calls, signed=False)
    if answer.status == 403 and answer.json().get("__type") == "AccessDeniedException":
        return
    # A stage that does not exist answers 403 as well, but not in the words of our own gateway response.
    if answer.status in (403, 404) and "__type" not in answer.json():
        raise Broken("stage", f"An unsigned call was not answered by this API's stage but with {answer}.")
    raise Broken("authorization", f"An unsigned call was not refused with 403 but answered with {answer}.")


def _callers_are_answered(url: str, calls: Calls) -> None:
    answer = _post(url, calls, signed=True)
    if answer.status == 404 and answer.json().get("__type") == "ResourceNotFoundException":
        return
    link = "authorization" if answer.status == 403 else "gateway to function"
    raise Broken(link, f"A signed call was answered with {answer}, expected the function's 404 for another instance.")


def _invoke(function: str, probe: str, calls: Calls) -> dict[str, Any]:
    try:
        error, answer = calls.invoke(function, {"probe": probe})
    except (BotoCoreError, ClientError) as failure:
        raise Broken("function", f"It cannot be invoked: {failure}.") from failure
    if error is None:
        return answer
    text = f"{answer.get('errorType', error)}: {answer.get('errorMessage')}"
    link = "environment" if "environment variable" in text else "function"
    raise Broken(link, f"The function fails: {text}.", final=True)


def _post(url: str, calls: Calls, *, signed: bool) -> Answer:
    try:
        return calls.post(url, _REQUEST, signed=signed)
    except BotoCoreError as error:
        raise Broken("address", f"{url} cannot be reached: {error}.") from error

"""A proof's links in the function itself: it starts with the right environment, and may make its calls."""

from botocore.exceptions import BotoCoreError, ClientError

from provisioning.calls import Calls, Invoked
from provisioning.link import Broken, answer_of, code_of
from provisioning.properties import Function
from shared import probes, throttles, variables

_SERVICES = {"connect": "Amazon Connect", "dynamodb": "DynamoDB"}
_DENIED = "AccessDeniedException"
_IAMS_WORDS = "not authorized to perform"
_NOT_IAMS = (
    " These are not the words of IAM. If the role allows it, this is how the service refuses ids that do not exist: "
    "then proof=ProofScope.REPORT_ONLY lets the deployment go on."
)
_STARTED = (
    "A chat started, although the request has both PersistentChat and RelatedContactId, which exclude each other "
    "(API Reference, StartChatContact). Expected a refusal. proof=ProofScope.REPORT_ONLY lets the deployment go on."
)


def starts(function: Function, calls: Calls) -> str:
    """It runs, with the settings of the template. Raises Broken."""
    invoked = _invoke(function, probes.SETTINGS, calls)
    settings = invoked.answer.get("settings")
    if not isinstance(settings, dict):
        found = f"The {function.name} answered without its settings, expected the settings of this library's function."
        raise Broken(function.name, found, log=invoked.log)
    environment, local = function.environment, calls.local_variables()
    settings = {name: value for name, value in settings.items() if name not in local or value != local[name]}
    wrong = [
        f"{name} is {settings.get(name)!r}, expected {environment.get(name)!r}"
        for name in sorted({*settings, *environment})
        if settings.get(name) != environment.get(name)
    ]
    if wrong:
        found = f"The {function.name}'s environment variables differ from the template: {'; '.join(wrong)}."
        raise Broken("environment", found, log=invoked.log)
    return ""


def reads_keys(authorizer: Function, calls: Calls) -> str:
    """The issuer answers the authorizer, and at least one of its keys can be used. Raises Broken."""
    invoked = _invoke(authorizer, probes.ISSUER, calls)
    if keys := invoked.answer.get("keys"):
        return f"{keys} keys"
    issuer = authorizer.environment.get(variables.ISSUER)
    todo = "Correct the issuer of Authorization.oidc, or deploy again when it answers."
    found = f"The issuer {issuer} cannot be used: {invoked.answer.get('error')} {todo}"
    raise Broken("issuer", found, log=invoked.log)


def is_allowed(function: Function, action: str, calls: Calls) -> str:
    """The function's role allows an action. Returns the service's answer to ids that cannot exist. Raises Broken.

    For the action that starts chats there is an answer for each flow. The failure names every flow that is broken.
    """
    invoked = _invoke(function, action, calls)
    answers, service = _answers_in(invoked), _SERVICES[action.partition(":")[0]]
    if not answers:
        raise Broken("function", f"It does not know {action}, expected this library's function.", log=invoked.log)
    if started := [f"{of}{said.message}{_stopped(function, said, calls)}" for of, said in answers if said.started]:
        raise Broken("start", f"{_STARTED} {' '.join(started)}", final=True, log=invoked.log)
    if denied := [f"{of}{said.message}" for of, said in answers if said.denied]:
        doubt = "" if all(_IAMS_WORDS in text for text in denied) else _NOT_IAMS
        found = f"{service} refused the function: {'; '.join(denied)}.{doubt}"
        raise Broken(f"permission {action}", found, log=invoked.log)
    if failed := [(of, said) for of, said in answers if not said.is_answer(service)]:
        found = f"{action} got {'; '.join(f'{of}{said}' for of, said in failed)}, expected an answer."
        raise Broken(service, found, throttled=all(said.throttled for _, said in failed), log=invoked.log)
    return "; ".join(f"{of}{said}" for of, said in answers)


def is_denied_elsewhere(function: Function, action: str, calls: Calls) -> str:
    """The negative control: Connect has to deny the same action for an instance that the role does not name.

    Returns why the permission could show nothing; "" if it was denied. Raises Broken if no answer says so.
    """
    invoked, service = _invoke(function, f"{probes.ELSEWHERE}{action}", calls), _SERVICES["connect"]
    said = _ServiceAnswer(invoked.answer.get("answer"))
    if said.denied:
        return ""
    if not said.is_answer(service):
        raise Broken(service, f"{action} for another instance got {said}.", throttled=said.throttled)
    return (
        f"For an instance that the role does not name, {service} answered {said}, expected a denial. Either the role "
        "allows more than this library gave it, or Connect looks for a contact before it checks the permission."
    )


class _ServiceAnswer:
    """What a service answered the function."""

    def __init__(self, answer: object) -> None:
        told = answer if isinstance(answer, dict) else {}
        status, kind = told.get("status"), told.get("type")
        self.status = status if isinstance(status, int) else 0
        self.kind = kind if isinstance(kind, str) else None
        self.message = told.get("message")
        self.contact_id = told.get("contactId")
        self.started = self.kind == probes.CHAT_STARTED
        self.denied = self.status == 403 or self.kind == _DENIED
        self.throttled = self.status == 429 or self.kind in throttles.CODES

    def is_answer(self, service: str) -> bool:
        """Every modelled answer of Connect counts: its refusal of ids that cannot exist is documented nowhere."""
        if service == _SERVICES["dynamodb"]:
            return self.status == 200 or self.kind == "ConditionalCheckFailedException"
        return 200 <= self.status < 500 and not self.throttled

    def __str__(self) -> str:
        return f"{self.status} {self.kind} {self.message}"


def _answers_in(invoked: Invoked) -> list[tuple[str, _ServiceAnswer]]:
    """The answers to a probe, each with its flow as the beginning of a message. Empty if there is no answer."""
    flows = invoked.answer.get("flows")
    if isinstance(flows, dict) and flows:
        return [(f"flow {name}: ", _ServiceAnswer(answer)) for name, answer in flows.items()]
    return [("", _ServiceAnswer(invoked.answer["answer"]))] if "answer" in invoked.answer else []


def _stopped(function: Function, said: _ServiceAnswer, calls: Calls) -> str:
    """End a chat that the probe started. Returns a sentence about the result."""
    if not isinstance(said.contact_id, str):
        return ""
    try:
        calls.stop_contact(function.environment.get(variables.INSTANCE_ID, ""), said.contact_id)
    except (BotoCoreError, ClientError) as error:
        return f" The contact {said.contact_id} could not be stopped: {error}."
    return f" The contact {said.contact_id} was stopped."


def _invoke(function: Function, probe: str, calls: Calls) -> Invoked:
    """Invoke a function with a probe. Raises Broken if it cannot be invoked, or if it fails."""
    try:
        invoked = answer_of(function.name, "AWS Lambda", lambda: calls.invoke(function.arn, {probes.PROBE: probe}))
    except Broken as broken:
        if broken.throttled:
            raise _without_room(function, broken, calls) from broken
        raise Broken(function.name, f"The {function.name} cannot be invoked: {broken.found}") from broken
    except ClientError as failure:
        raise Broken(function.name, f"The {function.name} cannot be invoked: {failure}.") from failure
    if invoked.error is None:
        return invoked
    text = f"{invoked.answer.get('errorType', invoked.error)}: {invoked.answer.get('errorMessage')}"
    link = "environment" if "environment variable" in text else function.name
    trace = invoked.answer.get("stackTrace")
    log = invoked.log or "\n".join(map(str, trace if isinstance(trace, list) else ()))
    raise Broken(link, f"The {function.name} fails: {text}.", final=True, log=log)


def _without_room(function: Function, broken: Broken, calls: Calls) -> Broken:
    """The failure for a function that Lambda throttles. If its reserved concurrency is 0, this is the reason."""
    try:
        reserved = calls.reserved_concurrency(function.arn)
    except Exception as unknown:
        reserved = None
        kind = code_of(unknown) if isinstance(unknown, ClientError) else type(unknown).__name__
        print(f"The {function.name}'s reserved concurrency is unknown: {kind}")
    if reserved == 0:
        never = f"The {function.name}'s reserved concurrency is 0: it never runs. Expected none, or at least 1."
        return Broken(function.name, never)
    return Broken("throttle", broken.found, throttled=True)

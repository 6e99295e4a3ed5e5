"""The words of the messages: how they show a value, and name a type with advice."""

from collections.abc import Mapping
from enum import Enum

from connect_persistent_chat.kinds import is_disguised, is_resolvable, parts_of
from connect_persistent_chat.tokens import is_computed, is_token, with_tokens_as

ELEMENT = "got `list[0]` of a list that only the deployment knows, expected"
_LONGEST = 300

# The names of types, if their own name does not say enough.
_WORDS: Mapping[str, str] = {
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "a text that is not empty",
    "Construct": "a stack or another construct",
    "IAuthorizer": "a Lambda authorizer",
    "IChatHistory": "a ChatHistory",
    "IGrantable": "an identity such as a role",
    "ITopic": "an SNS topic",
    "IUserPool": "a Cognito user pool",
    "IUserPoolClient": "a Cognito app client",
}
_ADVICE: Mapping[str, str] = {
    "Authorization": "Call one of its methods, such as Authorization.iam().",
    "ChatStart": 'Make one with ChatStart({"web": "<flow id>"}).',
    "ConnectInstance": "Make one with ConnectInstance.from_any(...).",
    "Construct": "Give the stack, for example.",
    "CustomerIdentity": "Call one of its methods, such as CustomerIdentity.customer_id().",
    "Duration": "Use Duration.seconds(...), for example.",
    "IAuthorizer": "Make one with apigateway.RequestAuthorizer(...) or TokenAuthorizer(...).",
    "IChatHistory": "Use ChatHistory(...) or ChatHistory.from_table_arn(...).",
    "IGrantable": "Give a role, a user or a group, such as iam.Role(...).",
    "ITopic": "Use sns.Topic(...) or sns.Topic.from_topic_arn(...).",
    "IUserPool": "Use cognito.UserPool(...) or cognito.UserPool.from_user_pool_id(...).",
    "IUserPoolClient": "Use cognito.UserPoolClient(...) or cognito.UserPoolClient.from_user_pool_client_id(...).",
    "PersistentChatEndpoint": "Give the endpoint itself.",
}


def shown(value: object) -> str:
    """A value for a message: at most about 300 characters, and never the inner form of a token."""
    if is_disguised(value):
        return _with_article(type(value).__name__)
    if isinstance(value, str):
        text = with_tokens_as("<token>", value)
        return "a token" if text == "<token>" else _cut(repr(text))
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, int | float) and is_computed(value):
        return "a token" if is_token(value) else "a number that was computed from a token"
    if value is None or isinstance(value, bool | int | float):
        try:
            return _cut(repr(value))
        except ValueError:
            return "a number of thousands of digits"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, list | tuple):
        flat = ("a list" if isinstance(item, list | tuple) else shown(item) for item in value)
        return _cut(f"[{', '.join(flat)}]")
    if isinstance(value, dict):
        return f"a dict of {len(value)}" if value else "{}"
    if function := _function(value):
        return f"the function {function}"
    names = [type(part).__name__.removeprefix("_").removesuffix("Proxy") for part in parts_of(value)]
    return "a token" if is_resolvable(value) else _with_article(names[-1] if names else "object")


def shown_seconds(number: float, *, in_days: bool = False) -> str:
    """A time for a message."""
    if is_computed(number):
        return shown(number)
    return f"{number / 86_400:.15g} days" if in_days else f"{number:.15g} seconds"


def named(kind: type) -> str:
    """A type for a message, with its article."""
    return _WORDS.get(kind.__name__) or _with_article(kind.__name__)


def named_list(kind: type) -> str:
    """A list of this type for a message."""
    return "a list of texts" if kind is str else f"a list of {named(kind).partition(' ')[2]}s"


def named_mapping(key_kind: type, kind: type) -> str:
    """A mapping of these types for a message."""
    names, values = (named_list(one).removeprefix("a list of ") for one in (key_kind, kind))
    return f'a mapping of {names} to {values}, such as {{"<name>": "<value>"}}, that is not empty'


def wrong_type(value: object, kind: type, expected: str = "", where: str = "") -> str:
    """The sentences for a value of another type than this one."""
    sentence = f"got {shown(value)}{where}, expected {expected or named(kind)}."
    advice = _advice(value, kind, example=not expected)
    return f"{sentence} {advice}" if advice else sentence


def _advice(value: object, kind: type, *, example: bool) -> str | None:
    advice = _ADVICE.get(kind.__name__)
    function = _function(value)
    # Methods such as Duration.seconds return what is expected. Other functions may return anything.
    if function and (function.startswith(f"{kind.__name__}.") or not advice):
        return f"Call it: {function}(...)."
    if is_resolvable(value) and kind in (str, int, float):
        return f"Use Token.{'as_string' if kind is str else 'as_number'}(...)."
    if issubclass(kind, Enum):
        member = kind.__members__.get(value.upper()) if isinstance(value, str) else None
        if member or example:
            return f"Use {shown(member)}." if member else f"Use {shown(next(iter(kind)))}, for example."
    return advice


def _function(value: object) -> str:
    """The name of a function, with its class, but without the function that it is in. Empty for other values."""
    name: object = getattr(value, "__qualname__", "") if callable(value) and not isinstance(value, type) else ""
    return name.rpartition(">.")[2] if isinstance(name, str) else ""


def _with_article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

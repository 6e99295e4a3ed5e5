"""All that a user can call: right arguments for each call, and the mistakes of a call."""

import inspect
import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_iam as iam

import connect_persistent_chat
from connect_persistent_chat import (
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
)
from constructs import Construct
from tests.synth.apps import FLOW_ID, HERE, INSTANCE_ARN, INSTANCE_ID, endpoint, history, stack, user_pool
from tests.synth.test_authorization import ISSUER, lambda_authorizer

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Chats"
CONSTRUCTS: list[type] = [PersistentChatEndpoint, ChatHistory, PersistentChatMonitoring]
ELSEWHERE = {
    "region": Environment(account="123456789012", region="eu-west-2"),
    "account": Environment(account="999999999999", region="us-east-1"),
}
# A number token, doubled: the result that an app gets if it computes with a token.
TOKEN_TWICE = -3.7763091794175e289


def callables() -> dict[str, Callable[..., Any]]:
    """All public classes, methods and factories that take arguments."""
    found: dict[str, Callable[..., Any]] = {}
    for name in connect_persistent_chat.__all__:
        one = getattr(connect_persistent_chat, name)
        if issubclass(one, Enum | Exception) or getattr(one, "_is_protocol", False):
            continue
        own = [(key, getattr(one, key)) for key in dir(one) if not key.startswith("_") and key not in dir(Construct)]
        taking = {f"{name}.{key}": value for key, value in own if callable(value)}
        found |= {name: one} | taking
    return {name: one for name, one in found.items() if name not in INTERNAL and parameters_of(one)}


def parameters_of(called: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that a user gives."""
    of = called.__init__ if inspect.isclass(called) else called
    return {
        name: one for name, one in inspect.signature(of).parameters.items() if name not in ("self", "args", "kwargs")
    }


# Methods that constructs call on each other, and users do not.
INTERNAL = {
    "Authorization.authorizer_environment",
    "Authorization.method_options",
    "Authorization.mistakes_in",
    "Authorization.warn",
    "ChatHistory.mistakes_with",
    "ChatStart.mistakes_with",
    "ChatStart.warn",
    "ConnectInstance.is_checked_in",
    "ConnectInstance.may_be",
    "ConnectInstance.mistakes_in",
    "CustomerIdentity.may_be",
}
CALLABLES = callables()
EACH = [(name, parameter) for name, called in CALLABLES.items() for parameter in parameters_of(called)]


def kind_of(name: str, parameter: str) -> tuple[Any, bool]:
    """The type in the annotation, and whether the annotation also allows None."""
    called = CALLABLES[name]
    of = called.__init__ if inspect.isclass(called) else called
    hint = typing.get_type_hints(of)[parameter]
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    (kind,) = (one for one in kinds if one is not type(None))
    return kind, len(kinds) > 1


class Prepared:
    """A stack, and the arguments that each call needs."""

    def __init__(self) -> None:
        self.stack = stack(env=HERE)
        self._made = 0

    def instance(self) -> ConnectInstance:
        """An instance, a new one each time."""
        self._made += 1
        return ConnectInstance.from_instance_id(self.stack, f"Instance{self._made}", INSTANCE_ID)

    def bound(self, name: str) -> Callable[..., Any]:
        """The callable of this name, with a scope and an id if it has these parameters."""
        owner, _, method = name.partition(".")
        called: Any = CALLABLES[name]
        if not inspect.isclass(called) and not inspect.ismethod(called):
            of = endpoint(self.stack, owner) if owner == "PersistentChatEndpoint" else history(self.stack, owner)
            called = getattr(of, method)
        where = {"scope": self.stack, "id": "Made"} if "scope" in parameters_of(CALLABLES[name]) else {}
        return lambda **given: called(**{**where, **given})

    def required(self, name: str) -> dict[str, Any]:
        """Right values for the parameters without a default."""
        pools, clients = user_pool(self.stack) if name == "Authorization.cognito" else ([], [])
        values: dict[str, Callable[[], Any]] = {
            "instance": lambda: INSTANCE_ID if name == "ConnectInstance.from_any" else self.instance(),
            "instance_id": lambda: INSTANCE_ID,
            "instance_arn": lambda: INSTANCE_ARN,
            "instance_alias": lambda: "local",
            "flows": lambda: {"web": FLOW_ID},
            "table_arn": lambda: TABLE_ARN,
            "endpoint": lambda: endpoint(self.stack, "Watched"),
            "user_pools": lambda: pools,
            "app_clients": lambda: clients,
            "issuer": lambda: ISSUER,
            "audiences": lambda: ["client"],
            "authorizer": lambda: lambda_authorizer(self.stack),
            "customer_key": lambda: "customer",
            "name": lambda: "customer",
            "grantee": lambda: iam.User(self.stack, "Caller"),
        }
        taken = parameters_of(CALLABLES[name]).items()
        needed = [key for key, one in taken if one.default is inspect.Parameter.empty and key not in ("scope", "id")]
        if name == "ConnectInstance":
            needed.append("instance_id")
        return {key: values[key]() for key in needed}


def mistakes_of(call: Callable[[], Any]) -> str:
    """The text of the ConfigurationError that a call raises. It never shows the inner form of a token."""
    with pytest.raises(ConfigurationError) as refused:
        call()
    said = str(refused.value)
    assert not any(form in said for form in ("Token[", "e+289", "88815", "TOKEN.", "object at 0x")), said
    return said


PLACES: dict[str, Callable[[App], Stack]] = {
    "another stage": lambda app: Stack(Stage(app, "Other"), "There", env=HERE),
    "in region eu-west-2": lambda app: Stack(app, "There", env=ELSEWHERE["region"]),
    "in account 999999999999": lambda app: Stack(app, "There", env=ELSEWHERE["account"]),
}

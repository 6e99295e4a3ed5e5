"""A proof's properties. Whoever may invoke the prover chooses them, so each of them is checked."""

import re
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from provisioning.link import DeploymentFailure
from shared import custom_resources

_FUNCTION = r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}"
_RULE = r"arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:rule/[A-Za-z0-9_.-]{1,64}"
_PROBE = "(connect|dynamodb):[A-Za-z]{1,64}"
_MOST_ACTIONS = 20
_LONGEST_GOT = 200


class Function(NamedTuple):
    """A function that is proved."""

    # The name of its link, also for messages.
    name: str
    arn: str
    # The variables that the template gives it.
    environment: Mapping[str, str]


class Gateway(NamedTuple):
    """The part of an endpoint before its function."""

    api_id: str
    stage: str
    # Whether a call that is signed for execute-api is to be answered.
    signed: bool


class ProofProperties(NamedTuple):
    """A proof's properties, checked."""

    function: Function
    # The function that checks the tokens of an issuer, if there is one.
    authorizer: Function | None
    # What the function's role has to allow.
    actions: tuple[str, ...]
    patience: float
    scope: str
    instance_id: str
    gateway: Gateway | None
    # Of a history; "" if there is none.
    table: str
    # Of a recorder; "" for an endpoint.
    rule: str

    @property
    def rule_name(self) -> str:
        """The end of the rule's ARN."""
        return self.rule.rpartition("/")[2]

    @property
    def subject(self) -> str:
        """What is proved, for people."""
        return "The recorder of chats" if self.rule else "The endpoint"


def read(given: Mapping[str, object]) -> ProofProperties:
    """The properties, as CloudFormation hands them over: all of them texts. Raises DeploymentFailure."""
    actions = given.get(custom_resources.ACTIONS)
    if not isinstance(actions, list) or len(actions) > _MOST_ACTIONS:
        _refuse(custom_resources.ACTIONS, actions, f"a list of at most {_MOST_ACTIONS} actions")
    for action in actions:
        if not isinstance(action, str) or not re.fullmatch(_PROBE, action):
            _refuse(custom_resources.ACTIONS, action, "actions of Amazon Connect or DynamoDB")
    scopes = custom_resources.SCOPES
    return ProofProperties(
        function=_function(given, "function", custom_resources.FUNCTION, custom_resources.ENVIRONMENT),
        authorizer=_function(given, "authorizer", custom_resources.AUTHORIZER, custom_resources.AUTHORIZER_ENVIRONMENT)
        if custom_resources.AUTHORIZER in given
        else None,
        actions=tuple(actions),
        patience=_patience(given.get(custom_resources.PATIENCE_SECONDS)),
        scope=_matching(given, custom_resources.SCOPE, "|".join(scopes), f"one of {', '.join(scopes)}"),
        instance_id=_matching(given, custom_resources.INSTANCE_ID, "[0-9A-Za-z-]{1,250}", "an instance id"),
        gateway=_gateway(given),
        table=_matching(given, custom_resources.TABLE, "[A-Za-z0-9_.-]{3,255}", "the name of a table", optional=True),
        rule=_matching(given, custom_resources.RULE, _RULE, "the ARN of a rule of the default bus", optional=True),
    )


def _function(given: Mapping[str, object], name: str, arn: str, variables: str) -> Function:
    environment = given.get(variables)
    if not isinstance(environment, dict) or not all(
        isinstance(part, str) for pair in environment.items() for part in pair
    ):
        _refuse(variables, environment, "an object of texts")
    return Function(name, _matching(given, arn, _FUNCTION, "the ARN of a function"), environment)


def _gateway(given: Mapping[str, object]) -> Gateway | None:
    if custom_resources.API_ID not in given:
        return None
    return Gateway(
        _matching(given, custom_resources.API_ID, "[a-z0-9]{1,64}", "the id of a REST API"),
        _matching(given, custom_resources.STAGE, "[A-Za-z0-9_-]{1,128}", "the name of a stage"),
        _matching(given, custom_resources.SIGNED, "true|false", "true or false") == "true",
    )


def _patience(value: object) -> float:
    # Digits and nothing else: "nan", "1e9" and "-1" are numbers for Python.
    seconds = int(str(value)) if re.fullmatch("[0-9]{1,3}", str(value)) else 0
    if not 1 <= seconds <= custom_resources.LONGEST_PATIENCE_SECONDS:
        _refuse(custom_resources.PATIENCE_SECONDS, value, f"1 to {custom_resources.LONGEST_PATIENCE_SECONDS}")
    return float(seconds)


def _matching(given: Mapping[str, object], name: str, pattern: str, expected: str, *, optional: bool = False) -> str:
    value = given.get(name, "" if optional else None)
    if optional and value == "":
        return ""
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        _refuse(name, value, expected)
    return value


def _refuse(name: str, got: object, expected: str) -> NoReturn:
    shown = "nothing" if got is None else repr(got)[:_LONGEST_GOT]
    raise DeploymentFailure(
        f"The proof's property {name} is wrong: got {shown}, expected {expected}. Deploy what this library synthesizes."
    )

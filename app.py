"""The CDK app: one stack with an endpoint for the instance named in the context.

cdk deploy -c instance=<id, ARN or alias> [-c customer_identity=customer_id|attribute:<name>|unchecked]
           [-c authorization=iam] [-c transcript_delay=<seconds>] [-c history=true] [-c cloud_watch_role=true]
           [-c credentials=cli]
"""

import difflib
import os
import sys
from typing import TypeVar

from aws_cdk import (
    App,
    CfnOutput,
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    Duration,
    Environment,
    Stack,
)

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatEndpoint,
)
from constructs import Construct

_T = TypeVar("_T")
_KEYS = (
    "authorization",
    "cloud_watch_role",
    "credentials",
    "customer_identity",
    "history",
    "instance",
    "transcript_delay",
)
_CUSTOMER_IDENTITIES = {"customer_id": CustomerIdentity.customer_id, "unchecked": CustomerIdentity.unchecked}
_ATTRIBUTE = "attribute:"
_AUTHORIZATIONS = {"iam": Authorization.iam}
_FLAGS = {"true": True, "false": False}
# Whose permissions deploy: the roles of the bootstrap stack, or those of whoever runs the command line.
_CREDENTIALS = {"bootstrap": DefaultStackSynthesizer, "cli": CliCredentialsStackSynthesizer}


class PersistentChatStack(Stack):
    """The endpoint, as the context asks for it."""

    def __init__(self, scope: Construct, id: str) -> None:
        _refuse_mistyped_keys(scope)
        super().__init__(
            scope,
            id,
            description="A guarded endpoint for Amazon Connect's CreatePersistentContactAssociation",
            env=Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION")),
            synthesizer=_choice(scope, "credentials", "bootstrap", _CREDENTIALS)(),
        )
        instance = _context(self, "instance")
        if not instance:
            raise ConfigurationError("context", ["instance: got nothing, expected -c instance=<id, ARN or alias>."])
        connect = ConnectInstance.from_any(self, "Instance", instance)
        identity = _customer_identity(self)
        history = None
        if _choice(self, "history", "false", _FLAGS):
            history = ChatHistory(self, "History", instance=connect, customer_identity=identity)
            CfnOutput(
                self,
                "HistoryRecorder",
                value=history.function.function_name,
                description="What persistent-chat asks for as --recorder",
            )
        self.endpoint = PersistentChatEndpoint(
            self,
            "Endpoint",
            instance=connect,
            customer_identity=identity,
            authorization=_choice(self, "authorization", "iam", _AUTHORIZATIONS)(),
            history=history,
            transcript_delay=_seconds(self, "transcript_delay"),
            cloud_watch_role=_choice(self, "cloud_watch_role", "false", _FLAGS),
        )
        CfnOutput(
            self,
            "EndpointUrl",
            value=self.endpoint.url,
            description="POST here, with the current contact's id appended",
        )


def _refuse_mistyped_keys(scope: Construct) -> None:
    """Others may have keys of their own, the CDK above all: so only what is nearly one of ours."""
    near = {
        key: difflib.get_close_matches(key.lower().replace("-", "_"), _KEYS, 1, 0.8)
        for key in scope.node.get_all_context()
    }
    mistakes = [
        f"{key}: got a key that nothing reads, expected {found[0]}."
        for key, found in near.items()
        if found and key not in _KEYS
    ]
    if mistakes:
        raise ConfigurationError("context", mistakes)


def _context(scope: Construct, key: str) -> str:
    """As -c gives it, or as cdk.json may have it: a flag or a number of JSON."""
    value = scope.node.try_get_context(key)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # jsii knows no whole numbers.
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choice(scope: Construct, key: str, default: str, choices: dict[str, _T]) -> _T:
    value = _context(scope, key) or default
    if value not in choices:
        raise ConfigurationError("context", [f"{key}: got {value!r}, expected {' or '.join(choices)}."])
    return choices[value]


def _customer_identity(scope: Construct) -> CustomerIdentity:
    value = _context(scope, "customer_identity")
    if value.startswith(_ATTRIBUTE):
        return CustomerIdentity.attribute(value.removeprefix(_ATTRIBUTE))
    if value and value not in _CUSTOMER_IDENTITIES:
        expected = " or ".join([*_CUSTOMER_IDENTITIES, f"{_ATTRIBUTE}<name>"])
        raise ConfigurationError("context", [f"customer_identity: got {value!r}, expected {expected}."])
    return _CUSTOMER_IDENTITIES[value or "customer_id"]()


def _seconds(scope: Construct, key: str) -> Duration | None:
    value = _context(scope, key)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ConfigurationError("context", [f"{key}: got {value!r}, expected a whole number of seconds."])
    return Duration.seconds(int(value))


def main(app: App) -> int:
    """Synthesize; 1, with one sentence on standard error, if the context cannot work."""
    try:
        PersistentChatStack(app, "PersistentChat")
    except ConfigurationError as mistake:
        print(f"Error: {mistake}", file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main(App()))

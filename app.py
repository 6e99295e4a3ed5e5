"""The CDK app: one stack with an endpoint for the instance named in the context.

cdk deploy -c instance=<id, ARN or alias> [-c customer_identity=customer_id|attribute:<name>|unchecked]
           [-c authorization=iam] [-c transcript_delay=<seconds>] [-c history=true] [-c start=<flow id or ARN>]
           [-c cors_allowed_origins=<origin>[,<origin>...]] [-c cloud_watch_role=true] [-c credentials=cli]

For users with an ID token, instead of iam:

           -c authorization=oidc -c issuer=<URL> -c audience=<client id>[,<client id>...]
           -c authorization=cognito -c user_pool=<id or ARN> -c app_client=<id>[,<id>...]
"""

import difflib
import os
import re
import sys
from collections.abc import Callable, Sequence
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
from aws_cdk import aws_cognito as cognito

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ChatStart,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatEndpoint,
)
from connect_persistent_chat.endpoint.cors import Cors
from connect_persistent_chat.endpoint.endpoint import LONGEST_DELAY_SECONDS
from constructs import Construct

_T = TypeVar("_T")
_KEYS = (
    "app_client",
    "audience",
    "authorization",
    "cloud_watch_role",
    "cors_allowed_origins",
    "credentials",
    "customer_identity",
    "history",
    "instance",
    "issuer",
    "start",
    "transcript_delay",
    "user_pool",
)
_CUSTOMER_IDENTITIES = {"customer_id": CustomerIdentity.customer_id, "unchecked": CustomerIdentity.unchecked}
_ATTRIBUTE = "attribute:"
# The name of the one flow. A caller may leave it out.
_FLOW = "chat"
# The keys that each authorization needs, and what they have to be.
_AUTHORIZATIONS = {
    "iam": {},
    "oidc": {"issuer": "<URL>", "audience": "<client id>"},
    "cognito": {"user_pool": "<id or ARN>", "app_client": "<id>"},
}
# As Cognito's API Reference has it.
_USER_POOL = re.compile(r"(arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/)?[\w-]+_[0-9A-Za-z]+", re.ASCII)
_FLAGS = {"true": True, "false": False}
# Whose permissions deploy: the roles of the bootstrap stack, or those of whoever runs the command line.
_CREDENTIALS = {"bootstrap": DefaultStackSynthesizer, "cli": CliCredentialsStackSynthesizer}


class PersistentChatStack(Stack):
    """The endpoint, as the context asks for it."""

    def __init__(self, scope: Construct, id: str) -> None:
        context = _Context(scope)
        super().__init__(
            scope,
            id,
            description="A guarded endpoint for Amazon Connect's CreatePersistentContactAssociation",
            env=Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION")),
            synthesizer=context.choice("credentials", "bootstrap", _CREDENTIALS)(),
        )
        connect = context.made("instance", lambda text: ConnectInstance.from_any(self, "Instance", text))
        identity = context.made("customer_identity", _customer_identity)
        with_history = context.choice("history", "false", _FLAGS)
        authorization = context.authorization(self)
        start = context.made("start", lambda text: ChatStart({_FLOW: text}))
        if start and connect and authorization:
            context.add(
                "start", start.mistakes_with(self, connect, identity or CustomerIdentity.customer_id(), authorization)
            )
        origins = context.texts("cors_allowed_origins")
        if authorization:
            of_origins = Cors(origins).mistakes_in(authorization, identity or CustomerIdentity.customer_id())
            context.add("cors_allowed_origins", of_origins)
        transcript_delay = context.made("transcript_delay", _seconds)
        cloud_watch_role = context.choice("cloud_watch_role", "false", _FLAGS)
        context.refuse()
        assert connect is not None
        history = None
        if with_history:
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
            authorization=authorization,
            history=history,
            start=start,
            cors_allowed_origins=origins,
            transcript_delay=transcript_delay,
            cloud_watch_role=cloud_watch_role,
        )
        CfnOutput(
            self,
            "EndpointUrl",
            value=self.endpoint.url,
            description="POST here, with the current contact's id appended",
        )
        if start:
            CfnOutput(self, "StartUrl", value=self.endpoint.start_url, description="PUT here to start a chat")


class _Context:
    """What the context says, and what is wrong with it: all of that makes one error."""

    def __init__(self, scope: Construct) -> None:
        self._scope = scope
        # Others may have keys of their own, the CDK above all: so only what is nearly one of ours.
        near = {
            key: difflib.get_close_matches(key.lower().replace("-", "_"), _KEYS, 1, 0.8)
            for key in scope.node.get_all_context()
            if key not in _KEYS
        }
        self._meant = {key: found[0] for key, found in near.items() if found}
        self._mistakes = [
            f"{key}: got a key that nothing reads, expected {meant}." for key, meant in self._meant.items()
        ]

    def choice(self, key: str, default: str, choices: dict[str, _T]) -> _T:
        """What a value stands for."""
        value = self._text(key) or default
        if value not in choices:
            self._mistakes.append(f"{key}: got {value!r}, expected {' or '.join(choices)}.")
        return choices.get(value, choices[default])

    def made(self, key: str, make: Callable[[str], _T]) -> _T | None:
        """What is made of a value; none if there is none."""
        value = self._text(key)
        try:
            return make(value) if value else None
        except ConfigurationError as refused:
            self.add(key, refused.mistakes)
            return None

    def add(self, key: str, mistakes: Sequence[str]) -> None:
        """Add mistakes, by the key that the user wrote instead of the parameter that it became."""
        self._mistakes += [f"{key}:{one.partition(':')[2]}" for one in mistakes]

    def texts(self, key: str) -> list[str]:
        """The parts between commas; none if there is no value."""
        text = self._text(key)
        return [part.strip() for part in text.split(",")] if text else []

    def authorization(self, stack: Stack) -> Authorization | None:
        """Who may call; None if something is wrong."""
        kind, before = self._text("authorization") or "iam", len(self._mistakes)
        needed = self.choice("authorization", "iam", _AUTHORIZATIONS)
        if kind in _AUTHORIZATIONS:
            for key in needed:
                if not self._text(key) and key not in self._meant.values():
                    self._mistakes.append(f"{key}: got nothing, expected -c {key}={needed[key]} with {kind}.")
            for other, keys in _AUTHORIZATIONS.items():
                self._mistakes += [
                    f"{key}: got a value with authorization={kind}, expected it with -c authorization={other} only."
                    for key in keys
                    if other != kind and self._text(key)
                ]
        try:
            made = self._authorization(kind, stack)
        except ConfigurationError as refused:
            # By the keys that the user wrote.
            self._mistakes += [re.sub("^(audience|app_client)s:", r"\1:", one) for one in refused.mistakes]
        return made if len(self._mistakes) == before else None

    def _authorization(self, kind: str, stack: Stack) -> Authorization:
        """Raises ConfigurationError. In the place of what is missing, and was told, stands something right."""
        if kind == "oidc":
            return Authorization.oidc(self._text("issuer") or "https://x", self.texts("audience") or ["x"])
        if kind != "cognito":
            return Authorization.iam()
        pool = self._text("user_pool") or "x_x"
        if not _USER_POOL.fullmatch(pool):
            expected = "the id of a user pool, such as us-east-1_Ab1Cd2Ef3, or its ARN"
            self._mistakes.append(f"user_pool: got {pool!r}, expected {expected}.")
            pool = "x_x"
        imported = (
            cognito.UserPool.from_user_pool_arn(stack, "UserPool", pool)
            if pool.startswith("arn:")
            else cognito.UserPool.from_user_pool_id(stack, "UserPool", pool)
        )
        clients = [
            cognito.UserPoolClient.from_user_pool_client_id(stack, f"AppClient{number}", id)
            for number, id in enumerate(self.texts("app_client") or ["x"])
        ]
        return Authorization.cognito([imported], clients)

    def refuse(self) -> None:
        """Raise ConfigurationError if something is wrong."""
        if not self._text("instance") and "instance" not in self._meant.values():
            self._mistakes.append("instance: got nothing, expected -c instance=<id, ARN or alias>.")
        if self._mistakes:
            raise ConfigurationError("context", sorted(self._mistakes))

    def _text(self, key: str) -> str:
        """As -c gives it, or as cdk.json may have it: a flag, a number or a list of JSON."""
        value = self._scope.node.try_get_context(key)
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return ",".join(map(str, value))
        # jsii knows no whole numbers.
        return f"{value:g}" if isinstance(value, float) else str(value)


def _customer_identity(text: str) -> CustomerIdentity:
    if text.startswith(_ATTRIBUTE):
        return CustomerIdentity.attribute(text.removeprefix(_ATTRIBUTE))
    if text not in _CUSTOMER_IDENTITIES:
        expected = " or ".join([*_CUSTOMER_IDENTITIES, f"{_ATTRIBUTE}<name>"])
        raise ConfigurationError("context", [f"customer_identity: got {text!r}, expected {expected}."])
    return _CUSTOMER_IDENTITIES[text]()


def _seconds(text: str) -> Duration:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > LONGEST_DELAY_SECONDS:
        expected = f"a whole number of seconds, 0 to {LONGEST_DELAY_SECONDS}"
        raise ConfigurationError("context", [f"transcript_delay: got {text!r}, expected {expected}."])
    return Duration.seconds(int(text))


def main(app: App) -> int:
    """Synthesize; 1, with a sentence for each mistake on standard error, if the context cannot work."""
    try:
        PersistentChatStack(app, "PersistentChat")
    except ConfigurationError as mistake:
        print(f"Error: {mistake}", file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main(App()))

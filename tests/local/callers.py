"""Callers of a deployed endpoint who may send anything: signed, with a token, or neither."""

import base64
import json
import uuid
from typing import Any

from local.clients import Answer, send
from local.cloud import Cloud
from tests.local.deployments import Deployed

# What differs from answer to answer and says nothing about it.
_PASSING = {"date", "x-amz-id-2", "x-amz-request-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"}
PATH = "/contact/persistent-contact-association"


def new_customer() -> str:
    """One who never chatted before."""
    return f"customer-{uuid.uuid4()}"


def token_of(context: dict[str, Any]) -> str:
    """What makes the careless authorizer of tests.local.deployments say this of its caller."""
    return base64.b64encode(json.dumps(context).encode()).decode()


def lasting(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """All of an answer but ids and times, to be compared byte by byte."""
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _PASSING}
    return answer.status, headers, answer.body


class Door:
    """One endpoint, as callers see it."""

    def __init__(self, deployed: Deployed, output: str) -> None:
        self.cloud: Cloud = deployed.cloud
        self._stage = self.cloud.execute_api_url(deployed.outputs[output]).partition(PATH)[0]

    def ask(
        self,
        contact: str,
        source: Any,
        rehydration_type: str = "FROM_SEGMENT",
        *,
        instance: str | None = None,
        **more: Any,
    ) -> Answer:
        """The operation; `more` is of the body, or of `send`."""
        options = {name: more.pop(name) for name in ("headers", "credentials", "token") if name in more}
        body = json.dumps({"RehydrationType": rehydration_type, "SourceContactId": source, **more})
        return self.send(f"{PATH}/{instance or self.cloud.instance_id}/{contact}", body.encode(), **options)

    def latest(self, contact: str, body: bytes = b"{}", **options: Any) -> Answer:
        """The operation with nothing but the current contact."""
        return self.send(f"{PATH}/{self.cloud.instance_id}/{contact}", body, **options)

    def send(self, path: str, body: bytes, **options: Any) -> Answer:
        """Any bytes to any path; the options are those of local.clients.send."""
        return send(self.cloud, self._stage + path, body, **options)


class Users:
    """People with accounts in a user pool."""

    def __init__(self, cloud: Cloud, pool: str) -> None:
        self._idp = cloud.client("cognito-idp")
        self._pool = pool

    def sign_up(self, name: str, client: str) -> str:
        """A new user; the `sub` that names the person."""
        self._idp.admin_create_user(UserPoolId=self._pool, Username=name, MessageAction="SUPPRESS")
        self._idp.admin_set_user_password(UserPoolId=self._pool, Username=name, Password=PASSWORD, Permanent=True)
        return str(claims_of(self.tokens(name, client)["IdToken"])["sub"])

    def tokens(self, name: str, client: str) -> dict[str, str]:
        """Fresh tokens for an app client: IdToken, AccessToken."""
        result = self._idp.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return {kind: str(result[kind]) for kind in ("IdToken", "AccessToken")}

    def join(self, name: str, group: str) -> None:
        """Have a user belong to a new group."""
        self._idp.create_group(UserPoolId=self._pool, GroupName=group)
        self._idp.admin_add_user_to_group(UserPoolId=self._pool, Username=name, GroupName=group)

    def shorten_tokens(self, client: str, seconds: int) -> None:
        """Have an app client's ID tokens expire soon."""
        self._idp.update_user_pool_client(
            UserPoolId=self._pool,
            ClientId=client,
            IdTokenValidity=seconds,
            TokenValidityUnits={"IdToken": "seconds"},
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )


PASSWORD = "Correct-horse-7"


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def forged(token: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token with other claims, and the signature of the old ones."""

    def encoded(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    first, _, signature = token.split(".")
    return ".".join([encoded(header) if header else first, encoded({**claims_of(token), **claims}), signature])

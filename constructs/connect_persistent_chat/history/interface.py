"""The interface between an endpoint and its history, which is made in the same app or imported."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from connect_persistent_chat.deployment.instance import ConnectInstance
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.lazy import dynamodb


class IChatHistory(Protocol):
    """A history that an endpoint can read: a `ChatHistory`, or the result of `ChatHistory.from_table_arn`."""

    @property
    def customer_identity(self) -> CustomerIdentity:
        """How the customer of a contact is found."""

    @property
    def table(self) -> dynamodb.ITable:
        """The table, with one item for each session: see docs/history.md."""

    @property
    def index_arn(self) -> str:
        """The ARN of the index that look-ups read."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow this identity to look up sessions, by the index and by their keys.

        :param grantee: a role, a user or another identity of this account.
        """

    def environment(self) -> dict[str, str]:
        """The environment variables for an endpoint's function."""

    def mistakes_with(self, stack: Stack, instance: ConnectInstance, identity: CustomerIdentity) -> list[str]:
        """The reasons why an endpoint cannot use this history. Empty if it can.

        :param stack: the endpoint's stack.
        :param instance: the endpoint's instance.
        :param identity: how the endpoint finds the customer of a contact.
        """

"""What constructs take from each other, be it made in the same stack or imported."""

from typing import Protocol

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from connect_persistent_chat.deployment.instance import ConnectInstance
from connect_persistent_chat.identity import CustomerIdentity


class IChatHistory(Protocol):
    """A history as an endpoint reads it: a `ChatHistory`, or what `ChatHistory.from_table_arn` gives."""

    @property
    def customer_identity(self) -> CustomerIdentity:
        """How the contacts of the history are tied to customers."""

    @property
    def table(self) -> dynamodb.ITable:
        """The table: one item a session, see docs/history.md."""

    @property
    def index_arn(self) -> str:
        """The ARN of the index that look-ups read."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let this identity look sessions up, by the index and by their keys.

        :param grantee: a role, a user or another identity of this account.
        """

    def environment(self) -> dict[str, str]:
        """What an endpoint's function is told."""

    def mistakes_with(self, stack: Stack, instance: ConnectInstance, identity: CustomerIdentity) -> list[str]:
        """Why an endpoint cannot use this history; empty if it can.

        :param stack: the endpoint's stack.
        :param instance: the endpoint's instance.
        :param identity: how the endpoint ties a contact to a customer.
        """

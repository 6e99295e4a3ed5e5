"""Amazon Connect instances, their flows, and where they store chat transcripts."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from .errors import ConnectError, invalid_request, not_found

_Item = TypeVar("_Item")
ACTIVE = "ACTIVE"
# Every instance has this flow: inbound, and published.
FLOW_ID = "22222222-2222-4222-8222-222222222222"
INBOUND = "CONTACT_FLOW"
PUBLISHED = "PUBLISHED"
STATUSES = ("CREATION_IN_PROGRESS", ACTIVE, "CREATION_FAILED")


@dataclass(frozen=True)
class Flow:
    """A flow; its type, state and status are those of DescribeContactFlow."""

    id: str
    type: str = INBOUND
    state: str = ACTIVE
    status: str = PUBLISHED

    @property
    def name(self) -> str:
        """Its name."""
        return f"flow-{self.id[:8]}"


@dataclass(frozen=True)
class Instance:
    """An instance."""

    id: str
    arn: str
    alias: str
    status: str
    # Buckets that store chat transcripts; a sound instance has one.
    transcript_buckets: tuple[str, ...]
    created: datetime
    # By their ids.
    flows: dict[str, Flow] = field(default_factory=lambda: {FLOW_ID: Flow(FLOW_ID)}, compare=False)

    def contact_arn(self, contact_id: str) -> str:
        """The ARN of one of its contacts."""
        return f"{self.arn}/contact/{contact_id}"

    def flow_arn(self, flow_id: str) -> str:
        """The ARN of one of its flows."""
        return f"{self.arn}/contact-flow/{flow_id}"

    def flow(self, id_or_arn: str) -> Flow:
        """One of its flows. Raises ConnectError."""
        found = self.flows.get(id_or_arn.lower().removeprefix(self.flow_arn("")))
        if found is None:
            raise not_found(f"contact flow {id_or_arn}")
        return found

    def set_flow(self, flow_id: str | None, **changed: str) -> Flow:
        """Make a flow, sound unless told otherwise, or change one. Raises ConnectError."""
        flow = Flow(str(uuid.uuid4())) if flow_id is None else self.flow(flow_id)
        self.flows[flow.id] = replace(flow, **changed)
        return self.flows[flow.id]


class Instances:
    """The instances of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._by_id: dict[str, Instance] = {}

    def add(
        self,
        created: datetime,
        *,
        id: str | None = None,
        alias: str | None = None,
        status: str = ACTIVE,
        transcript_buckets: tuple[str, ...] = ("amazon-connect-transcripts",),
    ) -> Instance:
        """A new instance; sound unless told otherwise."""
        id = id or str(uuid.uuid4())
        alias = alias or f"instance-{id[:8]}"
        instance = Instance(id, self.arn_of(id), alias, status, transcript_buckets, created)
        self._by_id[id] = instance
        return instance

    def arn_of(self, instance_id: str) -> str:
        """The ARN of an instance, whether it exists or not."""
        # Assumption: the id of an instance is one whatever its case, and its ARN has the lower one.
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{instance_id.lower()}"

    def all(self, region: str) -> list[Instance]:
        """Every instance of a region, in the order of their creation."""
        return list(self._by_id.values()) if region == self.region else []

    def get(self, region: str, instance_id: str) -> Instance:
        """An instance by its id. Raises ConnectError."""
        found = self._by_id.get(instance_id.lower())
        if found is None or region != self.region:
            raise not_found(f"instance {instance_id}")
        return found

    def active(self, region: str, instance_id: str) -> Instance:
        """As `get`, for an operation on contacts."""
        instance = self.get(region, instance_id)
        if instance.status != ACTIVE:
            # Assumption: contacts of an instance that is not active are refused as InvalidRequestException.
            raise invalid_request(f"The instance {instance_id} is {instance.status}.")
        return instance


def page_of(items: list[_Item], size: int, token: str | None) -> tuple[list[_Item], str | None]:
    """A page, and the token of the next one. Raises ConnectError for a token that was never given."""
    start = 0
    if token is not None:
        if not (token.isascii() and token.isdigit() and len(token) < 9 and int(token) < len(items)):
            raise ConnectError("InvalidRequestException", "NextToken is not one that was given.")
        start = int(token)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None

"""Customers who chat on the local cloud's instance."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from .cloud import Cloud, CloudError
from .connect.instances import FLOW_ID


class Chats:
    """Chats of the cloud's instance, by Amazon Connect's own API and the control path."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._connect = cloud.client("connect")

    def start(self, customer: str | None = "customer", *, instance: str | None = None, **fields: Any) -> str:
        """A chat that runs; its contact id. `fields` are StartChatContact's own."""
        if customer is not None:
            fields["CustomerId"] = customer
        started = self._connect.start_chat_contact(
            **{
                "InstanceId": instance or self.cloud.instance_id,
                "ContactFlowId": FLOW_ID,
                "ParticipantDetails": {"DisplayName": "Customer"},
                **fields,
            }
        )
        return str(started["ContactId"])

    def flow(self, flow: str | None = None, **fields: str) -> str:
        """Another flow, or a change of one; its id. `fields` are InstanceId, Type, State and Status; sound without."""
        return str(self.cloud.control("POST", f"flows/{flow}" if flow else "flows", fields)["ContactFlowId"])

    def limit(self, chats: int | None = None) -> None:
        """How many chats may run in an instance at once; None: any number, as at first."""
        self.cloud.control("POST", "limits", {} if chats is None else {"chats": chats})

    def end(self, contact: str, *, instance: str | None = None, wait: float = 120) -> None:
        """End a chat. Its transcript is written a while after: Connect's clock goes on two minutes."""
        self._connect.stop_contact(InstanceId=instance or self.cloud.instance_id, ContactId=contact)
        self.wait(wait)

    def wait(self, seconds: float) -> None:
        """Connect's clock goes forward."""
        self.cloud.control("POST", "clock", {"advance": seconds})

    @contextmanager
    def held_clock(self) -> Iterator[None]:
        """Inside, only `wait` and `end` set Connect's clock forward, however long a test takes.

        Afterwards the clock shows the time as if it had never been held. Do not nest it.
        """
        self.cloud.control("POST", "clock", {"advance": 0, "hold": True})
        try:
            yield
        finally:
            self.cloud.control("POST", "clock", {"advance": 0, "hold": False})

    def transferred(self, contact: str) -> str:
        """The segment that begins when an agent transfers a chat."""
        return str(self.cloud.control("POST", f"contacts/{contact}/transfer")["ContactId"])

    def surveyed(self, contact: str) -> str:
        """The segment that begins when the agent's side ends a chat and a disconnect flow asks how it was."""
        return str(self.cloud.control("POST", f"contacts/{contact}/survey")["ContactId"])

    def past(self, customer: str = "customer") -> list[str]:
        """An ended session: the chat, its transfer and its survey."""
        first = self.start(customer)
        second = self.transferred(first)
        third = self.surveyed(second)
        self.end(third)
        return [first, second, third]

    def told(self, within: float = 120) -> None:
        """Wait until every contact event that was sent has come to its end. Raises CloudError after that long."""
        until = time.monotonic() + within
        while self.cloud.control("GET", "events")["underway"]:
            if time.monotonic() > until:
                raise CloudError(f"Contact events are underway for more than {within:g} s.")
            time.sleep(0.02)

    def describe(self, contact: str) -> dict[str, Any]:
        """The contact, as DescribeContact says."""
        described = self._connect.describe_contact(InstanceId=self.cloud.instance_id, ContactId=contact)
        return dict(described["Contact"])

    def count(self, start: datetime, end: datetime) -> int:
        """How many contacts began within this time, as SearchContacts says."""
        within = {"Type": "INITIATION_TIMESTAMP", "StartTime": start, "EndTime": end}
        found = self._connect.search_contacts(InstanceId=self.cloud.instance_id, TimeRange=within, MaxResults=1)
        return int(found["TotalCount"])

    def associations_of(self, contact: str) -> list[dict[str, Any]]:
        """What Connect holds for a new chat."""
        held = self.cloud.control("GET", "associations")
        return [association for association in held if association["InitialContactId"] == contact]

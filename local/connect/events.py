"""Contact events, as Amazon Connect sends them to EventBridge: by best effort, in no order, now and then twice.

Source: Administrator Guide, "Amazon Connect contact events". Two of its samples spell keys in another way, which
is switched on here like the faults of delivery.
"""

import random
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .contacts import Contact

Event = dict[str, Any]
SPELLINGS = ("camel", "pascal")
DETAIL_TYPES = ("Amazon Connect Contact Event", "Connect Customer Contact Event")
# How far events are torn apart when they are reordered.
_REORDERED_WITHIN_SECONDS = 0.5
# As published samples have it.
_UNSET = "1970-01-01T00:00:00.001Z"
# What CONTACT_DATA_UPDATED says of UpdateContactAttributes.
_ATTRIBUTES = ["UserDefinedAttributes"]


@dataclass(frozen=True)
class Delivery:
    """How events are delivered; soundly unless told otherwise."""

    # All of them, by so many seconds of the machine's time.
    late: float = 0
    # The share that comes twice, and that never comes, from 0 to 1.
    repeated: float = 0
    lost: float = 0
    reordered: bool = False
    # "camel" or "pascal"; None: either, at random.
    spelling: str | None = "camel"
    # Of what is random.
    seed: int | None = None


class Events:
    """Tells of contacts."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._random = random.Random()  # noqa: S311 - chance, not secrets
        self._lock = threading.Lock()
        self._underway = 0
        # Where events go; nowhere until somebody takes them.
        self.deliver: Callable[[Event], None] = lambda _: None
        self.delivery = Delivery()
        self.sent = 0
        self.lost = 0

    @property
    def underway(self) -> int:
        """How many were sent and have not come to their end yet."""
        return self._underway

    def depart(self) -> None:
        """One more is underway."""
        with self._lock:
            self._underway += 1

    def arrive(self) -> None:
        """One has come to its end."""
        with self._lock:
            self._underway -= 1

    def set(self, delivery: Delivery) -> None:
        """From now on."""
        self.delivery = delivery
        self._random = random.Random(delivery.seed)  # noqa: S311 - chance, not secrets

    def tell(self, types: tuple[str, ...], contact: Contact, now: datetime) -> None:
        """These things happened to a contact just now."""
        for kind in types:
            self.send(self._detail(kind, contact), now, [contact.arn, contact.instance.arn])

    def send(self, detail: Event, now: datetime, resources: Sequence[str] = ()) -> None:
        """An event with this detail, delivered as all are."""
        how, event = self.delivery, self._event(detail, now, resources)
        self.sent += 1
        if self._random.random() < how.lost:
            self.lost += 1
            return
        for _ in range(2 if self._random.random() < how.repeated else 1):
            delay = how.late + (self._random.uniform(0, _REORDERED_WITHIN_SECONDS) if how.reordered else 0)
            if delay:
                self.depart()
                timer = threading.Timer(delay, self._arrive, (event,))
                timer.daemon = True
                timer.start()
            else:
                self.deliver(event)

    def _arrive(self, event: Event) -> None:
        try:
            self.deliver(event)
        finally:
            self.arrive()

    def _detail(self, kind: str, contact: Contact) -> Event:
        detail: Event = {
            "eventType": kind,
            "contactId": contact.id,
            "channel": contact.channel,
            "instanceArn": contact.instance.arn,
            "initiationMethod": contact.initiation_method,
            "initiationTimestamp": _text(contact.initiated),
            "connectedToSystemTimestamp": _text(contact.connected),
            "disconnectTimestamp": _text(contact.disconnected),
            "segmentAttributes": _attributes(contact.segment_attributes, _uncapital),
            "tags": {"aws:connect:instanceId": contact.instance.id},
        }
        optional = {
            "initialContactId": contact.initial_id if contact.initial_id != contact.id else None,
            "previousContactId": contact.previous_id,
            "relatedContactId": contact.related_id,
            "customerId": contact.customer_id,
            "updatedProperties": _ATTRIBUTES if kind == "CONTACT_DATA_UPDATED" else None,
        }
        return detail | {name: value for name, value in optional.items() if value is not None}

    def _event(self, detail: Event, now: datetime, resources: Sequence[str]) -> Event:
        spelling = self.delivery.spelling or self._random.choice(SPELLINGS)
        if spelling == "pascal":
            detail = {_capital(name): value for name, value in detail.items()}
            if isinstance(detail.get("SegmentAttributes"), dict):
                detail["SegmentAttributes"] = _attributes(detail["SegmentAttributes"], _capital)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": DETAIL_TYPES[SPELLINGS.index(spelling)],
            "source": "aws.connect",
            "account": self._account,
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": list(resources),
            "detail": detail,
        }


def _attributes(attributes: Mapping[str, object], spell: Callable[[str], str]) -> Event:
    return {name: _spelled(value, spell) for name, value in attributes.items()}


def _spelled(value: object, spell: Callable[[str], str]) -> object:
    """A segment attribute's value with its members' names in a spelling; the keys of a ValueMap stay."""
    if isinstance(value, list):
        return [_spelled(item, spell) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        spell(name): {key: _spelled(item, spell) for key, item in inner.items()}
        if isinstance(inner, dict)
        else _spelled(inner, spell)
        for name, inner in value.items()
    }


def _uncapital(name: str) -> str:
    return f"{name[:1].lower()}{name[1:]}"


def _capital(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"


def _text(instant: datetime | None) -> str:
    # Assumption: an event holds the unset time for what has not happened yet, and not none.
    if instant is None:
        return _UNSET
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Each contact has a transcript, and a chat may show the transcripts of past contacts.

Source: Administrator Guide, "Enable persistent chat". A transcript is written into the instance's bucket, a while after
its contact's end. If it is not there when a past chat is continued, it is not shown.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from local.connect.associations import Associations
from local.connect.contacts import CHAT, Contact, Contacts

# An item, in the form of GetTranscript's answers.
Item = dict[str, Any]
PREFIX = "application/vnd.amazonaws.connect."
REHYDRATED = f"{PREFIX}event.chat.rehydrated"
# Participant Service API, GetTranscript: the events that are in the transcript of an ended chat.
_KEPT_EVENTS = frozenset(
    f"{PREFIX}event.{event}"
    for event in (
        "participant.invited",
        "participant.joined",
        "participant.left",
        "chat.ended",
        "transfer.succeeded",
        "transfer.failed",
    )
)
# Administrator Guide: 30 to 60 seconds.
_WRITTEN_AFTER_SECONDS = 45
# Administrator Guide, "Feature specifications": the largest file of a past transcript.
_LARGEST_FILE = 5 * 1024 * 1024


class Author(NamedTuple):
    """Who sent an item. Without an id, the service itself sent it."""

    role: str
    name: str
    id: str | None = None


SYSTEM = Author("SYSTEM", "SYSTEM_MESSAGE")


class Store(Protocol):
    """Where transcripts are kept as objects."""

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Keep an object."""

    def size(self, bucket: str, key: str) -> int | None:
        """The object's size in bytes, or None if it is not there."""


class Memory:
    """Keeps only the sizes of objects."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[str, str], int] = {}

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Keep an object's size."""
        self._sizes[bucket, key] = len(body)

    def size(self, bucket: str, key: str) -> int | None:
        """The object's size in bytes."""
        return self._sizes.get((bucket, key))


class Transcripts:
    """The transcripts of all contacts."""

    def __init__(self, contacts: Contacts, associations: Associations) -> None:
        self._contacts = contacts
        self._associations = associations
        self._items: dict[str, list[Item]] = {}
        # By a session's initial contact: the past contacts that the session shows, newest first.
        self._past: dict[str, tuple[str, ...]] = {}
        # The contacts that have ended and are not written yet, each with the time at which it will be written.
        self._due: list[tuple[datetime, Contact]] = []
        self.seconds: float = _WRITTEN_AFTER_SECONDS
        self.store: Store = Memory()

    def add(
        self, contact: Contact, now: datetime, author: Author, kind: str, content_type: str, content: str | None = None
    ) -> Item:
        """Add an item at the end of a contact's transcript: somebody says something, or something happens."""
        item = item_of(now, author, kind, content_type, content)
        self._items.setdefault(contact.id, []).append(item)
        return item

    def present(self, contact: Contact) -> list[Item]:
        """The items of the running session, of all its segments, oldest first."""
        return [
            {**item, "ContactId": segment.id}
            for segment in self._contacts.session(contact)
            for item in self._items.get(segment.id, ())
        ]

    def past(self, contact: Contact) -> list[Item]:
        """The items of the past chats that the session shows, oldest first."""
        return [
            {**item, "RelatedContactId": past}
            for past in reversed(self._past.get(contact.initial_id, ()))
            for item in self._kept(past)
        ]

    def rehydrate(self, contact: Contact, now: datetime) -> bool:
        """From now on, a session shows what it continues. Returns whether there is anything to show.

        Assumption: a contact that is not written at this moment is never shown. The contacts before it are shown.
        """
        self.write(now)
        shown = [id for id in self._associations.shown_by(contact) if self._is_readable(self._contacts.find(id))]
        self._past[contact.initial_id] = tuple(shown)
        return bool(self.past(contact))

    def end(self, contact: Contact, now: datetime) -> None:
        """The contact has ended. Its transcript is written after a while."""
        if contact.channel == CHAT and _bucket(contact):
            self._due.append((now + timedelta(seconds=self.seconds), contact))

    def write(self, now: datetime) -> None:
        """Write the transcripts that are due."""
        due = [contact for at, contact in self._due if at <= now]
        self._due = [(at, contact) for at, contact in self._due if at > now]
        for contact in due:
            self.store.put(_bucket(contact), _key(contact), self._file(contact))

    def location(self, contact: Contact) -> str | None:
        """The bucket and the key of a contact's object, or None if the object is not there."""
        bucket, key = _bucket(contact), _key(contact)
        return f"{bucket}/{key}" if bucket and self.store.size(bucket, key) is not None else None

    def find(self, contact: Contact, item_id: str) -> Item | None:
        """An item of the running session."""
        found = (item for one in self._contacts.session(contact) for item in self._items.get(one.id, ()))
        return next((item for item in found if item["Id"] == item_id), None)

    def _kept(self, contact_id: str) -> list[Item]:
        items = self._items.get(contact_id, ())
        return [item for item in items if item["Type"] != "EVENT" or item["ContentType"] in _KEPT_EVENTS]

    def _is_readable(self, past: Contact | None) -> bool:
        # Administrator Guide: past chats cannot be shown if several buckets store transcripts.
        if past is None or len(past.instance.transcript_buckets) != 1:
            return False
        size = self.store.size(_bucket(past), _key(past))
        # Assumption: a larger file is left out.
        return size is not None and size <= _LARGEST_FILE

    def _file(self, contact: Contact) -> bytes:
        items = self._kept(contact.id)
        # Assumption: the format of the file. AWS does not document it. This is the one that third parties read.
        document = {
            "Version": "2019-08-26",
            "AWSAccountId": contact.instance.arn.split(":")[4],
            "InstanceId": contact.instance.id,
            "InitialContactId": contact.initial_id,
            "ContactId": contact.id,
            "Participants": [
                {"ParticipantId": id}
                for id in dict.fromkeys(item["ParticipantId"] for item in items if "ParticipantId" in item)
            ],
            "Transcript": items,
        }
        return json.dumps(document).encode()


def item_of(now: datetime, author: Author, kind: str, content_type: str, content: str | None = None) -> Item:
    """An item that is in no transcript."""
    item: Item = {
        "Id": str(uuid.uuid4()),
        "AbsoluteTime": text_of(now),
        "Type": kind,
        "ContentType": content_type,
        "DisplayName": author.name,
        "ParticipantRole": author.role,
    }
    if author.id is not None:
        item["ParticipantId"] = author.id
    if content is not None:
        item["Content"] = content
    return item


def text_of(instant: datetime) -> str:
    """A time, as the participant service writes it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bucket(contact: Contact) -> str:
    return next(iter(contact.instance.transcript_buckets), "")


def prefix_of(alias: str) -> str:
    """Where an instance's transcripts are in its bucket."""
    return f"connect/{alias}/ChatTranscripts"


def _key(contact: Contact) -> str:
    # Assumption: the time in the key is the time at which the contact began.
    began = contact.initiated.astimezone(UTC)
    return f"{prefix_of(contact.instance.alias)}/{began:%Y/%m/%d}/{contact.id}_{began:%Y%m%dT%H:%M}_UTC.json"

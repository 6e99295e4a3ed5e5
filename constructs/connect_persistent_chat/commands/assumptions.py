"""Assumptions about what AWS does not document, and what Amazon Connect answered. None of them is our promise."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC
from typing import Any

from botocore.exceptions import ClientError

from connect_persistent_chat.commands.made_chats import Chat, MadeChats
from connect_persistent_chat.shared import wire

HELD, NOT_HELD, NOT_SEEN = "held", "did not hold", "not seen"
_CLOUD = "local/connect"
_ANY = "docs/verify.md"
# Each with the place that says the same.
ASSUMPTIONS = {
    "rule_broken": (f"{_CLOUD}/associations.py", "a request that breaks any rule gets InvalidRequestException"),
    "once": (
        f"{_CLOUD}/associations.py",
        "an association is made once for a session; any of its segments can be named",
    ),
    "running": (f"{_CLOUD}/associations.py", "a session with a segment that still runs is no past session"),
    "subtype": (
        f"{_CLOUD}/contacts.py",
        "a contact that is started without a subtype has the subtype of its channel (`connect:Chat`, …)",
    ),
    "ended": (
        f"{_CLOUD}/contacts.py",
        "a segment that has ended cannot be stopped again: ContactNotFoundException, 410",
    ),
    "instance_case": (
        f"{_CLOUD}/instances.py",
        "upper-case and lower-case letters make the same instance id; ARNs have lower-case letters",
    ),
    "excluded": (
        f"{_CLOUD}/operations.py",
        "PersistentChat together with RelatedContactId is refused before Connect looks for the contacts",
    ),
    "no_start": (
        f"{_CLOUD}/operations.py",
        "if a chat cannot continue the chat that it should continue, it does not begin",
    ),
    "token_fields": (f"{_CLOUD}/operations.py", "one ClientToken with other fields is refused"),
    "initial": (
        f"{_CLOUD}/operations.py",
        "InitialContactId is absent on a session's first contact, as in contact events",
    ),
    "media": (
        f"{_CLOUD}/operations.py",
        "a chat's entry in `Recordings` has no MediaStreamType, because the service model has none for chats",
    ),
    "pages": (f"{_CLOUD}/pages.py", "no page of a transcript has both past items and items of the running chat"),
    "message_token": (f"{_CLOUD}/participant_service.py", "one ClientToken with other fields is refused"),
    "key": (f"{_CLOUD}/transcripts.py", "the time in an object's key is the time at which the contact began"),
    "impossible": (_ANY, "a request for contacts that do not exist is refused, but not as AccessDeniedException"),
    "known_at_once": (_ANY, "DescribeContact knows a chat at once after StartChatContact"),
    "related_at_once": (_ANY, "DescribeContact has RelatedContactId at once after an association"),
    "quick": (_ANY, "CreatePersistentContactAssociation takes less than three seconds"),
    "token_again": (_ANY, "a repeated association with the same ClientToken gets the same answer"),
}
_REFUSED = (wire.INVALID_REQUEST, wire.INVALID_PARAMETER, wire.RESOURCE_NOT_FOUND)


class Seen:
    """What was seen of each assumption."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[bool, str]] = {}

    def note(self, assumption: str, held: bool, answered: object) -> None:
        """What was answered. If it is seen several times, what did not hold counts."""
        if self._seen.get(assumption, (True, ""))[0]:
            self._seen[assumption] = (held, str(answered))

    def all(self) -> list[dict[str, str]]:
        """Each assumption with its place, and what Amazon Connect answered."""
        return [
            {"where": where, "assumption": text, "result": result, "answered": answered}
            for key, (where, text) in ASSUMPTIONS.items()
            for held, answered in [self._seen.get(key, (None, ""))]
            for result in [NOT_SEEN if held is None else HELD if held else NOT_HELD]
        ]

    def contact(self, described: dict[str, Any]) -> None:
        """A session's first contact, as it was described."""
        subtype = described.get("SegmentAttributes", {}).get("connect:Subtype", {}).get("ValueString")
        self.note("subtype", subtype == "connect:Chat", subtype)
        initial = described.get("InitialContactId")
        said = (
            "absent" if initial is None else "the contact itself" if initial == described["Id"] else "another contact"
        )
        self.note("initial", initial is None, said)
        for recording in described.get("Recordings", []):
            self.note("media", "MediaStreamType" not in recording, recording.get("MediaStreamType", "absent"))
            time = re.search(r"_(\d{8}T\d\d:\d\d)_UTC", recording.get("Location", ""))
            began = described["InitiationTimestamp"].astimezone(UTC).strftime("%Y%m%dT%H:%M")
            same = time is not None and time[1] == began
            self.note("key", same, "that time" if same else "another time" if time else "another form")

    def pages(self, pages: list[list[dict[str, Any]]]) -> None:
        """A transcript."""
        mixed = any(len({"RelatedContactId" in item for item in page}) > 1 for page in pages)
        self.note("pages", not mixed, "mixed pages" if mixed else "separate pages")


def look(chats: MadeChats, seen: Seen, customer: str, past: str, clock: Callable[[], float]) -> None:
    """Ask Amazon Connect directly. `past` is a chat that has ended. What may not be asked is not seen."""
    chat = chats.start(customer)
    arguments = {"InstanceId": chats.instance_id, "RehydrationType": wire.ENTIRE_PAST_SESSION}
    associate = chats.client.create_persistent_contact_association
    nobody, nobody_else, token = (str(uuid.uuid4()) for _ in range(3))

    def begun(**fields: Any) -> Chat:
        return chats.start(customer, **fields)

    persistent = {"RehydrationType": wire.ENTIRE_PAST_SESSION, "SourceContactId": nobody}
    both = _type_of(lambda: begun(PersistentChat=persistent, RelatedContactId=nobody_else))
    _note(seen, both, excluded=both == wire.INVALID_REQUEST)
    running = _type_of(lambda: begun(PersistentChat={**persistent, "SourceContactId": chat.id}))
    _note(seen, running, no_start=running in _REFUSED, rule_broken=running == wire.INVALID_REQUEST)
    unknown = _type_of(lambda: associate(**arguments, InitialContactId=nobody, SourceContactId=nobody_else))
    # Whoever may not call it at all is refused so as well.
    _note(seen, unknown, impossible=unknown in _REFUSED)
    fields = {**arguments, "InitialContactId": chat.id, "SourceContactId": past}
    itself = _type_of(lambda: associate(**{**arguments, "InitialContactId": chat.id}, SourceContactId=chat.id))
    _note(seen, itself, running=itself in _REFUSED)
    began = clock()
    first = _type_of(lambda: associate(**fields, ClientToken=token))
    if first == _SUCCESS:
        seconds = clock() - began
        seen.note("quick", seconds < 3, "less than 3 s" if seconds < 3 else "3 s or more")
        again = _type_of(lambda: associate(**fields, ClientToken=token))
        _note(seen, again, token_again=again == _SUCCESS)
        other = _type_of(lambda: associate(**{**fields, "RehydrationType": wire.FROM_SEGMENT}, ClientToken=token))
        _note(seen, other, token_fields=other in _REFUSED)
        once = _type_of(lambda: associate(**fields, ClientToken=nobody))
        _note(seen, once, once=once in _REFUSED, rule_broken=once == wire.INVALID_REQUEST)
    stopped = _type_of(lambda: chats.client.stop_contact(InstanceId=chats.instance_id, ContactId=past))
    _note(seen, stopped, ended=stopped == "ContactNotFoundException")
    upper = _type_of(lambda: chats.describe(past, chats.instance_id.upper()))
    _note(seen, upper, instance_case=upper == _SUCCESS)
    chats.say(chat, "one", token)
    said = _type_of(lambda: chats.say(chat, "another", token))
    _note(seen, said, message_token=said == "ValidationException")


_SUCCESS = "success"


def _type_of(call: Callable[[], object]) -> str:
    """The type of the answer: `success`, or that of the error."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"].get("Code", ""))
    return _SUCCESS


def _note(seen: Seen, answered: str, **assumptions: bool) -> None:
    # A permission that is missing shows nothing.
    if answered != wire.ACCESS_DENIED:
        for assumption, held in assumptions.items():
            seen.note(assumption, held, answered)

"""The session of the customer that ended last: a pure function of the history's entries and of Connect's answers.

The history comes from events, which may be late or lost, and anybody who can write to the table can change it. So its
entries are only hints, and Connect is asked about a session without a known end. An entry that may hide the customer's
latest chat is never skipped silently.
"""

import math
from collections.abc import Mapping
from operator import attrgetter

from association import refusal
from association.refusal import Refusal
from association.rule import Describe, same, seconds_to_wait
from connect.contact import Contact
from connect.ids import is_contact_id
from connect.instants import CLOCKS_APART_SECONDS
from history.session import Entries, Entry, Session
from shared import wire
from shared.typing import NamedTuple

# How many contacts, in addition to the one that is found: each needs a DescribeContact, whose quota all callers share.
MOST_ASKED = 6


class LatestChat(NamedTuple):
    """The session that ended last."""

    # Its initial contact's.
    session_id: str
    # In seconds since the epoch.
    ended: float


class Read(NamedTuple):
    """The row of this session is needed: read it, and call again."""

    session_id: str


class Known(NamedTuple):
    """Everything that the decision depends on."""

    # The latest session of this contact's customer is looked for, except for the contact's own session.
    current: Contact
    history: Entries
    # The rows that were read, by session; None: there is none.
    rows: Mapping[str, Session | None]
    # What Connect says of the contacts that were described, by id; None: that there is none.
    contacts: Mapping[str, Contact | None]
    # By Connect's clock, in seconds since the epoch.
    now: float


# None: the customer has no past chat.
Step = LatestChat | Describe | Read | None


class _Weighed(NamedTuple):
    """An entry, with what Connect has said of it so far."""

    entry: Entry
    # When the session ended, in seconds since the epoch; None if that is not known.
    ended: float | None
    # Whether a segment of it still runs: then it is no past chat.
    runs: bool
    # Whether it is not what the history says it is.
    doubtful: bool

    @property
    def end(self) -> float:
        """When it ended, at the latest if that is not known, in seconds since the epoch."""
        return self.entry.until / 1000 if self.ended is None else self.ended

    @property
    def is_certain(self) -> bool:
        """Whether Connect and the history agree on it, and on its end."""
        return self.ended is not None and not self.doubtful


def latest(known: Known, event_delay: float, transcript_delay: float) -> Step:
    """The session that ended last, or what is needed to find it. Raises a Refusal.

    The delays, in seconds: of the current chat's own event after its start, and of a transcript after a chat's end.
    """
    if all(entry.session_id != known.current.session for entry in known.history.entries):
        _refuse_too_early(known, event_delay, transcript_delay)
    return latest_of(known)


def latest_of(known: Known, before: float | None = None) -> Step:
    """As `latest`, without waiting for the current chat's own event; of the sessions that ended before an instant."""
    entries = [entry for entry in known.history.entries if entry.session_id != known.current.session]
    weighed = [one for one in (_weigh(entry, known) for entry in entries) if not one.runs]
    if before is not None:
        weighed = [one for one in weighed if one.ended is None or is_later(before, one.ended)]
    # If two ended at the same time: the one that began later.
    best = max((one for one in weighed if one.is_certain), key=attrgetter("end"), default=None)
    later = [one for one in weighed if best is None or one.end > best.end]
    asked = {id for one in later for id in one.entry.running}
    looked_through = asked | _looked_through(known, entries, best)
    if len(looked_through) > MOST_ASKED:
        raise undecided()
    unknown = [id for one in later for id in one.entry.running if id not in known.contacts]
    if unknown:
        return Describe(tuple(unknown[:2]))
    for one in later:
        if one.doubtful and (step := _settle(one, known, MOST_ASKED - len(looked_through))) is not None:
            return step
    if known.history.more and (best is None or best.end * 1000 < known.history.entries[-1].until):
        raise undecided()
    if best is None:
        return None
    if best.entry.session_id not in known.contacts:
        return Describe((best.entry.session_id,))
    return _confirmed(best, [one for one in weighed if one is not best], known)


def is_later(instant: float, other: float) -> bool:
    """Whether one instant is certainly later than another: DescribeContact may give whole seconds only."""
    return instant > other if other % 1 else int(instant) > int(other)


def _weigh(entry: Entry, known: Known) -> _Weighed:
    ends = [] if entry.ended is None else [entry.ended / 1000]
    # An end may be slightly in the future; one that is further away is not believed.
    doubtful = entry.broken or any(end > known.now + CLOCKS_APART_SECONDS for end in ends)
    is_believed = not doubtful
    if entry.session_id in known.contacts:
        first = known.contacts[entry.session_id]
        doubtful = doubtful or first is None or not _is_theirs(first, entry.session_id, known.current)
    asked = {id: known.contacts[id] for id in entry.running if id in known.contacts}
    fitting = [one for id, one in asked.items() if one and _belongs(one, id, entry.session_id, known.current)]
    ends += [one.disconnected for one in fitting if one.disconnected is not None]
    return _Weighed(
        entry,
        ended=max(ends, default=None) if is_believed and len(fitting) == len(entry.running) else None,
        runs=any(one.disconnected is None for one in fitting),
        doubtful=doubtful or len(fitting) < len(asked),
    )


def _is_theirs(contact: Contact, id: str, current: Contact) -> bool:
    """Whether it is a chat of this customer."""
    return _is_chat(contact, id) and same(contact.customer, current.customer)


def _belongs(contact: Contact, id: str, session_id: str, current: Contact) -> bool:
    """Whether it is a segment of the session. Without a customer of its own it belongs to its session's customer."""
    whose = not contact.customer or same(contact.customer, current.customer)
    return _is_chat(contact, id) and contact.session == session_id and whose


def _is_chat(contact: Contact, id: str) -> bool:
    """No call, task or e-mail. Connect may accept other spellings of a contact's id; only one counts."""
    return contact.id == id and contact.channel in ("CHAT", "")


def _looked_through(known: Known, entries: list[Entry], best: _Weighed | None) -> set[str]:
    """The contacts of these entries that were described, without the one that is found."""
    listed = {id for entry in entries for id in (entry.session_id, *entry.running)}
    listed |= {id for row in known.rows.values() if row is not None for id in row.segments}
    return {id for id in listed if id in known.contacts and (best is None or id != best.entry.session_id)}


def _settle(doubt: _Weighed, known: Known, room: int) -> Describe | Read | None:
    """What to do with an entry that Connect contradicts: describe or read more, or skip it (None). Raises a Refusal if
    the entry holds a contact of the customer."""
    entry = doubt.entry
    row = known.rows.get(entry.session_id)
    segments = [] if row is None else sorted(row.segments, key=lambda id: _end_in(row, id, known), reverse=True)
    listed = [id for id in dict.fromkeys((entry.session_id, *entry.running, *segments)) if is_contact_id(id)]
    described = [(id, contact) for id in listed if (contact := known.contacts.get(id)) is not None]
    own = [one for id, one in described if _is_theirs(one, id, known.current)]
    # The current chat is no past chat.
    own = [one for one in own if one.session != known.current.session]
    ended = [one for one in own if one.disconnected is not None]
    if ended:
        raise _not_as_a_whole(known.contacts.get(entry.session_id), max(ended, key=attrgetter("disconnected")))
    unknown = [id for id in listed if id not in known.contacts]
    if entry.session_id in unknown:
        unknown = [entry.session_id]
    elif entry.session_id and entry.session_id not in known.rows:
        return Read(entry.session_id)
    if unknown and room < 1:
        raise undecided()
    if unknown:
        return Describe(tuple(unknown[: min(2, room)]))
    if own:
        raise _not_as_a_whole(known.contacts.get(entry.session_id), None)
    return None


def _end_in(row: Session, id: str, known: Known) -> float:
    """When a segment ended, in milliseconds: by the history, else by Connect, else it counts as the last."""
    ended = row.segments[id].ended
    if ended is not None:
        return ended
    told = known.contacts.get(id)
    return math.inf if told is None or told.disconnected is None else told.disconnected * 1000


def _confirmed(best: _Weighed, others: list[_Weighed], known: Known) -> Describe | Read | LatestChat:
    """The session that is found, or the question that Connect has to answer first.

    Its first contact was described. If another session ended after that contact, then the end of a later segment
    decides. Only the history knows that end, so Connect is asked for it.
    """
    id = best.entry.session_id
    found, first = LatestChat(id, best.end), known.contacts[id]
    # An entry that Connect does not know is doubtful.
    assert first is not None
    said = [one.disconnected for one in map(known.contacts.get, (id, *best.entry.running)) if one is not None]
    rivals = [one.end for one in others if one.is_certain]
    # Connect will know the end in a moment. Until then the rule refuses the request.
    if first.disconnected is None or not rivals:
        return found
    rival = max(rivals)
    # Connect may give whole seconds.
    if int(rival) <= int(max(at for at in said if at is not None)):
        return found
    if id not in known.rows:
        return Read(id)
    row = known.rows[id]
    last = id if row is None else max(row.segments, key=lambda one: _end_in(row, one, known), default=id)
    if last not in known.contacts:
        return Describe((last,))
    contact = known.contacts[last]
    if contact is not None and _belongs(contact, last, id, known.current):
        told = contact.disconnected
        if int(told) >= int(rival) if told is not None else best.end + CLOCKS_APART_SECONDS > known.now:
            return found
    raise _not_as_a_whole(None, first)


def undecided() -> Refusal:
    """One request may not look through so many contacts."""
    return refusal.cannot(
        "history_undecided",
        "To find the latest chat, the endpoint would have to ask about too many of the customer's chats. Send the "
        "SourceContactId.",
    )


def _not_as_a_whole(first: Contact | None, own: Contact | None) -> Refusal:
    """A part of the chat is the customer's. The whole cannot be continued, and an older chat is not the latest."""
    part = "of a part of that chat" if own is None else own.id
    send = f"Send the SourceContactId {part} with {wire.FROM_SEGMENT}, or the SourceContactId of another chat."
    if first is not None and not first.customer:
        text = "The customer's latest chat began without a customer, so it cannot be continued as a whole. "
        return refusal.cannot("history_nobodys", text + send)
    text = (
        "Amazon Connect does not know a part of the customer's latest chat in the history, or that part belongs to "
        "somebody else. So the chat cannot be continued as a whole. "
    )
    return refusal.cannot("history_doubtful", text + send)


def _refuse_too_early(known: Known, event_delay: float, transcript_delay: float) -> None:
    """Before the current chat's own event has arrived, the event of another chat may still be on its way.

    The time to wait includes the longest wait for a known transcript, so that the caller has to retry only once.
    """
    if known.current.initiated is None:
        return
    seconds = seconds_to_wait(known.current.initiated, event_delay, known.now)
    if not seconds:
        return
    ends = [one.end for entry in known.history.entries if (one := _weigh(entry, known)).is_certain]
    seconds = max([seconds, *(seconds_to_wait(end, transcript_delay, known.now) for end in ends)])
    raise refusal.cannot(
        "history_not_ready",
        "The chat InitialContactId began a moment ago, and the history of the customer's chats may not be "
        f"complete yet. Try again in {seconds} s.",
        retry_after=seconds,
    )

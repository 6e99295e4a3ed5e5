"""Which session of the customer ended last? A pure function of the history's entries and of Amazon Connect's word.

The history is told by events, which may be late or lost: a session that it does not know to have ended is asked
about, and one chat that it does not know at all would be the current one's own. Nothing is taken from it unasked.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from association import answers, names
from association.answers import Refusal
from association.contact import Contact
from association.rule import same
from history.table import Entry, Latest

# Contacts beside the one that is found: each takes a DescribeContact, whose quota all callers share.
MOST_ASKED = 6


class Past(NamedTuple):
    """The session that ended last."""

    # Its initial contact's.
    session_id: str
    # In seconds since the epoch.
    ended: float


class Nothing(NamedTuple):
    """The customer has no past chat."""


class Describe(NamedTuple):
    """That depends on these contacts, one or two: ask again with them described."""

    contact_ids: tuple[str, ...]


def latest(
    current: Contact,
    known: Latest,
    contacts: Mapping[str, Contact | None],
    now: float,
    event_delay: float,
    transcript_delay: float,
) -> Past | Nothing | Describe:
    """Of the customer of `current`, other than the session of `current` itself.

    :param contacts: what Connect says of the contacts that were described, by id; None: that there is none.
    :param now: by Connect's clock, in seconds since the epoch.
    :param event_delay: how long the current chat's own event is awaited, in seconds since its start.
    :param transcript_delay: how long after a chat's end its transcript is awaited, in seconds.

    Raises a Refusal.
    """
    own = [entry for entry in known.entries if entry.session_id == current.session]
    if not own:
        _refuse_too_early(current, known, now, event_delay, transcript_delay)
    best: Past | None = None
    theirs: list[Entry] = []
    for entry in known.entries:
        if best is not None and entry.until <= best.ended * 1000:
            break
        if entry in own or not _may_be_theirs(contacts, entry.session_id, current):
            continue
        theirs.append(entry)
        ended = _end_of(entry, contacts, current)
        if ended is not None and (best is None or ended > best.ended):
            best = Past(entry.session_id, ended)
    asked = [id for entry in theirs for id in entry.running]
    listed = {id for entry in known.entries if entry not in own for id in (entry.session_id, *entry.running)}
    looked_through = {*asked, *(id for id in listed if id in contacts and (best is None or id != best.session_id))}
    if len(looked_through) > MOST_ASKED:
        raise _undecided()
    unknown = [id for id in asked if id not in contacts]
    if unknown:
        return Describe(tuple(unknown[:2]))
    if known.more and (best is None or best.ended * 1000 < known.entries[-1].until):
        raise _undecided()
    if best is None:
        return Nothing()
    if best.session_id not in contacts:
        return Describe((best.session_id,))
    _refuse_nobodys(contacts[best.session_id])
    return best


def _undecided() -> Refusal:
    return answers.cannot(
        "history_undecided",
        "More of the customer's chats would have to be looked through than one request may. Send the SourceContactId.",
    )


def _refuse_nobodys(first: Contact | None) -> None:
    """A session may become the customer's after it began. As a whole it is nobody's; an older one is not the latest."""
    if first is not None and not first.customer:
        raise answers.cannot(
            "history_nobodys",
            "The customer's latest chat began without a customer, so it cannot be continued as a whole. Send the "
            f"SourceContactId of a later part of it, with {names.FROM_SEGMENT}, or of another chat.",
        )


def _refuse_too_early(current: Contact, known: Latest, now: float, event_delay: float, transcript_delay: float) -> None:
    """Events take a moment. Before the current chat's own has come, another chat's may be on its way as well.

    If a chat is known whose transcript takes longer, that is told as well: nobody is to come back in vain.
    """
    if current.initiated is None:
        return
    # In whole seconds, as Connect's Date tells them: see the rule.
    left = math.floor(current.initiated) + event_delay - now
    if left > 0:
        ends = [entry.ended // 1000 for entry in known.entries if entry.ended is not None and not entry.running]
        transcripts = [min(ended + transcript_delay - now, transcript_delay) for ended in ends]
        seconds = max(1, math.ceil(max([min(left, event_delay), *transcripts])))
        raise answers.cannot(
            "history_not_ready",
            "The chat InitialContactId began a moment ago, and the history of the customer's chats may not be "
            f"complete yet. Try again in {seconds} s.",
            retry_after=seconds,
        )


def _may_be_theirs(contacts: Mapping[str, Contact | None], contact_id: str, current: Contact) -> bool:
    """Unless Connect says that there is no such contact, or that it is another customer's."""
    if contact_id not in contacts:
        return True
    contact = contacts[contact_id]
    return contact is not None and contact.id == contact_id and not _is_anothers(contact, current)


def _is_anothers(contact: Contact, current: Contact) -> bool:
    """A segment may carry no customer: it is whose its session is."""
    return bool(contact.customer) and not same(contact.customer, current.customer)


def _end_of(entry: Entry, contacts: Mapping[str, Contact | None], current: Contact) -> float | None:
    """When a session ended, in seconds since the epoch; None if it runs, is not this customer's, or is not known."""
    ends = [] if entry.ended is None else [entry.ended / 1000]
    for id in entry.running:
        contact = contacts.get(id)
        if contact is None or contact.disconnected is None or _is_anothers(contact, current):
            return None
        if contact.session != entry.session_id:
            return None
        ends.append(contact.disconnected)
    return max(ends)

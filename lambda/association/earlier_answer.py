"""Whether a chat that already continues another shows something else than the request asks for.

The history decides; if it cannot tell, the answer is no, and the earlier answer is repeated. A retry must get the
answer that was lost, whatever happened in between. The association was made after the chat began; nobody knows when. So
only segments and chats that ended before the chat began prove that the earlier request was another one. An event that
is recorded late changes nothing, because the end in it counts, not its arrival. One case is not covered: all events of
a chat arrive after the first request. Then the retry is refused.
"""

from association.latest_chat import MOST_ASKED, Known, LatestChat, Read, is_later, latest_of
from association.rule import Describe, same
from connect.contact import Contact
from history.session import Session


def shows_part(related: Contact, row: Session | None, known: Known) -> Describe | bool:
    """Whether a chat that continues `related` shows only a part of its session, of which the history knows this row."""
    if row is None or known.current.initiated is None:
        return False
    running = [id for id in row.running if id != related.id]
    later = [id for id in row.segments if id != related.id and id not in running and _ended_later(id, related, row)]
    # A segment without an end in the history may have one in Connect. An end in the history may be forged.
    asked = [*running, *later]
    if len(asked) > MOST_ASKED:
        return False
    unknown = [id for id in asked if id not in known.contacts]
    if unknown:
        return Describe(tuple(unknown[:2]))
    return any(_proves(id, related, row, known) for id in asked)


def shows_older(related: Contact, known: Known) -> Describe | Read | bool:
    """Whether a chat that continues `related` shows an older session than the latest. Raises a Refusal if unknown."""
    if known.current.initiated is None or related.disconnected is None:
        return False
    step = latest_of(known, before=known.current.initiated)
    if isinstance(step, Describe | Read):
        return step
    if not isinstance(step, LatestChat) or step.session_id == related.session:
        return False
    entries = [entry for entry in known.history.entries if entry.session_id == related.session]
    ends = [entry.ended / 1000 for entry in entries if entry.ended]
    return is_later(step.ended, max([related.disconnected, *ends]))


def _ended_later(id: str, related: Contact, row: Session) -> bool:
    """Whether a segment ended after the one that is continued, as the history says."""
    ended = row.segments[id].ended
    assert ended is not None
    known = row.segments[related.id].ended if related.id in row.segments else None
    at = related.disconnected if known is None else known / 1000
    return at is not None and is_later(ended / 1000, at)


def _proves(id: str, related: Contact, row: Session, known: Known) -> bool:
    """Whether this segment, which ended later than the one that is continued, had done so when the chat began."""
    contact, began = known.contacts[id], known.current.initiated
    if contact is None or contact.id != id or contact.session != row.id or contact.disconnected is None:
        return False
    if contact.customer and not same(contact.customer, known.current.customer):
        return False
    assert began is not None
    ended = row.segments[id].ended
    if ended is None and not is_later(contact.disconnected, related.disconnected or contact.disconnected):
        return False
    ends = [contact.disconnected] if ended is None else [contact.disconnected, ended / 1000]
    return all(is_later(began, end) for end in ends)

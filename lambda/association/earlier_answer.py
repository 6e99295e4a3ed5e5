"""Does a chat that continues one already show something else than is asked for? By the history; if it cannot tell, no.

A retry must get the answer that was lost, whatever happened in between, and nobody knows when the association was made:
at the earliest when the chat began. So only what had ended before that counts against it. A segment, or another chat,
that ended after the current chat began may have ended after the association as well, and Amazon Connect, asked for the
whole, takes what has ended last: the answer of that time is given again. An event that is recorded late changes
nothing, because the end that it tells counts, and not when it came. What remains is a chat of which every event came
later than the request: the latest was another one then, and its retry is refused.
"""

from association.latest_chat import MOST_ASKED, Known, LatestChat, Read, is_later, latest_of
from association.rule import Describe, same
from connect.contact import Contact
from history.session import Session


def shows_part(related: Contact, row: Session | None, known: Known) -> Describe | bool:
    """Whether a chat that continues `related` shows a part of its session only, if the whole is asked for.

    :param row: what the history knows of that session.
    """
    if row is None or known.current.initiated is None:
        return False
    running = [id for id in row.running if id != related.id]
    later = [id for id in row.segments if id != related.id and id not in running and _ended_later(id, related, row)]
    # What has no end in the history may have one in Connect; what has one may be told by whoever can write there.
    asked = [*running, *later]
    if len(asked) > MOST_ASKED:
        return False
    unknown = [id for id in asked if id not in known.contacts]
    if unknown:
        return Describe(tuple(unknown[:2]))
    return any(_proves(id, related, row, known) for id in asked)


def shows_older(related: Contact, known: Known) -> Describe | Read | bool:
    """Whether a chat that continues `related` shows another session than the customer's latest, if that is asked for.

    Raises a Refusal if the history cannot tell.
    """
    if known.current.initiated is None or related.disconnected is None:
        return False
    step = latest_of(known, before=known.current.initiated)
    if isinstance(step, Describe | Read):
        return step
    if not isinstance(step, LatestChat) or step.session_id == related.session:
        return False
    ends = [
        entry.ended / 1000 for entry in known.history.entries if entry.session_id == related.session and entry.ended
    ]
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

"""When a request is refused: the rule whether one chat may continue another, a pure function of the question.

Every association that is made joins contacts that carried one and the same customer when they were described.
The current chat may also be a chat that starts now. Then `starting` makes its contact.
The steps stand in the order in which they are taken. The steps after the first may say why they refuse: by then both
contacts are known to be the customer's.
"""

import hmac
import math
from collections.abc import Mapping

from association import refusal
from association.caller import Caller
from association.refusal import Refusal
from association.request import AssociationRequest
from connect.contact import Contact
from connect.instants import CLOCKS_APART_SECONDS
from shared import wire
from shared.typing import NamedTuple

_CHAT = "CHAT"


class Question(NamedTuple):
    """Everything that the decision depends on."""

    request: AssociationRequest
    caller: Caller
    # The contacts that were described, by id. None: Connect says that there is no such contact. A chat that starts now
    # is here as well.
    contacts: Mapping[str, Contact | None]
    # By Connect's clock, in seconds since the epoch.
    now: float
    # How long after a chat's end its transcript may arrive, in seconds.
    transcript_delay: float
    # When the source's session ended by the history, in seconds since the epoch; 0: the history was not read.
    session_ended: float = 0


class Continue(NamedTuple):
    """The chat may continue the other: ask Connect."""


class Earlier(NamedTuple):
    """The chat continues the other already: this was the answer."""

    continued_from_contact_id: str


class Describe(NamedTuple):
    """One or two more contacts are needed: describe them, and judge once more."""

    contact_ids: tuple[str, ...]


def starting(customer: str) -> Contact:
    """A customer's chat that starts now. It has no id yet, is alone in its session, and continues no chat."""
    return Contact("", customer, _CHAT, "", None, None)


def judge(question: Question) -> Continue | Earlier | Describe:
    """Raises a Refusal unless the chat may continue the other, or does so already.

    For a request without a source, Continue means: look for the source, and judge the request with it.
    """
    request = question.request
    current = _existing(question, request.initial_contact_id)
    source = _existing(question, request.source_contact_id) if request.source_contact_id else None
    _refuse_unless_one_customer(current, source, question.caller)
    # 2. The current contact is a chat.
    if current.channel != _CHAT:
        raise refusal.cannot("current_no_chat", f"InitialContactId is of channel {current.channel}, expected a chat.")
    linked = _linked(question, current)
    if isinstance(linked, Describe):
        return linked
    if linked is not None:
        return _earlier_of_any(question, linked, current) if source is None else _earlier(request, linked, source)
    # 3. If it continues no chat yet, it has not ended. A retry may come after the end.
    if current.disconnected is not None:
        raise refusal.cannot("current_ended", "The chat InitialContactId has ended. Start a new one.")
    if source is not None:
        _refuse_unless_past(source, question)
        _refuse_unless_whole(source, current, request)
    return Continue()


def _existing(question: Question, contact_id: str) -> Contact:
    contact = question.contacts[contact_id]
    # Connect may accept other spellings of a contact's id; only one counts.
    if contact is None or contact.id != contact_id:
        raise refusal.not_found("unknown_contact")
    return contact


def _refuse_unless_one_customer(current: Contact, source: Contact | None, caller: Caller) -> None:
    """1. The contacts carry one customer, who is the caller if the authorization knows the person."""
    if source is not None and not same(current.customer, source.customer):
        raise refusal.not_found("another_customer" if current.customer and source.customer else "no_customer")
    if not current.customer:
        raise refusal.not_found("no_customer")
    if caller.customer is not None and not same(caller.customer, current.customer):
        raise refusal.not_found("another_caller")


def same(one: str, other: str) -> bool:
    """Exactly the same, in constant time; empty never equals empty."""
    first, second = one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    return hmac.compare_digest(first, second) and bool(first)


def _linked(question: Question, current: Contact) -> Contact | Describe | None:
    """3. The past chat that the current one continues already; None if there is none.

    A link to a call, a task, an e-mail or a running chat is ignored: Amazon Connect decides whether such a chat can
    continue another one. A link to an unknown contact is refused: it may be a past chat that Connect has forgotten.
    """
    if current.related_id is None:
        return None
    if current.related_id not in question.contacts:
        return Describe((current.related_id,))
    related = question.contacts[current.related_id]
    if related is None or related.id != current.related_id:
        raise continues_another()
    return related if related.channel in (_CHAT, "") and related.disconnected is not None else None


def _earlier(request: AssociationRequest, related: Contact, source: Contact) -> Earlier:
    """The same request gets the same answer, whatever happened to the chat since. Any other request is refused."""
    if related.id == source.id:
        return Earlier(related.id)
    # A later segment without a customer belongs to its session's customer.
    theirs = not related.customer or same(related.customer, source.customer)
    if request.rehydration_type == wire.ENTIRE_PAST_SESSION and related.session == source.session and theirs:
        return Earlier(related.id)
    raise continues_another()


def _earlier_of_any(question: Question, related: Contact, current: Contact) -> Earlier | Describe:
    """Without a source in the request, any past chat of the customer will do."""
    first: Contact | None = related
    if not related.customer and related.session != related.id:
        if related.session not in question.contacts:
            return Describe((related.session,))
        first = question.contacts[related.session]
    if first is not None and same(first.customer, current.customer):
        return Earlier(related.id)
    raise continues_another()


def continues_another() -> Refusal:
    """The chat continues another one than the request names."""
    return refusal.cannot(
        "continues_another", "The chat InitialContactId already continues another chat. That cannot be changed."
    )


def continues_part() -> Refusal:
    """The request asks for a whole session, and the chat shows a part of it."""
    return refusal.cannot(
        "continues_part", "The chat InitialContactId already continues a part of that session. That cannot be changed."
    )


def _refuse_unless_past(source: Contact, question: Question) -> None:
    """4. The source is a chat, has ended, and its transcript had time to be written."""
    if source.channel != _CHAT:
        raise refusal.cannot("source_no_chat", f"SourceContactId is of channel {source.channel}, expected a chat.")
    ended = max(source.disconnected or question.session_ended, question.session_ended)
    seconds = seconds_to_wait(ended, question.transcript_delay, question.now)
    if seconds:
        raise refusal.cannot(
            "transcript_not_ready",
            "The chat SourceContactId ended a moment ago, and its transcript is still being written. "
            f"Try again in {seconds} s.",
            retry_after=seconds,
        )
    if source.disconnected is None:
        raise refusal.cannot(
            "source_running", "The chat SourceContactId has not ended: only a past chat can be continued."
        )


def seconds_to_wait(since: float, delay: float, now: float) -> int:
    """The whole seconds until `delay` seconds after an instant; 0 if that time has passed.

    Connect's Date has whole seconds. So the instant is rounded down as well, or the wait could be a second too short.
    An instant may be some minutes in the future. If it is further away, a clock is wrong, and the wait is limited.
    """
    left = math.floor(since) + delay - now
    return max(0, math.ceil(min(left, delay + CLOCKS_APART_SECONDS)))


def _refuse_unless_whole(source: Contact, current: Contact, request: AssociationRequest) -> None:
    """5. The source is not a part of the current session. 6. ENTIRE_PAST_SESSION names the session's first contact."""
    if source.session == current.session:
        raise refusal.cannot(
            "same_session", "SourceContactId is a part of the current chat itself. Send a contact of a past chat."
        )
    if request.rehydration_type == wire.ENTIRE_PAST_SESSION and source.id != source.session:
        raise refusal.cannot(
            "not_initial_contact",
            f"SourceContactId is not the first contact of its session, as {wire.ENTIRE_PAST_SESSION} needs: "
            f"send {source.session}.",
        )

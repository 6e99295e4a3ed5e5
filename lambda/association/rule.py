"""The rule: may this chat continue that one? A pure function of what is in the question.

Every association that is made joins contacts that carried one and the same customer when they were described.
The steps stand in the order in which they are taken. What comes after the first may say why: by then both
contacts are known to be the customer's own.
"""

import hmac
import math
from collections.abc import Mapping
from typing import NamedTuple

from association import refusal
from association.caller import Caller
from association.refusal import Refusal
from association.request import AssociationRequest
from connect.contact import Contact
from connect.instants import CLOCKS_APART_SECONDS
from shared import wire

_CHAT = "CHAT"


class Question(NamedTuple):
    """All that decides."""

    request: AssociationRequest
    caller: Caller
    # What Connect says of the contacts that were described, by id; None: that there is none.
    contacts: Mapping[str, Contact | None]
    # By Connect's clock, in seconds since the epoch.
    now: float
    # How long after a chat's end its transcript is awaited, in seconds.
    transcript_delay: float
    # When the source's session ended, in seconds since the epoch, if the history says so; 0: it was not asked.
    session_ended: float = 0


class Continue(NamedTuple):
    """It may: ask Connect."""


class Earlier(NamedTuple):
    """It does already: this was the answer."""

    continued_from_contact_id: str


class Describe(NamedTuple):
    """That depends on these contacts, one or two: ask again when they are described."""

    contact_ids: tuple[str, ...]


def judge(question: Question) -> Continue | Earlier | Describe:
    """Raises a Refusal unless the chat may continue the other, or does so already.

    For a request without a source, Continue means: look for the source, and judge the request with it.
    """
    request = question.request
    current = _existing(question, request.initial_contact_id)
    source = _existing(question, request.source_contact_id) if request.source_contact_id else None
    _refuse_unless_one_customer(current, source, question.caller)
    _refuse_unless_chat(current)
    linked = _linked(question, current)
    if isinstance(linked, Describe):
        return linked
    if linked is not None:
        return _earlier_of_any(question, linked, current) if source is None else _earlier(request, linked, source)
    _refuse_ended(current)
    if source is not None:
        _refuse_unless_past(source, question)
        _refuse_same_session(current, source)
        _refuse_unless_initial(source, request)
    return Continue()


def _existing(question: Question, contact_id: str) -> Contact:
    contact = question.contacts[contact_id]
    # A contact has one spelling; Connect may know another.
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


def _refuse_unless_chat(current: Contact) -> None:
    """2. The current contact is a chat."""
    if current.channel != _CHAT:
        raise refusal.cannot("current_no_chat", f"InitialContactId is of channel {current.channel}, expected a chat.")


def _linked(question: Question, current: Contact) -> Contact | Describe | None:
    """3. The past chat that the current one continues already; None if there is none.

    Whoever starts a chat may link it to a call, a task or an e-mail. That is no past chat, and Amazon Connect has the
    last word on whether such a chat can continue one. The same holds for a chat that still runs, in another window. A
    link to what Connect does not know may well be one to a past chat, which it has forgotten: nothing takes its place.
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
    """The same request gets the same answer again, whatever became of the chat since; any other is refused."""
    if related.id == source.id:
        return Earlier(related.id)
    # A later segment may carry no customer: it is whose its session is.
    theirs = not related.customer or same(related.customer, source.customer)
    whole = request.rehydration_type == wire.ENTIRE_PAST_SESSION
    if whole and related.session == source.session and theirs:
        return Earlier(related.id)
    raise continues_another()


def _earlier_of_any(question: Question, related: Contact, current: Contact) -> Earlier | Describe:
    """Without a source it is any past chat of the customer's."""
    first: Contact | None = related
    if not related.customer and related.session != related.id:
        if related.session not in question.contacts:
            return Describe((related.session,))
        first = question.contacts[related.session]
    if first is not None and same(first.customer, current.customer):
        return Earlier(related.id)
    raise continues_another()


def _refuse_ended(current: Contact) -> None:
    """2. It has not ended. What continues a chat already is asked before: a retry may come after the end."""
    if current.disconnected is not None:
        raise refusal.cannot("current_ended", "The chat InitialContactId has ended. Start a new one.")


def continues_another() -> Refusal:
    """Another chat than the one that is asked for."""
    return refusal.cannot(
        "continues_another", "The chat InitialContactId already continues another chat. That cannot be changed."
    )


def continues_part() -> Refusal:
    """The whole is asked for, of a session of which the chat shows a part."""
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
    """How long until `delay` seconds after an instant, in whole seconds; 0 if that is over.

    Connect's Date tells whole seconds: the instant counts in such as well, or the wait told would be one too short. It
    may be told some minutes ahead; of what is further off a clock is wrong, and nobody is told to wait for that.
    """
    left = math.floor(since) + delay - now
    return max(0, math.ceil(min(left, delay + CLOCKS_APART_SECONDS)))


def _refuse_same_session(current: Contact, source: Contact) -> None:
    """5. The source is not a part of the current session."""
    if source.session == current.session:
        raise refusal.cannot(
            "same_session", "SourceContactId is a part of the current chat itself. Send a contact of a past chat."
        )


def _refuse_unless_initial(source: Contact, request: AssociationRequest) -> None:
    """6. ENTIRE_PAST_SESSION names the session's initial contact."""
    if request.rehydration_type == wire.ENTIRE_PAST_SESSION and source.id != source.session:
        raise refusal.cannot(
            "not_initial_contact",
            f"SourceContactId is not the first contact of its session, as {wire.ENTIRE_PAST_SESSION} needs: "
            f"send {source.session}.",
        )

"""From a request to what is done: the rule is asked, and gets the contacts that it asks for."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from association import rule
from association.caller import Caller
from association.contact import Contact
from association.contacts import Contacts
from association.request import AssociationRequest


class Decision(NamedTuple):
    """What a request leads to, if it is not refused."""

    # With the source that was looked up, if it named none.
    request: AssociationRequest
    # Which rule decided: one_customer, earlier or no_past_chat.
    rule: str
    # The contact that is continued already.
    continued: str | None

    @property
    def is_to_be_made(self) -> bool:
        """Whether Connect is to be asked for the association."""
        return self.rule == "one_customer"


class Found(Protocol):
    """A past session."""

    @property
    def session_id(self) -> str:
        """Its initial contact's id."""

    @property
    def ended(self) -> float:
        """In seconds since the epoch."""


class Finds(Protocol):
    """The look-up, if there is a history."""

    def latest(self, current: Contact, contacts: Contacts) -> Found | None:
        """The session of the customer that ended last. Raises a Refusal."""


def decide(
    asked: AssociationRequest, who: Caller, contacts: Contacts, transcript_delay: float, lookup: Finds | None
) -> Decision:
    """Hold the request against the rule. Raises a Refusal."""
    if asked.source_contact_id:
        contacts.describe(asked.initial_contact_id, asked.source_contact_id)
        return _judged(asked, who, contacts, transcript_delay, 0)
    assert lookup is not None, "without a history each request names its source"
    contacts.describe(asked.initial_contact_id)
    verdict = _asked(rule.look_up, rule.Question(asked, who, contacts.known, contacts.now, transcript_delay), contacts)
    if isinstance(verdict, rule.Earlier):
        return Decision(asked, "earlier", verdict.continued_from_contact_id)
    current = contacts.known[asked.initial_contact_id]
    assert current is not None, "the rule let a contact through that does not exist"
    found = lookup.latest(current, contacts)
    if found is None:
        return Decision(asked, "no_past_chat", None)
    request = asked._replace(source_contact_id=found.session_id)
    return _judged(request, who, contacts, transcript_delay, found.ended)


def _judged(
    request: AssociationRequest, who: Caller, contacts: Contacts, transcript_delay: float, session_ended: float
) -> Decision:
    question = rule.Question(request, who, contacts.known, contacts.now, transcript_delay, session_ended)
    verdict = _asked(rule.judge, question, contacts)
    if isinstance(verdict, rule.Earlier):
        return Decision(request, "earlier", verdict.continued_from_contact_id)
    return Decision(request, "one_customer", None)


def _asked(
    ask: Callable[[rule.Question], rule.Continue | rule.Earlier | rule.Describe],
    question: rule.Question,
    contacts: Contacts,
) -> rule.Continue | rule.Earlier:
    """The rule's word, with each contact described that it asks for."""
    while True:
        verdict = ask(question)
        if not isinstance(verdict, rule.Describe):
            return verdict
        contacts.describe(verdict.contact_id)
        question = question._replace(contacts=contacts.known)

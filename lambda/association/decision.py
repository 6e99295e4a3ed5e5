"""The decision on a request: the rule is asked, and gets the contacts that it asks for; then Connect is asked."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from association import rule
from association.caller import Caller
from association.contacts import Contacts
from association.request import AssociationRequest, derived_client_token
from connect.contact import Contact
from connect.failure import ConnectFailed
from connect.operations import Connect
from shared import wire

if TYPE_CHECKING:
    from association.lookup import Lookup
    from shared import reasons


class Decision(NamedTuple):
    """What a request leads to, if it is not refused."""

    # With the source that was looked up, if it named none.
    request: AssociationRequest
    # Which rule decided.
    rule: "reasons.Granted"
    # The contact that is continued already.
    continued: str | None

    @property
    def is_to_be_made(self) -> bool:
        """Whether Connect is to be asked for the association."""
        return self.rule == "one_customer"


class Decider:
    """Decides on one request."""

    def __init__(self, who: Caller, contacts: Contacts, transcript_delay: float, lookup: "Lookup | None") -> None:
        self._who = who
        self._contacts = contacts
        self._transcript_delay = transcript_delay
        self._lookup = lookup

    def decide(self, asked: AssociationRequest) -> Decision:
        """Hold the request against the rule. Raises a Refusal, or ConnectFailed."""
        if asked.source_contact_id:
            self._contacts.describe(asked.initial_contact_id, asked.source_contact_id)
            return self._judged(asked, 0)
        assert self._lookup is not None, "without a history each request names its source"
        self._contacts.describe(asked.initial_contact_id)
        verdict = self._said(rule.look_up, asked, 0)
        if isinstance(verdict, rule.Earlier):
            return self._earlier(asked, verdict)
        found = self._lookup.latest(self._current(asked), self._contacts)
        if found is None:
            return Decision(asked, "no_past_chat", None)
        return self._judged(asked._replace(source_contact_id=found.session_id), found.ended)

    def associate(self, decision: Decision, connect: Connect) -> Decision:
        """Have Connect make the association, if one is to be made: what was granted.

        Raises a Refusal, or ConnectFailed. Connect refuses a second one, which the same request at the same time, or a
        repetition after a lost answer, may come to: before anything is refused, the current contact is described once
        more.
        """
        if not decision.is_to_be_made:
            return decision
        request = decision.request
        try:
            return decision._replace(continued=associated(request, connect))
        except ConnectFailed as failure:
            if not failure.is_about_request:
                raise
            self._contacts.describe_again(request.initial_contact_id)
            # Its transcript was there when the rule was asked first.
            again = self._judged(request, 0)
            if again.is_to_be_made:
                raise
            return again

    def _judged(self, request: AssociationRequest, session_ended: float) -> Decision:
        verdict = self._said(rule.judge, request, session_ended)
        if isinstance(verdict, rule.Earlier):
            return self._earlier(request, verdict)
        return Decision(request, "one_customer", None)

    def _earlier(self, request: AssociationRequest, verdict: rule.Earlier) -> Decision:
        """The answer that was given before, unless the history proves that something else was asked for then."""
        current, related = self._current(request), self._contacts.known[verdict.continued_from_contact_id]
        if self._lookup is not None and related is not None and request.rehydration_type == wire.ENTIRE_PAST_SESSION:
            if not request.source_contact_id and self._lookup.shows_older(current, related, self._contacts):
                raise rule.continues_another()
            if self._lookup.shows_part(current, related, self._contacts):
                raise rule.continues_part()
        return Decision(request, "earlier", verdict.continued_from_contact_id)

    def _said(
        self,
        ask: Callable[[rule.Question], rule.Continue | rule.Earlier | rule.Describe],
        request: AssociationRequest,
        session_ended: float,
    ) -> rule.Continue | rule.Earlier:
        """The rule's word, with each contact described that it asks for."""
        while True:
            contacts = self._contacts
            question = rule.Question(
                request, self._who, contacts.known, contacts.now, self._transcript_delay, session_ended
            )
            verdict = ask(question)
            if not isinstance(verdict, rule.Describe):
                return verdict
            contacts.describe(verdict.contact_id)

    def _current(self, request: AssociationRequest) -> Contact:
        current = self._contacts.known[request.initial_contact_id]
        assert current is not None, "the rule let a contact through that does not exist"
        return current


def associated(request: AssociationRequest, connect: Connect) -> str:
    """The contact that is continued, by Connect's word. Raises ConnectFailed."""
    return connect.create_association(
        request.initial_contact_id,
        request.source_contact_id,
        request.rehydration_type,
        derived_client_token(request),
    )

"""The decision on a request: the rule judges it, with the contacts that it needs. Then Connect is called."""

from association import rule
from association.caller import Caller
from association.request import AssociationRequest, derived_client_token
from connect.contact import Contact
from connect.errors import ConnectError
from connect.operations import Connect
from shared import wire
from shared.typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from association.lookup import Lookup
    from shared import reasons


class Decision(NamedTuple):
    """The result of a request that is not refused."""

    # With the source that was looked up, if the request named none.
    request: AssociationRequest
    # Which rule decided.
    rule: "reasons.Granted"
    # The contact that is continued; None: none yet.
    continued: str | None


class Decider(NamedTuple):
    """Decides on one request."""

    who: Caller
    connect: Connect
    # In seconds.
    transcript_delay: float
    lookup: "Lookup | None"

    def decide(self, asked: AssociationRequest) -> Decision:
        """Hold the request against the rule. Raises a Refusal, or ConnectError."""
        self.connect.describe(*filter(None, (asked.initial_contact_id, asked.source_contact_id)))
        decision = self.judged(asked)
        if asked.source_contact_id or decision.rule == "earlier":
            return decision
        assert self.lookup is not None, "without a history each request names its source"
        found = self.lookup.latest(self._current(asked))
        if found is None:
            return Decision(asked, "no_past_chat", None)
        return self.judged(asked._replace(source_contact_id=found.session_id), found.ended)

    def associate(self, decision: Decision) -> Decision:
        """Have Connect make the association, unless there is one already, or nothing to continue.

        Raises a Refusal, or ConnectError. Connect refuses a second association. That happens to a retry whose first
        answer was lost, and to a request that was sent twice at once. So before anything is refused, the current
        contact is described once more.
        """
        if decision.rule != "one_customer":
            return decision
        try:
            return decision._replace(continued=associated(decision.request, self.connect))
        except ConnectError as failure:
            if not failure.is_about_request:
                raise
            self.connect.describe(decision.request.initial_contact_id)
            # No wait for the transcript here: the rule has checked it already.
            again = self.judged(decision.request)
            if again.continued is None:
                raise
            return again

    def judged(self, request: AssociationRequest, session_ended: float = 0) -> Decision:
        """The rule's decision. Contacts that the rule needs are described first."""
        while True:
            known, now = self.connect.known, self.connect.now
            verdict = rule.judge(rule.Question(request, self.who, known, now, self.transcript_delay, session_ended))
            if isinstance(verdict, rule.Earlier):
                return self._earlier(request, verdict)
            if isinstance(verdict, rule.Continue):
                return Decision(request, "one_customer", None)
            self.connect.describe(*verdict.contact_ids)

    def _earlier(self, request: AssociationRequest, verdict: rule.Earlier) -> Decision:
        """The earlier answer, unless the history proves that the earlier request was another one."""
        current, related = self._current(request), self.connect.known[verdict.continued_from_contact_id]
        if self.lookup is not None and related is not None and request.rehydration_type == wire.ENTIRE_PAST_SESSION:
            if not request.source_contact_id and self.lookup.shows_older(current, related):
                raise rule.continues_another()
            if self.lookup.shows_part(current, related):
                raise rule.continues_part()
        return Decision(request, "earlier", verdict.continued_from_contact_id)

    def _current(self, request: AssociationRequest) -> Contact:
        current = self.connect.known[request.initial_contact_id]
        assert current is not None, "the rule let a contact through that does not exist"
        return current


def associated(request: AssociationRequest, connect: Connect) -> str:
    """Have Connect make the association: the contact that is continued. Raises ConnectError."""
    current, source, kind = request.initial_contact_id, request.source_contact_id, request.rehydration_type
    return connect.create_association(current, source, kind, derived_client_token(request))

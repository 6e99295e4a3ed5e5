"""The past chat that a new chat continues: the chat that the caller names, or else the customer's latest chat.

The rule of associations decides in both cases. A look-up never prevents the start.
"""

from association import refusal, rule
from association.decider import Decider
from association.refusal import Refusal
from association.request import AssociationRequest
from aws.description import place_of
from connect.errors import ConnectError
from shared import wire
from shared.typing import TYPE_CHECKING, NamedTuple
from start.request import StartRequest

if TYPE_CHECKING:
    from shared import reasons


class NotContinued(NamedTuple):
    """Why a new chat does not continue the customer's latest chat."""

    reason: str
    # After this many seconds, an association may continue the latest chat.
    retry_after: int | None
    # The details of a failure of ours, for the log.
    detail: str | None


class Past(NamedTuple):
    """The past chat that a new chat continues."""

    # Which rule decided.
    rule: "reasons.Granted | reasons.Started"
    # "": the new chat continues no past chat.
    source_contact_id: str = ""
    rehydration_type: str = ""
    # Whether the caller named the past chat. Then no chat starts without it.
    was_named: bool = False
    not_continued: NotContinued | None = None


def of(asked: StartRequest, customer: str, decider: Decider) -> Past:
    """What a new chat of this customer continues. Raises a Refusal, or ConnectError, but never because of a look-up."""
    # The new chat is the current contact of the questions below. Its id is "".
    decider.connect.known[""] = rule.starting(customer)
    decider.judged(_question("", ""))
    if asked.source_contact_id:
        source, kind = asked.source_contact_id, asked.rehydration_type
        return Past(decider.decide(_question(source, kind)).rule, source, kind, was_named=True)
    return Past("not_looked_up") if decider.lookup is None else _latest(decider)


def without(why: Refusal) -> Past:
    """No past chat, although the customer may have one."""
    # A contact that is not found may be somebody else's. So the caller learns nothing but that.
    reason = "connect_not_found" if why.error_type == wire.RESOURCE_NOT_FOUND else why.reason
    return Past("not_continued", not_continued=NotContinued(reason, why.retry_after, why.detail))


def _latest(decider: Decider) -> Past:
    try:
        found = decider.decide(_question("", wire.ENTIRE_PAST_SESSION))
    except Refusal as refused:
        return without(refused)
    except ConnectError as failure:
        return without(refusal.of_connect(failure))
    except Exception as bug:
        return without(refusal.failed("bug", place_of(bug)))
    return Past(found.rule, found.request.source_contact_id, wire.ENTIRE_PAST_SESSION)


def _question(source: str, rehydration_type: str) -> AssociationRequest:
    return AssociationRequest("", "", rehydration_type, source, None)

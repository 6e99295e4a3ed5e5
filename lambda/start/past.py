"""What a chat continues that starts now: the past chat that the caller names, or the customer's latest.

The association's rule decides on both. A past that is only looked up never keeps a customer from starting.
"""

from typing import TYPE_CHECKING, NamedTuple

from association import refusal, rule
from association.decision import Decider
from association.refusal import Refusal
from association.request import AssociationRequest
from aws.description import place_of
from connect.errors import ConnectError
from shared import wire
from start.request import StartRequest

if TYPE_CHECKING:
    from shared import reasons


class NotContinued(NamedTuple):
    """Why a chat does not continue the customer's latest."""

    reason: str
    # In seconds: after that, an association may continue it.
    retry_after: int | None
    # For the log, of our own failures.
    detail: str | None


class Past(NamedTuple):
    """What a chat continues."""

    # Which rule decided.
    rule: "reasons.Granted | reasons.Started"
    # "": none.
    source_contact_id: str = ""
    rehydration_type: str = ""
    # Whether the caller named it. Then no chat starts without it.
    was_named: bool = False
    not_continued: NotContinued | None = None


def of(asked: StartRequest, customer: str, decider: Decider) -> Past:
    """What a chat of this customer continues. Raises a Refusal, or ConnectError; never for a past that is looked up."""
    # The current contact of what is asked below.
    decider.connect.known[""] = rule.starting(customer)
    decider.judged(_question("", ""))
    if asked.source_contact_id:
        source, kind = asked.source_contact_id, asked.rehydration_type
        return Past(decider.decide(_question(source, kind)).rule, source, kind, was_named=True)
    return Past("not_looked_up") if decider.lookup is None else _latest(decider)


def without(why: Refusal) -> Past:
    """None, although there may be one."""
    # Contacts that are not found may be somebody else's: of these only that is told.
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

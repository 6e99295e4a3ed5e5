"""Reasons: each word in one group, so that it is answered in one way."""

from collections import Counter
from typing import get_args

from shared import reasons

GROUPS = (
    reasons.Granted,
    reasons.Started,
    reasons.Invalid,
    reasons.Denied,
    reasons.NotFound,
    reasons.Throttled,
    reasons.OutOfReach,
    reasons.Failed,
)
# The authorizer's, whose log has "bug" as well.
AUTHORIZER = (reasons.Unauthorized, reasons.Issuer)
ALL = Counter(reason for group in GROUPS for reason in get_args(group))


def test_a_reason_is_in_one_group() -> None:
    """In two it would have two statuses."""
    both = ALL + Counter(reason for group in AUTHORIZER for reason in get_args(group))
    assert max(both.values()) == 1
    refused = {reason for group in get_args(reasons.Refused) for reason in (get_args(group) or (group,))}
    assert refused == set(ALL) - {*get_args(reasons.Granted), *get_args(reasons.Started)}


def test_whatever_connect_fails_with_is_a_reason() -> None:
    """The recorder's log has the same words."""
    assert set(get_args(reasons.Connect)) <= set(ALL)


def test_whoever_tries_what_belongs_to_others_is_counted() -> None:
    """A refusal that hides or denies something, and that nobody counts, would be an alarm that never rings."""
    hidden = {*get_args(reasons.NotFound), *get_args(reasons.Denied)}
    assert hidden - reasons.PROBING == {"no_customer"}
    assert hidden >= reasons.PROBING

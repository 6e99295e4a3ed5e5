"""Connect's request quotas: a token bucket keeps what it promises, and nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.quotas import QUOTAS, Quotas

# Pauses, and how many calls come at once after each.
PAUSES = st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.25, 1.0, 30.0]), st.sampled_from([1, 2, 40])), max_size=8)


@given(st.sampled_from(sorted(QUOTAS)), PAUSES)
def test_no_client_gets_more_than_the_rate_nor_less(operation: str, pauses: list[tuple[float, int]]) -> None:
    """Over any span at most the burst and the rate; and who is refused would have gone over one of them."""
    quota, now = QUOTAS[operation], [0.0]
    quotas = Quotas(lambda: now[0])
    admitted: list[float] = []
    for pause in [pause if first == 0 else 0.0 for pause, calls in pauses for first in range(calls)]:
        now[0] += pause
        # Of all spans that end now, the one with the least left.
        left = min(
            [quota.burst]
            + [quota.burst + (now[0] - since) * quota.rate - len(admitted[at:]) for at, since in enumerate(admitted)]
        )
        taken = quotas.admits("region", operation)
        if abs(left - 1) > 1e-6:
            assert taken == (left >= 1)
        admitted += [now[0]] if taken else []


def test_quotas_are_token_buckets_per_operation() -> None:
    """DescribeContact: 10 a second, 15 at once."""
    now = [0.0]
    quotas = Quotas(lambda: now[0])
    assert [quotas.admits("r", "DescribeContact") for _ in range(16)] == [True] * 15 + [False]
    assert quotas.admits("other", "DescribeContact")
    assert quotas.admits("r", "StartChatContact")
    now[0] += 0.2
    assert [quotas.admits("r", "DescribeContact") for _ in range(3)] == [True, True, False]
    quotas.enabled = False
    assert quotas.admits("r", "DescribeContact")


@pytest.mark.parametrize("operation", ["StopContact", "DescribeInstanceAttribute"])
def test_an_operation_that_is_not_listed_has_no_quota(operation: str) -> None:
    """As docs/local-cloud.md says of it."""
    quotas = Quotas(lambda: 0.0)
    assert [quotas.admits("r", operation) for _ in range(500)] == [True] * 500


def test_what_came_while_the_quotas_were_off_is_not_counted() -> None:
    """A test that sets up a thousand chats starts with a full bucket."""
    quotas = Quotas(lambda: 0.0)
    quotas.enabled = False
    assert [quotas.admits("r", "StartChatContact") for _ in range(100)] == [True] * 100
    quotas.enabled = True
    assert [quotas.admits("r", "StartChatContact") for _ in range(9)] == [True] * 8 + [False]

"""One line a request, whatever is in it; which fields a request ends with is in test_handler.py."""

import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association import log
from association.refusal import Refusal
from association.request import AssociationRequest
from tests.unit.association.test_response import REFUSALS

# A caller's ARN, or Connect's own words, may hold line ends of any kind.
TEXTS = st.text('aé\r\n\x85\u2028\ud800"\\', max_size=9)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: TEXTS | st.none()
        for name in ("caller", "initialContactId", "sourceContactId", "rule", "continuedFromContactId", "detail")
    }
    | {name: st.integers(0, 10**6) for name in ("attempts", "durationMs")},
)


def written(line: log.Line) -> tuple[str, dict[str, Any]]:
    """What is printed, and what whoever reads the log finds in it."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        line.write()
    text = printed.getvalue()
    assert text.endswith("\n")
    document: dict[str, Any] = json.loads(text)
    return text, document


@given(FIELDS)
def test_a_request_is_one_line_of_ascii_and_loses_nothing(fields: dict[str, Any]) -> None:
    """CloudWatch splits at line ends: a caller who could make one would write lines of the audit of their own."""
    line = log.Line("request")
    line.add(**fields)
    text, document = written(line)
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert document == {"requestId": "request"} | {name: one for name, one in fields.items() if one is not None}


@given(st.permutations(["caller", "rule", "attempts", "durationMs", "detail", "initialContactId"]))
def test_the_order_is_always_the_same(names: list[str]) -> None:
    """Whoever reads lines one below the other finds each thing in its place."""
    line = log.Line("request")
    line.ended("granted", 200)
    for name in names:
        line.add(**{name: "x"})
    expected = ["level", "requestId", "caller", "initialContactId", "verdict", "rule", "status"]
    assert list(written(line)[1]) == [*expected, "attempts", "durationMs", "detail"]


@given(st.sampled_from(["token", "body", "Level", "event", "headers", ""]))
def test_a_field_that_is_not_on_the_list_is_a_bug(name: str) -> None:
    """It fails in a test, and does not reach an audit log that lives for months."""
    line = log.Line("request")
    with pytest.raises(KeyError):
        line.add(**{name: "s3cret"})
    assert "s3cret" not in written(line)[0]


@given(REFUSALS)
def test_only_our_own_failures_are_errors(refusal: Refusal) -> None:
    """Whoever is called for each ERROR must not be called for a customer's typing error."""
    line = log.Line("request")
    line.refused(refusal)
    document = written(line)[1]
    ours = refusal.status >= 500
    assert (document["level"], document["verdict"]) == (("ERROR", "failed") if ours else ("INFO", "refused"))
    assert document["status"] == refusal.status
    assert document["errorType"] == refusal.error_type
    assert document["rule"] == refusal.reason
    # What the caller is told may hold what the caller sent: it is not for the log.
    assert document.get("detail") == (refusal.detail if ours else None)


def test_a_source_that_was_found_later_is_told_and_a_token_never() -> None:
    """A request without a source is for the latest chat: there is no empty id in the log."""
    asked = AssociationRequest("instance", "chat", "ENTIRE_PAST_SESSION", "", "s3cret")
    line = log.Line("request")
    line.asks(asked)
    assert written(line)[1] == {
        "requestId": "request",
        "initialContactId": "chat",
        "rehydrationType": "ENTIRE_PAST_SESSION",
    }
    line.asks(asked._replace(source_contact_id="past"))
    assert written(line)[1]["sourceContactId"] == "past"
    assert "s3cret" not in written(line)[0]

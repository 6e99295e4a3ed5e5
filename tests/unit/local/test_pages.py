"""GetTranscript's pages, for transcripts of any size."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.errors import ConnectError
from local.connect.pages import page

KEY = "a connection's token"


def items(count: int, kind: str) -> list[dict[str, Any]]:
    """This many items, one for each second."""
    return [
        {"Id": f"{kind}{number}", "AbsoluteTime": f"2026-01-01T00:00:{number:02}.000Z", "ContactId": "c"}
        for number in range(count)
    ]


def walk(present: int, past: int, **fields: Any) -> list[list[str]]:
    """The ids of the items on each page, in the order of the pages."""
    pages = []
    token: dict[str, str] = {}
    while True:
        found, next_token = page(items(present, "n"), items(past, "p"), {**fields, **token}, KEY)
        pages.append([item["Id"] for item in found])
        if next_token is None:
            return pages
        token = {"NextToken": next_token}


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 100), st.sampled_from(["ASCENDING", "DESCENDING"]))
def test_backward_pages_hold_all_of_it_once(present: int, past: int, size: int, order: str) -> None:
    """First the running chat from its end, then the past from its end. No page is too large or has items of both."""
    pages = walk(present, past, MaxResults=size, SortOrder=order, ScanDirection="BACKWARD")
    ascending = [one if order == "ASCENDING" else one[::-1] for one in pages]
    assert [id for one in reversed(ascending) for id in one] == [
        *(f"p{number}" for number in range(past)),
        *(f"n{number}" for number in range(present)),
    ]
    assert all(len(one) <= size and len({id[0] for id in one}) <= 1 for one in pages)


@given(st.integers(0, 40), st.integers(1, 100))
def test_forward_pages_hold_the_running_chat_once(present: int, size: int) -> None:
    """The pages begin at the chat's first item, and never show the past."""
    pages = walk(present, 5, MaxResults=size, ScanDirection="FORWARD", SortOrder="ASCENDING")
    assert [id for one in pages for id in one] == [f"n{number}" for number in range(present)]


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({}, "9876543210"),
        ({"MaxResults": 0}, "9876543210"),
        ({"MaxResults": 3}, "987"),
        ({"MaxResults": 3, "SortOrder": "ASCENDING"}, "789"),
        ({"StartPosition": {}, "MaxResults": 3}, "987"),
        ({"StartPosition": {"Id": "n4"}, "MaxResults": 3}, "654"),
        ({"StartPosition": {"Id": "n4"}, "MaxResults": 3, "ScanDirection": "BACKWARD"}, "432"),
        ({"StartPosition": {"MostRecent": 2}}, "98"),
        ({"StartPosition": {"MostRecent": 50}}, "9876543210"),
        ({"StartPosition": {"MostRecent": 2}, "ScanDirection": "BACKWARD", "MaxResults": 2}, "87"),
        ({"StartPosition": {"AbsoluteTime": "2026-01-01T00:00:07.500Z"}}, "98"),
        ({"StartPosition": {"AbsoluteTime": "2026-01-01T00:00:07.000Z"}}, "987"),
        (
            {"StartPosition": {"AbsoluteTime": "2026-01-01T00:00:01.500Z"}, "ScanDirection": "BACKWARD"},
            "10",
        ),
        ({"ContactId": "another"}, ""),
    ],
)
def test_a_page_begins_where_it_is_told(fields: dict[str, Any], ids: str) -> None:
    """The default is backward, or forward from a start position; newest first; ten items at most."""
    found, _ = page(items(10, "n"), [], fields, KEY)
    assert "".join(item["Id"][1:] for item in found) == ids


@pytest.mark.parametrize(
    "fields",
    [
        {"StartPosition": {"Id": "p0"}},
        {"StartPosition": {"AbsoluteTime": "yesterday"}},
        {"NextToken": "x"},
        {"NextToken": "p5." + "0" * 64},
    ],
)
def test_what_cannot_be_found_is_refused(fields: dict[str, Any]) -> None:
    """A token that somebody made up is refused, too."""
    with pytest.raises(ConnectError) as refused:
        page(items(3, "n"), items(3, "p"), fields, KEY)
    assert refused.value.error_type == "ValidationException"


def test_a_token_holds_while_the_chat_goes_on() -> None:
    """New items come at the end, so the places of the other items stay the same."""
    _, token = page(items(5, "n"), [], {"MaxResults": 2}, KEY)
    found, _ = page(items(9, "n"), [], {"MaxResults": 2, "NextToken": token, "ScanDirection": "BACKWARD"}, KEY)
    assert [item["Id"] for item in found] == ["n2", "n1"]

"""GetTranscript's pages: first the running session, then, by NextToken, the past chats that it shows.

Source: Administrator Guide, "Enable persistent chat"; Participant Service API, GetTranscript.
"""

import hashlib
import hmac
import operator
import re
from collections.abc import Mapping
from typing import Any

from local.connect.errors import ConnectError
from local.connect.transcripts import Item

_PAGE = 10
_TOKEN = re.compile(r"([nfp])(\d{1,9})\.([0-9a-f]{64})")
# A page is in one of three areas: the running session, the running session with a filter, or the past.
_PRESENT, _FILTERED, _PAST = "n", "f", "p"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def page(present: list[Item], past: list[Item], fields: Mapping[str, Any], key: str) -> tuple[list[Item], str | None]:
    """A page, and the token of the next page. Raises ConnectError.

    :param present, past: all items, oldest first.
    :param fields: the fields of the GetTranscript call.
    :param key: the connection's token. Tokens of pages are valid for this connection only.
    """
    start = {name: value for name, value in fields.get("StartPosition", {}).items() if value is not None}
    forward = fields.get("ScanDirection", "FORWARD" if start else "BACKWARD") == "FORWARD"
    contact = fields.get("ContactId")
    area = _FILTERED if start or contact else _PRESENT
    items = [item for item in present if contact in (None, item["ContactId"])]
    if fields.get("NextToken") is not None:
        area, at = _read(fields["NextToken"], key)
        items = past if area == _PAST else items
    elif start:
        at = _position(items, start, forward)
    else:
        at = 0 if forward else len(items)
    # Assumption: 0 means the same as no MaxResults.
    size = fields.get("MaxResults") or _PAGE
    if forward:
        found, next_at = items[at : at + size], at + size if at + size < len(items) else None
    else:
        found, next_at = items[max(0, at - size) : at], at - size if at > size else None
        # Assumption: no page has both present and past items. A call with a filter never shows the past.
        if next_at is None and area == _PRESENT and past:
            area, next_at = _PAST, len(past)
    if fields.get("SortOrder", "DESCENDING") == "DESCENDING":
        found = found[::-1]
    return found, None if next_at is None else _token(area, next_at, key)


def _position(items: list[Item], start: Mapping[str, Any], forward: bool) -> int:
    """The index at which a page begins. In both directions, the page contains the item that it starts with.

    Assumption: if there are several start positions, the id counts first, then the time.
    """
    if "Id" in start:
        ids = [item["Id"] for item in items]
        if start["Id"] not in ids:
            # Assumption: a page cannot start with an item that is not in the running session.
            raise invalid("StartPosition.Id: expected the Id of an item of the running chat.")
        return ids.index(start["Id"]) + (not forward)
    if "AbsoluteTime" in start:
        if not _INSTANT.fullmatch(start["AbsoluteTime"]):
            raise invalid("StartPosition.AbsoluteTime: expected a time such as 2019-11-08T02:41:28.172Z.")
        # Such texts have the same order as their times.
        is_before = operator.lt if forward else operator.le
        return sum(is_before(item["AbsoluteTime"], start["AbsoluteTime"]) for item in items)
    most_recent: int = start["MostRecent"]
    return max(0, len(items) - most_recent) + (not forward)


def _token(area: str, at: int, key: str) -> str:
    return f"{area}{at}.{_signature(area, at, key)}"


def _signature(area: str, at: int, key: str) -> str:
    return hmac.new(key.encode(), f"{area}{at}".encode(), hashlib.sha256).hexdigest()


def _read(token: str, key: str) -> tuple[str, int]:
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(found[3], _signature(found[1], int(found[2]), key)):
        # Assumption: a token is valid only for the connection that got it.
        raise invalid("NextToken: expected a token from an answer to this connection.")
    return found[1], int(found[2])


def invalid(message: str) -> ConnectError:
    """The participant service's error for a wrong field."""
    return ConnectError("ValidationException", message)

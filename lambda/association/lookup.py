"""The look-up of a customer's latest chat: one read of the history, and what Amazon Connect says of the entries."""

import math
from collections.abc import Callable

from association import earlier_answer, latest_chat, refusal
from association.latest_chat import Known, LatestChat, Read
from association.refusal import Refusal
from association.rule import Describe
from association.settings import Settings
from aws.client import Client
from aws.probes import Probes
from aws.retry import Retry
from connect.contact import Contact
from connect.errors import ConnectError
from connect.operations import Connect
from history.session import Entries, Session
from history.table import Table, TableFailed
from shared import probes
from shared.key import key_of
from shared.typing import TypeVar

Found = TypeVar("Found")
_NO_ENTRIES = Entries((), more=False)


class Lookup:
    """For one request of the function."""

    def __init__(self, client: Client, settings: Settings, connect: Connect, deadline: float) -> None:
        self._table = Table(client, settings.history_table, Retry(deadline))
        self._settings = settings
        self._connect = connect
        self._rows: dict[str, Session | None] = {}

    def latest(self, current: Contact) -> LatestChat | None:
        """The customer's session that ended last, other than that of `current`. Raises a Refusal, or ConnectError."""
        delays = (self._settings.event_delay_seconds, self._settings.transcript_delay_seconds)
        try:
            entries = self._table.latest(self._key(current))
            return self._settled(lambda known: latest_chat.latest(known, *delays), current, entries)
        except TableFailed as failure:
            raise _refusal_of(failure) from failure

    def shows_older(self, current: Contact, related: Contact) -> bool:
        """Whether the chat, which continues `related`, shows an older session than the latest; False if unknown."""
        try:
            entries = self._table.latest(self._key(current))
            return self._settled(lambda known: earlier_answer.shows_older(related, known), current, entries)
        except (TableFailed, ConnectError, Refusal):
            # The answer names the contact, and a retry must not depend on more services than the request did.
            return False

    def shows_part(self, current: Contact, related: Contact) -> bool:
        """Whether the chat, which continues `related`, shows only a part of that session; False if unknown."""
        try:
            row = self._row(current, related.session)
            return self._settled(lambda known: earlier_answer.shows_part(related, row, known), current, _NO_ENTRIES)
        except (TableFailed, ConnectError, Refusal):
            return False

    def _settled(self, ask: Callable[[Known], Found | Describe | Read], current: Contact, entries: Entries) -> Found:
        """The result of `ask`. Contacts that it needs are described first, and rows are read."""
        while True:
            # Before Connect's first answer its time is unknown. Then no end counts as too far in the future. The chat
            # that is found is always described later.
            now = self._connect.now or math.inf
            found = ask(Known(current, entries, self._rows, self._connect.known, now))
            if isinstance(found, Describe):
                self._connect.describe(*found.contact_ids)
            elif isinstance(found, Read):
                self._row(current, found.session_id)
            else:
                return found

    def _row(self, current: Contact, session_id: str) -> Session | None:
        if session_id not in self._rows:
            row = self._table.row(self._key(current), session_id)
            self._rows[session_id] = None if row is None else row.session
        return self._rows[session_id]

    def _key(self, current: Contact) -> str:
        return key_of(self._settings.instance_id, current.customer)

    def probes(self) -> Probes:
        """The reads."""
        return self._table.probes(probes.QUERY, probes.GET_ITEM)


def _refusal_of(failure: TableFailed) -> Refusal:
    if failure.too_large:
        return latest_chat.undecided()
    if failure.throttled:
        return refusal.throttled("history_throttled")
    if not failure.reached:
        return refusal.out_of_reach("history_unreachable", str(failure), "The history of chats")
    return refusal.failed("history_failed", str(failure))

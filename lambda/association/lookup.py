"""The look-up of a customer's latest chat: one read of the history, and Amazon Connect's word on the rest."""

from association import answers, past
from association.answers import Refusal
from association.contact import Contact
from association.contacts import Contacts
from association.past import Describe, Nothing, Past
from association.settings import Settings
from aws.asking import Asking
from aws.client import Client
from history import names
from history.key import key_of
from history.table import Table, TableFailed


class Lookup:
    """For one request of the function."""

    def __init__(self, client: Client, settings: Settings, deadline: float) -> None:
        self._table = Table(client, settings.history_table, Asking(deadline))
        self._settings = settings

    def latest(self, current: Contact, contacts: Contacts) -> Past | None:
        """The session that ended last of the customer of `current`, other than its own. Raises a Refusal."""
        try:
            known = self._table.latest(key_of(self._settings.instance_id, current.customer))
        except TableFailed as failure:
            raise _refusal_of(failure) from failure
        while True:
            found = past.latest(
                current,
                known,
                contacts.known,
                contacts.now,
                self._settings.event_delay_seconds,
                self._settings.transcript_delay_seconds,
            )
            if isinstance(found, Nothing):
                return None
            if isinstance(found, Past):
                return found
            assert isinstance(found, Describe)
            contacts.describe(*found.contact_ids)

    def tried(self) -> dict[str, object]:
        """DynamoDB's answer to a read that finds nothing: may this function make it?"""
        return self._table.tried(names.PROBE_QUERY)


def _refusal_of(failure: TableFailed) -> Refusal:
    if failure.throttled:
        return answers.throttled("history_throttled")
    if not failure.reached:
        return answers.out_of_reach("history_unreachable", str(failure), "The history of chats")
    return answers.failed("history_failed", str(failure))

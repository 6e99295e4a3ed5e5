"""The contacts that were described for one request, and the clock that goes with them."""

from collections.abc import Mapping

from connect.contact import Contact
from connect.operations import Connect


class Contacts:
    """What Amazon Connect says of contacts; each is described once, unless what it says may have changed."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._known: dict[str, Contact | None] = {}
        self._now = 0.0

    @property
    def known(self) -> Mapping[str, Contact | None]:
        """By id; None: there is no such contact."""
        return self._known

    @property
    def now(self) -> float:
        """By Connect's clock when it last answered, in seconds since the epoch; 0 if there was no contact."""
        return self._now

    def describe(self, *contact_ids: str) -> None:
        """One contact, or two at the same time. Raises ConnectFailed."""
        assert not set(contact_ids) & set(self._known), "what was described is asked for again"
        self._describe(*contact_ids)

    def describe_again(self, contact_id: str) -> None:
        """A contact that somebody may have changed since. Raises ConnectFailed; then it is as it was."""
        assert contact_id in self._known, "what was never described is asked for again"
        self._describe(contact_id)

    def _describe(self, *contact_ids: str) -> None:
        described = self._connect.describe(*contact_ids)
        self._known.update(described.contacts)
        self._now = max(self._now, described.now)

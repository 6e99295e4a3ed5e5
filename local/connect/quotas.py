"""Connect's request quotas: a token bucket for each region and operation, in the machine's own time.

Those of the participant service are each instance's.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Quota(NamedTuple):
    """Requests a second, and at once."""

    rate: float
    burst: float


# SearchContacts for more than the last two weeks.
OLD_SEARCH = "SearchContacts of old contacts"
# Source: Amazon Connect service quotas. Assumption: an operation that is not listed here has none.
QUOTAS: Mapping[str, Quota] = {
    "CreatePersistentContactAssociation": Quota(5, 8),
    "StartChatContact": Quota(5, 8),
    "DescribeContact": Quota(10, 15),
    "GetContactAttributes": Quota(10, 15),
    "DescribeContactFlow": Quota(2, 5),
    "DescribeInstance": Quota(2, 5),
    "ListInstances": Quota(2, 5),
    "ListContactFlows": Quota(2, 5),
    "ListInstanceStorageConfigs": Quota(2, 5),
    "SearchContacts": Quota(10, 30),
    OLD_SEARCH: Quota(1, 1),
    # Of the participant service.
    "CreateParticipantConnection": Quota(6, 9),
    "GetTranscript": Quota(8, 12),
    "SendMessage": Quota(10, 15),
    "SendEvent": Quota(10, 15),
    "DisconnectParticipant": Quota(3, 5),
}


class Quotas:
    """The buckets, full at first."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.enabled = True
        # How many chats may run in an instance at once; None: any number.
        self.chats: int | None = None
        self._now = now
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def admits(self, whose: str, operation: str) -> bool:
        """Take a token, if there is one."""
        quota = QUOTAS.get(operation)
        if quota is None or not self.enabled:
            return True
        now = self._now()
        left, seen = self._buckets.get((whose, operation), (quota.burst, now))
        left = min(quota.burst, left + (now - seen) * quota.rate)
        admitted = left >= 1
        self._buckets[whose, operation] = (left - admitted, now)
        return admitted

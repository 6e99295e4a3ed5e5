"""The reasons of the endpoint: the words of the field `rule` in its log, grouped by the caller's answer.

A new one goes into its group here, and into the table in docs/security.md. The functions import this for its types
only: at run time a reason is a text, and a cold start does not pay for it.
"""

from typing import Literal, get_args

Granted = Literal["one_customer", "earlier", "unchecked", "no_past_chat"]
# A new chat started and continues no past chat, although the customer may have one.
Started = Literal["not_continued", "not_looked_up"]
# 400.
Invalid = Literal[
    "invalid_request",
    "current_no_chat",
    "current_ended",
    "continues_another",
    "continues_part",
    "source_no_chat",
    "source_running",
    "transcript_not_ready",
    "same_session",
    "not_initial_contact",
    "history_not_ready",
    "history_undecided",
    "history_nobodys",
    "history_doubtful",
    "connect_refused",
]
# 403.
Denied = Literal["identity_pool", "token_kind", "app_client"]
# 404, with one text for all of them.
NotFound = Literal[
    "unknown_contact",
    "unknown_flow",
    "another_instance",
    "another_customer",
    "another_caller",
    "no_customer",
    "connect_not_found",
]
# 429.
Throttled = Literal["connect_throttled", "chats_at_once", "history_throttled"]
# 503.
OutOfReach = Literal["connect_unreachable", "deadline_exceeded", "history_unreachable"]
# 500.
Failed = Literal[
    "connect_denied", "connect_failed", "connect_unexpected", "connect_unreadable", "history_failed", "bug"
]
Refused = Invalid | Denied | NotFound | Throttled | OutOfReach | Failed

# The reasons of the authorizer: 401, with one text for all of them, and 503. A third reason is "bug".
Unauthorized = Literal[
    "token_malformed",
    "token_algorithm",
    "token_no_id",
    "token_key",
    "token_signature",
    "token_issuer",
    "token_audience",
    "token_time",
    "token_expired",
    "token_early",
    "token_customer",
]
Issuer = Literal["issuer_unreachable", "issuer_unexpected", "issuer_keys"]

# The reasons why a call of Amazon Connect fails. The recorder's log has them as well.
Connect = Literal[
    "chats_at_once",
    "connect_denied",
    "connect_failed",
    "connect_not_found",
    "connect_refused",
    "connect_throttled",
    "connect_unexpected",
    "connect_unreachable",
    "connect_unreadable",
    "deadline_exceeded",
]

# A mistake of whoever starts the chats, and not an attack.
NO_CUSTOMER: NotFound = "no_customer"
PROBING = frozenset(get_args(NotFound) + get_args(Denied)) - {NO_CUSTOMER}

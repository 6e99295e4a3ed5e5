"""The history's table: one item for each session.

Times are in milliseconds since the epoch. Only EXPIRES is in seconds, because DynamoDB itself reads it.
"""

CUSTOMER = "customer"
SESSION = "session"
# When the last segment ended; if the end of a segment is unknown, when the session must have ended at the latest.
UNTIL = "until"
# The latest known end of a segment.
ENDED = "ended"
# The segments without a known end.
RUNNING = "running"
SEGMENTS = "segments"
BEGAN = "began"
EXPIRES = "expires"
# The local index, by UNTIL, with what a look-up needs.
INDEX = "ByEnd"
INDEXED = (ENDED, RUNNING)

"""The history's table: one item a session.

Times are in milliseconds since the epoch, but for EXPIRES, which DynamoDB itself reads, in seconds.
"""

CUSTOMER = "customer"
SESSION = "session"
# When the last segment ended; or, while one is not known to have, when it has to have ended at the latest.
UNTIL = "until"
# The latest end of a segment that is known.
ENDED = "ended"
# The segments of which no end is known.
RUNNING = "running"
SEGMENTS = "segments"
BEGAN = "began"
EXPIRES = "expires"
# The local index, by UNTIL, with what a look-up needs.
INDEX = "ByEnd"
INDEXED = (ENDED, RUNNING)

"""The names that the construct, the recorder and the endpoint share. No imports: all sides load this file."""

# Environment variables.
TABLE = "HISTORY_TABLE"
ENDPOINT_URL = "HISTORY_ENDPOINT_URL"
EVENT_DELAY_SECONDS = "EVENT_DELAY_SECONDS"
RETENTION_SECONDS = "RETENTION_SECONDS"

# The table: one item a session. Times are in milliseconds since the epoch, but for EXPIRES, which DynamoDB
# itself reads, in seconds.
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

# A chat lasts 10,080 minutes at most (StartChatContact, ChatDurationInMinutes).
LONGEST_CHAT_SECONDS = 10_080 * 60

# How far two clocks may be apart: an end may be told so much ahead, and nothing further ahead is believed.
CLOCKS_APART_SECONDS = 300

SOURCE = "aws.connect"
# The second is that of one sample in the Administrator Guide.
DETAIL_TYPES = ("Amazon Connect Contact Event", "Connect Customer Contact Event")

# Direct invocation of the recorder: these contacts are to be described and recorded.
CONTACTS = "contacts"
MOST_CONTACTS = 25
# In its answer: how often each contact had Amazon Connect asked; and what was wrong with the question.
ATTEMPTS = "attempts"
ERROR = "error"

PROBE_GET_ITEM = "dynamodb:GetItem"
PROBE_PUT_ITEM = "dynamodb:PutItem"
PROBE_QUERY = "dynamodb:Query"

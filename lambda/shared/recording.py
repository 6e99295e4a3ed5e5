"""What the recorder takes: contact events of EventBridge; and contacts to be described and recorded, by invocation."""

SOURCE = "aws.connect"
# The second is that of one sample in the Administrator Guide.
DETAIL_TYPES = ("Amazon Connect Contact Event", "Connect Customer Contact Event")

# Of an invocation, and of its answer: what became of each contact.
CONTACTS = "contacts"
MOST_CONTACTS = 25
# What became of one that could not be recorded: this, a colon, and why.
FAILED = "failed"
# In the answer: how often each contact had Amazon Connect asked; and what was wrong with the question.
ATTEMPTS = "attempts"
ERROR = "error"

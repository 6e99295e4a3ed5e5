"""What the recorder accepts: contact events of EventBridge and, by direct invocation, contacts to record."""

SOURCE = "aws.connect"
# The second is in one sample of the Administrator Guide.
DETAIL_TYPES = ("Amazon Connect Contact Event", "Connect Customer Contact Event")

# In an invocation: the contacts. In its answer: the result for each.
CONTACTS = "contacts"
MOST_CONTACTS = 25
# The result for a contact that could not be recorded: this, a colon, and why.
FAILED = "failed"
# In the answer: the number of calls of Amazon Connect for each contact; and what was wrong with the invocation.
ATTEMPTS = "attempts"
ERROR = "error"

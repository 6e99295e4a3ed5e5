"""The wire contract: where the endpoint answers, what a request may hold, and the types of errors."""

# Below the stage; the instance and the contact follow. Amazon Connect's own path is the same.
PATH = ("contact", "persistent-contact-association")
# Below the stage: chats start here. Amazon Connect's own path is the same.
START_PATH = ("contact", "chat")

ID_PATTERN = "[0-9A-Za-z-]+"
INSTANCE_ID_LENGTH = 100
CONTACT_ID_LENGTH = 256
CLIENT_TOKEN_LENGTH = 500
BODY_BYTES = 8192
ENTIRE_PAST_SESSION = "ENTIRE_PAST_SESSION"
FROM_SEGMENT = "FROM_SEGMENT"
REHYDRATION_TYPES = (ENTIRE_PAST_SESSION, FROM_SEGMENT)

# The limits of a start. Source: Amazon Connect's service model, and the API Reference of StartChatContact.
CUSTOMER_ID_LENGTH = 128
DISPLAY_NAME_LENGTH = 256
FLOW_LENGTH = 500
CONTENT_TYPE_LENGTH = 100
CONTENT_LENGTH = 16384
ATTRIBUTE_VALUE_LENGTH = 32767
# The names and the values of all attributes together, in UTF-8.
ATTRIBUTES_BYTES = 32768
# Enough for the longest attributes and message, even if some characters are escaped.
START_BODY_BYTES = 131_072
PLAIN_TEXT = "text/plain"
LEAST_DURATION_MINUTES = 60
MOST_DURATION_MINUTES = 10080

INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"
ACCESS_DENIED = "AccessDeniedException"
RESOURCE_NOT_FOUND = "ResourceNotFoundException"
THROTTLING = "ThrottlingException"
# As many chats run at once as the quota allows. A retry in the next second does not help.
LIMIT_EXCEEDED = "LimitExceededException"
INTERNAL_SERVICE = "InternalServiceException"

# Headers of an answer that a browser's page may read.
EXPOSED_HEADERS = ("Retry-After", "x-amz-retry-after", "x-amzn-ErrorType", "x-amzn-RequestId")
# A header in the answer to a start: why the new chat does not continue the customer's latest chat. A field alone is not
# enough, because SDKs drop fields that they do not know.
NOT_CONTINUED = "x-persistent-chat-not-continued"

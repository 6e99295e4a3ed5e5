"""The wire contract: where the endpoint answers, what a request may hold, and the types of errors."""

# Below the stage; the instance and the contact follow. Amazon Connect's own path is the same.
PATH = ("contact", "persistent-contact-association")

ID_PATTERN = "[0-9A-Za-z-]+"
INSTANCE_ID_LENGTH = 100
CONTACT_ID_LENGTH = 256
CLIENT_TOKEN_LENGTH = 500
BODY_BYTES = 8192
ENTIRE_PAST_SESSION = "ENTIRE_PAST_SESSION"
FROM_SEGMENT = "FROM_SEGMENT"
REHYDRATION_TYPES = (ENTIRE_PAST_SESSION, FROM_SEGMENT)

INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"
ACCESS_DENIED = "AccessDeniedException"
RESOURCE_NOT_FOUND = "ResourceNotFoundException"
THROTTLING = "ThrottlingException"
INTERNAL_SERVICE = "InternalServiceException"

# Headers of an answer that a browser's page may read.
EXPOSED_HEADERS = ("Retry-After", "x-amz-retry-after", "x-amzn-ErrorType", "x-amzn-RequestId")

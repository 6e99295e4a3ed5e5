"""The names that the construct and the function share. No imports: both sides load this file."""

# Environment variables. Those from APP_CLIENTS on are there only if they say something.
INSTANCE_ID = "CONNECT_INSTANCE_ID"
CONNECT_ENDPOINT_URL = "CONNECT_ENDPOINT_URL"
DEADLINE_SECONDS = "DEADLINE_SECONDS"
TRANSCRIPT_DELAY_SECONDS = "TRANSCRIPT_DELAY_SECONDS"
CUSTOMER_IDENTITY = "CUSTOMER_IDENTITY"
AUTHORIZATION = "AUTHORIZATION"
APP_CLIENTS = "APP_CLIENTS"
CUSTOMER_CLAIM = "CUSTOMER_CLAIM"
CORS_ALLOWED_ORIGINS = "CORS_ALLOWED_ORIGINS"

# Values of CUSTOMER_IDENTITY; behind the prefix stands the attribute's name.
UNCHECKED = "unchecked"
CUSTOMER_ID = "customer_id"
ATTRIBUTE_PREFIX = "attribute:"
ATTRIBUTE_PATTERN = "[0-9A-Za-z_-]{1,128}"

# Values of AUTHORIZATION.
IAM = "iam"
IAM_WITH_IDENTITY_POOLS = "iam_with_identity_pools"
COGNITO = "cognito"
AUTHORIZER = "authorizer"

# Claims of Cognito's own that are lists. A REST API hands them on as "one,two", and one of a single value as that
# value: nothing in it says that it was a list.
LISTS_OF_COGNITO = ("cognito:groups", "cognito:roles")

ANY_ORIGIN = "*"
EXPOSED_HEADERS = ("Retry-After", "x-amz-retry-after", "x-amzn-ErrorType", "x-amzn-RequestId")

ID_PATTERN = "[0-9A-Za-z-]+"
INSTANCE_ID_LENGTH = 100
CONTACT_ID_LENGTH = 256
CLIENT_TOKEN_LENGTH = 500
BODY_BYTES = 8192
ENTIRE_PAST_SESSION = "ENTIRE_PAST_SESSION"
FROM_SEGMENT = "FROM_SEGMENT"
REHYDRATION_TYPES = (ENTIRE_PAST_SESSION, FROM_SEGMENT)

# A deployment's proof invokes the function directly with {PROBE: one of these}.
PROBE = "probe"
PROBE_SETTINGS = "settings"
# Before a permission of Connect: for an instance that the role does not name, which has to be denied.
PROBE_ELSEWHERE = "elsewhere "
PROBE_CREATE_ASSOCIATION = "connect:CreatePersistentContactAssociation"
PROBE_DESCRIBE_CONTACT = "connect:DescribeContact"

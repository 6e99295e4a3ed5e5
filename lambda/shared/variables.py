"""The functions' environment variables, and the values of some of them."""

INSTANCE_ID = "CONNECT_INSTANCE_ID"
CONNECT_ENDPOINT_URL = "CONNECT_ENDPOINT_URL"
CUSTOMER_IDENTITY = "CUSTOMER_IDENTITY"
# Only for the association function. APP_CLIENTS and the two after it are optional.
DEADLINE_SECONDS = "DEADLINE_SECONDS"
TRANSCRIPT_DELAY_SECONDS = "TRANSCRIPT_DELAY_SECONDS"
AUTHORIZATION = "AUTHORIZATION"
APP_CLIENTS = "APP_CLIENTS"
CUSTOMER_CLAIM = "CUSTOMER_CLAIM"
CORS_ALLOWED_ORIGINS = "CORS_ALLOWED_ORIGINS"
# For both functions, if there is a history.
HISTORY_TABLE = "HISTORY_TABLE"
HISTORY_ENDPOINT_URL = "HISTORY_ENDPOINT_URL"
# Only for the association function, if there is a history.
EVENT_DELAY_SECONDS = "EVENT_DELAY_SECONDS"
# Only for the association function, if it also starts chats. In order: a JSON object of the flows' ids by their names;
# a JSON array of the attributes that a caller may set (optional); "true" or "false", twice; minutes (optional).
START_FLOWS = "START_FLOWS"
START_ATTRIBUTES = "START_ATTRIBUTES"
CONTINUE_LATEST = "CONTINUE_LATEST"
STAMP_AUTHENTICATION = "STAMP_AUTHENTICATION"
CHAT_DURATION_MINUTES = "CHAT_DURATION_MINUTES"
# Only for the authorizer of an OpenID Connect issuer, beside INSTANCE_ID and CUSTOMER_CLAIM.
ISSUER = "ISSUER"
AUDIENCES = "AUDIENCES"
ALGORITHMS = "ALGORITHMS"
# Only on the local cloud: the address where the issuer answers, also without TLS.
LOCAL_ISSUER_URL = "LOCAL_ISSUER_URL"
# Only for the recorder.
RETENTION_SECONDS = "RETENTION_SECONDS"

# Values of CUSTOMER_IDENTITY. The attribute's name follows the prefix.
UNCHECKED = "unchecked"
CUSTOMER_ID = "customer_id"
ATTRIBUTE_PREFIX = "attribute:"
ATTRIBUTE_PATTERN = "[0-9A-Za-z_-]{1,128}"

# Values of AUTHORIZATION.
IAM = "iam"
IAM_WITH_IDENTITY_POOLS = "iam_with_identity_pools"
COGNITO = "cognito"
AUTHORIZER = "authorizer"

# The words that ALGORITHMS may have.
SIGNATURE_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256")

# The key that holds the customer in the answer of the authorizer of an OpenID Connect issuer. For such an endpoint, the
# CUSTOMER_CLAIM of the association function is the same.
CUSTOMER_KEY = "customer"

# Claims of Cognito that are lists, and so no values of CUSTOMER_CLAIM. A REST API passes a list on as "one,two", and a
# list of one value as that value: nothing shows that it was a list.
LISTS_OF_COGNITO = ("cognito:groups", "cognito:roles")

# A value of CORS_ALLOWED_ORIGINS.
ANY_ORIGIN = "*"

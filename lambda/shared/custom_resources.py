"""The names of the custom resources and of their properties, and how long they may take."""

CONNECT_INSTANCE = "Custom::ConnectInstance"
CONNECT_FLOWS = "Custom::ConnectFlows"
PERSISTENT_CHAT_PROOF = "Custom::PersistentChatProof"

# Properties and attributes of Custom::ConnectInstance. The other resources have the first property as well.
INSTANCE_ID = "InstanceId"
INSTANCE_ALIAS = "InstanceAlias"

# Property of Custom::ConnectFlows: the ids of the flows, by their names.
FLOWS = "Flows"

# Properties of Custom::PersistentChatProof.
FUNCTION = "Function"
ENVIRONMENT = "Environment"
ACTIONS = "Actions"
PATIENCE_SECONDS = "PatienceSeconds"
SCOPE = "Scope"
FINGERPRINT = "Fingerprint"
# Only for an endpoint. Without them only its function is proved, and not the gateway.
API_ID = "ApiId"
STAGE = "Stage"
# "true" if the gateway has to answer a call that is signed for execute-api. Else the proof cannot call it.
SIGNED = "Signed"
# Only for an endpoint of an OpenID Connect issuer: its authorizer's function, and that function's variables.
AUTHORIZER = "Authorizer"
AUTHORIZER_ENVIRONMENT = "AuthorizerEnvironment"
# Only for an endpoint with a history, and for a recorder: the table.
TABLE = "Table"
# Only for a recorder: the rule that sends it events.
RULE = "Rule"
# The proof's attribute: what was shown and what was not.
REPORT = "Report"

# Values of SCOPE.
WHOLE = "WHOLE"
WITHOUT_GATEWAY = "WITHOUT_GATEWAY"
REPORT_ONLY = "REPORT_ONLY"
SCOPES = (WHOLE, WITHOUT_GATEWAY, REPORT_ONLY)

LONGEST_PATIENCE_SECONDS = 600
# How long the checks of an instance and of flows are retried while they are denied or throttled: a new policy needs
# some time before it has effect.
CHECK_PATIENCE_SECONDS = 60
# How long CloudFormation waits for such a check. It includes the function's start and its last attempt.
CHECK_TIMEOUT_SECONDS = CHECK_PATIENCE_SECONDS + 60
# How much longer than its patience a proof may take: after an update it walks the chain a second time.
MARGIN_SECONDS = 120

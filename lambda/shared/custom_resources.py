"""The names of the custom resources and of their properties, and how long they may take."""

CONNECT_INSTANCE = "Custom::ConnectInstance"
PERSISTENT_CHAT_PROOF = "Custom::PersistentChatProof"

# Properties and attributes of Custom::ConnectInstance. The proof has the first property as well.
INSTANCE_ID = "InstanceId"
INSTANCE_ALIAS = "InstanceAlias"

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
# How long the check of an instance is retried while it is denied or throttled: a new policy takes effect after a while.
INSTANCE_PATIENCE_SECONDS = 60
# How long CloudFormation waits for the check of an instance: also for the function's start, and its last attempt.
INSTANCE_TIMEOUT_SECONDS = INSTANCE_PATIENCE_SECONDS + 60
# How much longer than its patience a proof may take: after an update it walks the chain a second time.
MARGIN_SECONDS = 120

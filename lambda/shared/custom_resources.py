"""The names of the custom resources and of their properties, and how long they may take."""

CONNECT_INSTANCE = "Custom::ConnectInstance"
PERSISTENT_CHAT_PROOF = "Custom::PersistentChatProof"

# Properties and attributes of Custom::ConnectInstance; the first is one of the proof's properties as well.
INSTANCE_ID = "InstanceId"
INSTANCE_ALIAS = "InstanceAlias"

# Properties of Custom::PersistentChatProof.
FUNCTION = "Function"
ENVIRONMENT = "Environment"
ACTIONS = "Actions"
PATIENCE_SECONDS = "PatienceSeconds"
SCOPE = "Scope"
FINGERPRINT = "Fingerprint"
# Of an endpoint; without them its function is proved, and no gateway before it.
API_ID = "ApiId"
STAGE = "Stage"
# "true" if a call that is signed for execute-api is to be answered; else callers show what the proof has not.
SIGNED = "Signed"
# Of whatever uses a history: its table.
TABLE = "Table"
# Of a recorder: the rule that sends it events.
RULE = "Rule"
# The proof's attribute: what it showed, and what not.
REPORT = "Report"

# Values of SCOPE.
WHOLE = "WHOLE"
WITHOUT_GATEWAY = "WITHOUT_GATEWAY"
REPORT_ONLY = "REPORT_ONLY"
SCOPES = (WHOLE, WITHOUT_GATEWAY, REPORT_ONLY)

LONGEST_PATIENCE_SECONDS = 600
# How long the check of an instance asks again while it is denied or throttled: a new policy takes a while to be seen.
INSTANCE_PATIENCE_SECONDS = 60
# What CloudFormation grants the check of an instance beyond that: the function's start, and its last attempt.
INSTANCE_MARGIN_SECONDS = 60
# The same for a proof, which walks the chain a second time after an update.
MARGIN_SECONDS = 120

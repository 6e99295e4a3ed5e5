"""The names that the constructs and the custom resources share. No imports: both sides load this file."""

CONNECT_INSTANCE = "Custom::ConnectInstance"
PERSISTENT_CHAT_PROOF = "Custom::PersistentChatProof"

# Properties and attributes of Custom::ConnectInstance.
INSTANCE_ID = "InstanceId"
INSTANCE_ALIAS = "InstanceAlias"

# Properties of Custom::PersistentChatProof.
# Without it only a function is proved, and no gateway before it.
URL = "Url"
# "true" if a call that is signed for execute-api is to be answered; else callers show what the proof has not.
SIGNED = "Signed"
FUNCTION = "Function"
ENVIRONMENT = "Environment"
ACTIONS = "Actions"
PATIENCE_SECONDS = "PatienceSeconds"
FINGERPRINT = "Fingerprint"

# How long the check of an instance asks again while it is denied: a new policy takes a while to be seen.
INSTANCE_PATIENCE_SECONDS = 40
# What CloudFormation grants beyond the patience: the function's start, and its last attempt.
MARGIN_SECONDS = 60

"""The probes of a deployment's proof, which invokes a function directly with {PROBE: one of these}."""

PROBE = "probe"
SETTINGS = "settings"
# Only the authorizer knows this probe: whether the issuer answers, and has a key that can be used.
ISSUER = "issuer"
# Before a permission of Connect: try it for an instance that the role does not name. That has to be denied.
ELSEWHERE = "elsewhere "
CREATE_ASSOCIATION = "connect:CreatePersistentContactAssociation"
DESCRIBE_CONTACT = "connect:DescribeContact"
START_CHAT = "connect:StartChatContact"
GET_ITEM = "dynamodb:GetItem"
PUT_ITEM = "dynamodb:PutItem"
QUERY = "dynamodb:Query"

# The type of the answer to START_CHAT, with the status 0, if a chat started although the request breaks a rule.
CHAT_STARTED = "ChatStarted"

# An id that no instance, no flow and no contact has.
NOWHERE = "00000000-0000-0000-0000-000000000000"

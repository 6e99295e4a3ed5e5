"""The probes of a deployment's proof, which invokes a function directly with {PROBE: one of these}."""

PROBE = "probe"
SETTINGS = "settings"
# Before a permission of Connect: try it for an instance that the role does not name. That has to be denied.
ELSEWHERE = "elsewhere "
CREATE_ASSOCIATION = "connect:CreatePersistentContactAssociation"
DESCRIBE_CONTACT = "connect:DescribeContact"
START_CHAT = "connect:StartChatContact"
GET_ITEM = "dynamodb:GetItem"
PUT_ITEM = "dynamodb:PutItem"
QUERY = "dynamodb:Query"

# No instance and no contact.
NOWHERE = "00000000-0000-0000-0000-000000000000"

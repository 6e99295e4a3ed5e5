"""How AWS services say that they throttle a call."""

# In addition to the status 429: of Amazon Connect, DynamoDB, Lambda and EventBridge.
CODES = (
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)

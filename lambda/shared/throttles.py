"""How AWS services say that a call came too soon."""

# Beside the status 429. Of Amazon Connect, DynamoDB, Lambda and EventBridge.
CODES = frozenset(
    (
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)

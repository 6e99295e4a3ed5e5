"""The local cloud: MiniStack in one process with Amazon Connect added, and how to start and use it."""

ACCOUNT = "123456789012"
REGION = "us-east-1"

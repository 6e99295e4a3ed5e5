"""The endpoint: its callers, its API, and its monitoring."""

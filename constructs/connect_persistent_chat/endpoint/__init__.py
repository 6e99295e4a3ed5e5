"""The endpoint: who may call it, how it answers, and what watches it."""

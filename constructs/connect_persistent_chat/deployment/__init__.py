"""What a deployment checks and proves, and the one function that does it."""

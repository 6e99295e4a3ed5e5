"""One HTTP request that starts a chat: handler → request → past (the rule of associations) → Connect → response."""

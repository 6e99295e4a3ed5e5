"""One HTTP request that starts a chat: handler → request → past, by the association's rule → Connect → response."""

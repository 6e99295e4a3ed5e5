"""One HTTP request of the endpoint: handler → request → decision, by the rule → Connect → response."""

"""One HTTP request of the endpoint: handler → request → rule → Connect."""

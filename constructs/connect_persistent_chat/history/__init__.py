"""The history: the ended chats that an endpoint looks up, and their recorder."""

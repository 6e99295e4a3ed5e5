"""The recorder: contact events of an Amazon Connect instance become the history of its customers' chats."""

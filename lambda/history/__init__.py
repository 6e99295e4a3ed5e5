"""The chats of each customer, as the table keeps them: written by the recorder, read by the association function."""

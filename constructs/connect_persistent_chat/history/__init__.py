"""The history: the ended chats that an endpoint looks up, and the recorder that stores them."""

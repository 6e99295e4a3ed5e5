"""Amazon Connect: a contact, the operations that the functions call, and why a call failed."""

"""A customer's key, which can be compared, and does not say who the customer is."""

import hashlib


def key_of(instance_id: str, customer: str) -> str:
    """SHA-256 in hexadecimal: of the same length for every customer."""
    # The case of an instance's id does not matter; the case of a customer's does.
    text = f"{instance_id.lower()}\0{customer}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()

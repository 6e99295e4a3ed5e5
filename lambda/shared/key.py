"""A customer's key: says that two are the same, and not who it is."""

import hashlib


def key_of(instance_id: str, customer: str) -> str:
    """SHA-256 in hexadecimal: as long for every customer, whatever their identity holds.

    An instance's id is one whatever its case; a customer's is not.
    """
    text = f"{instance_id.lower()}\0{customer}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()

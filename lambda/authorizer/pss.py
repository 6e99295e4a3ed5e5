"""The padding of PS256. Source: RFC 8017, section 9.1.2 and appendix B.2.1."""

import hashlib


def is_right(encoded: bytes, bits: int, name: str, digest: bytes) -> bool:
    """EMSA-PSS-VERIFY, with a salt as long as the digest."""
    size, length = (bits + 7) // 8, len(digest)
    # With a modulus of 8n + 1 bits, `encoded` has one byte too many.
    if any(encoded[:-size]) or encoded[-1] != 0xBC:
        return False
    encoded = encoded[-size:]
    masked, hashed = encoded[: -length - 1], encoded[-length - 1 : -1]
    block = int.from_bytes(masked, "big")
    unused = 8 * size - bits
    if block >> (8 * len(masked) - unused):
        return False
    block ^= int.from_bytes(_mask(hashed, len(masked), name), "big")
    block &= (1 << (8 * len(masked) - unused)) - 1
    data = block.to_bytes(len(masked), "big")
    salt = data[-length:]
    begins = data[:-length] == b"\0" * (len(masked) - length - 1) + b"\1"
    return begins and hashed == hashlib.new(name, b"\0" * 8 + digest + salt).digest()


def _mask(seed: bytes, size: int, name: str) -> bytes:
    """MGF1 of RFC 8017."""
    count = -(-size // len(seed))
    return b"".join(hashlib.new(name, seed + number.to_bytes(4, "big")).digest() for number in range(count))[:size]

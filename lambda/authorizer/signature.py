"""RSA signatures, by `pow` and `hashlib`. A public key is not secret, so the time that a check takes may vary.

Source: RFC 8017, sections 8.1.2, 8.2.2 and 9; RFC 7518, sections 3.3 and 3.5. Why no ES256: docs/decisions/oidc.md.
"""

import hashlib

# The hash of each algorithm.
ALGORITHMS = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512", "PS256": "sha256"}
# The algorithm's identifier before the digest (RFC 8017, 9.2, note 1).
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def is_right(algorithm: str, modulus: int, exponent: int, signed: bytes, signature: bytes) -> bool:
    """Whether the private key of this public key signed these bytes."""
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    encoded = pow(number, exponent, modulus).to_bytes(size, "big")
    name = ALGORITHMS[algorithm]
    digest = hashlib.new(name, signed).digest()
    if algorithm == "PS256":
        return _is_pss(encoded, modulus.bit_length() - 1, name, digest)
    # Built and compared as a whole: code that takes it apart has let forged signatures through.
    end = _DIGEST_INFO[name] + digest
    return encoded == b"\0\1" + b"\xff" * (size - len(end) - 3) + b"\0" + end


def _is_pss(encoded: bytes, bits: int, name: str, digest: bytes) -> bool:
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

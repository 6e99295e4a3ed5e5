"""An issuer for the tests: private keys, their public forms, and tokens, right ones and others."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from authorizer import settings
from authorizer.keys import Key, usable

NOW = 1_800_000_000
ISSUER = "https://issuer.example/tenant"
ENVIRONMENT = {
    "CONNECT_INSTANCE_ID": "11111111-1111-4111-8111-111111111111",
    "ISSUER": ISSUER,
    "AUDIENCES": "app other",
    "CUSTOMER_CLAIM": "sub",
    "ALGORITHMS": "RS256",
}
SETTINGS = settings.read(ENVIRONMENT)
CLAIMS: Mapping[str, Any] = {"iss": ISSUER, "aud": "app", "sub": "person", "iat": NOW - 10, "exp": NOW + 600}
_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def private(name: str = "a", bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """The same one in a whole run, as to make one is slow."""
    return _made(name, bits, exponent)


@cache
def _made(name: str, bits: int, exponent: int) -> rsa.RSAPrivateKey:
    if bits % 2 == 0:
        return rsa.generate_private_key(exponent, bits)
    # OpenSSL makes even lengths only: one prime of the next longer key, and one of the next shorter.
    p, q = _made(name, bits + 1, exponent).private_numbers().p, _made(name, bits - 1, exponent).private_numbers().q
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def encoded(data: bytes) -> str:
    """Base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number of a JWK."""
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(name: str = "a", bits: int = 2048, exponent: int = 65537, **more: Any) -> dict[str, Any]:
    """A public key as an issuer shows it."""
    public = private(name, bits, exponent).public_key().public_numbers()
    return {"kty": "RSA", "kid": name, "use": "sig", "n": number(public.n), "e": number(public.e), **more}


def keys(*jwks: dict[str, Any], algorithms: tuple[str, ...] = SETTINGS.algorithms) -> dict[str | None, Key]:
    """The keys of a set that can be used."""
    return usable({"keys": [*jwks]}, algorithms)


def key(name: str = "a", bits: int = 2048, algorithm: str = "RS256") -> Key:
    """One that can be used."""
    return keys(jwk(name, bits), algorithms=(algorithm,))[name]


def sign(algorithm: str, signed: bytes, by: rsa.RSAPrivateKey, salt: int = padding.PSS.DIGEST_LENGTH) -> bytes:  # type: ignore[assignment]
    """A signature as it should be; `salt` is for PS256."""
    digest = _HASHES[algorithm[2:]]
    if algorithm.startswith("PS"):
        return by.sign(signed, padding.PSS(padding.MGF1(digest), salt), digest)
    return by.sign(signed, padding.PKCS1v15(), digest)


def raw(block: bytes, by: rsa.RSAPrivateKey) -> bytes:
    """What has this encoded message as its signature: only who has the private key can make it."""
    numbers = by.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(block, "big"), numbers.d, modulus).to_bytes((modulus.bit_length() + 7) // 8, "big")


def token(
    claims: Mapping[str, Any] | bytes = CLAIMS,
    header: Mapping[str, Any] | bytes | None = None,
    *,
    by: rsa.RSAPrivateKey | None = None,
    algorithm: str = "RS256",
) -> str:
    """A token of these claims; bytes stand as they are."""
    fields = {"alg": algorithm, "kid": "a", "typ": "JWT"} if header is None else header
    head, body = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (fields, claims))
    signed = f"{encoded(head)}.{encoded(body)}"
    return f"{signed}.{encoded(sign(algorithm, signed.encode(), by or private()))}"


def pss_block(signed: bytes, bits: int, salt: bytes | None = None, trailer: int = 0xBC, begin: int = 1) -> bytes:
    """EMSA-PSS-ENCODE with SHA-256, step by step, and with mistakes if wanted."""
    salt = secrets.token_bytes(32) if salt is None else salt
    size = (bits + 7) // 8
    hashed = hashlib.sha256(bytes(8) + hashlib.sha256(signed).digest() + salt).digest()
    data = bytes(size - len(salt) - 34) + bytes([begin]) + salt
    mask = b"".join(hashlib.sha256(hashed + count.to_bytes(4, "big")).digest() for count in range(size // 32 + 1))
    masked = bytearray(one ^ other for one, other in zip(data, mask, strict=False))
    masked[0] &= 0xFF >> (8 * size - bits)
    return bytes(masked) + hashed + bytes([trailer])

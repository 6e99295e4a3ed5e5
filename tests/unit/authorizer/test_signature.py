"""Signatures, beside those of a library that is widely trusted, and forged in each way that is known."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from authorizer.signature import ALGORITHMS, is_right
from tests.unit.authorizer.signing import key, private, pss_block, raw, sign

SIGNED = b"header.claims"
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
DIGEST = hashlib.sha256(SIGNED).digest()


def right(algorithm: str, signature: bytes, bits: int = 2048, signed: bytes = SIGNED) -> bool:
    """Whether it is a signature of the key."""
    one = key(bits=bits)
    return is_right(algorithm, one.modulus, one.exponent, signed, signature)


@pytest.mark.parametrize("bits", [2048, 2049, 2050, 2055, 3072, 4096])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_is_right_for_what_was_signed_by_this_key_only(algorithm: str, bits: int) -> None:
    """With each length of a modulus: with 8n + 1 bits the blocks of PSS are a byte shorter."""
    signature = sign(algorithm, SIGNED, private(bits=bits))
    assert right(algorithm, signature, bits)
    assert not right(algorithm, signature, bits, SIGNED + b" ")
    assert not right(algorithm, sign(algorithm, SIGNED, private("b")), bits)
    for other in {*ALGORITHMS} - {algorithm}:
        assert not right(other, signature, bits)


@given(st.sampled_from(sorted(ALGORITHMS)), st.integers(0, 2047))
def test_one_bit_is_enough(algorithm: str, bit: int) -> None:
    """No part of a signature is without meaning."""
    number = int.from_bytes(sign(algorithm, SIGNED, private()), "big") ^ (1 << bit)
    assert not right(algorithm, number.to_bytes(256, "big"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_has_the_length_of_the_modulus_and_is_smaller(algorithm: str) -> None:
    """Else one token had many signatures (RFC 8017, 8.2.2, steps 1 and 2)."""
    signature, modulus = sign(algorithm, SIGNED, private()), key().modulus
    number = int.from_bytes(signature, "big")
    assert not right(algorithm, b"\0" + signature)
    assert not right(algorithm, signature + b"\0")
    assert not right(algorithm, signature[:-1])
    assert not right(algorithm, b"")
    assert not right(algorithm, (number + modulus).to_bytes(257, "big"))
    # A small signature, so that the sum is not longer.
    found = next(
        text
        for text in range(1000)
        if int.from_bytes(sign("RS256", b"%d" % text, private()), "big") + modulus < 1 << 2048
    )
    twice = int.from_bytes(sign("RS256", b"%d" % found, private()), "big") + modulus
    assert not right("RS256", twice.to_bytes(256, "big"), signed=b"%d" % found)
    for value in (0, 1, modulus - 1, modulus):
        assert not right(algorithm, value.to_bytes(256, "big"))


FILL = b"\xff" * (253 - 51)


@pytest.mark.parametrize(
    "block",
    [
        # Bleichenbacher's of 2006: little padding, and rubbish behind the digest.
        b"\0\1" + b"\xff" * 8 + b"\0" + SHA256 + DIGEST + b"\x11" * (245 - 51),
        b"\0\1" + b"\xff" * (len(FILL) - 4) + b"\0" + SHA256 + DIGEST + b"\0" * 4,
        # Another kind of block, another filling, no end of it.
        b"\0\2" + FILL + b"\0" + SHA256 + DIGEST,
        b"\0\0" + FILL + b"\0" + SHA256 + DIGEST,
        b"\0\1" + FILL[:-1] + b"\xfe\0" + SHA256 + DIGEST,
        b"\0\1" + FILL + b"\xff" + SHA256 + DIGEST,
        # Without the algorithm, without its NULL, with another's, and with a length in two bytes.
        b"\0\1" + b"\xff" * (253 - 32) + b"\0" + DIGEST,
        b"\0\1" + FILL + b"\xff\xff\0" + bytes.fromhex("302f300b06096086480165030402010420") + DIGEST,
        b"\0\1" + FILL + b"\0" + SHA256.replace(b"\4\2\1", b"\4\2\2") + DIGEST,
        b"\0\1" + FILL[:-1] + b"\0" + b"\x30\x81" + SHA256[1:] + DIGEST,
        # Another digest, and half of one.
        b"\0\1" + FILL + b"\0" + SHA256 + hashlib.sha256(b"").digest(),
        b"\0\1" + FILL + b"\xff" * 16 + b"\0" + SHA256 + DIGEST[:16],
    ],
)
def test_a_block_that_only_looks_right_is_refused(block: bytes) -> None:
    """Each of these was once taken by some library; it is compared as a whole here."""
    assert len(block) == 256
    assert right("RS256", raw(b"\0\1" + FILL + b"\0" + SHA256 + DIGEST, private()))
    assert not right("RS256", raw(block, private()))


@pytest.mark.parametrize("bits", [2048, 2049, 2055])
def test_a_block_of_pss_is_checked_in_every_part(bits: int) -> None:
    """The salt is as long as the digest (RFC 7518, 3.5), and each byte that has to be something is."""
    by = private(bits=bits)
    assert right("PS256", raw(pss_block(SIGNED, bits - 1), by), bits)
    for salt in (b"", bytes(31), bytes(33), bytes(64)):
        assert not right("PS256", raw(pss_block(SIGNED, bits - 1, salt), by), bits)
    assert not right("PS256", raw(pss_block(SIGNED, bits - 1, trailer=0xCC), by), bits)
    assert not right("PS256", raw(pss_block(SIGNED, bits - 1, begin=2), by), bits)
    # One bit more than the block has, in its first byte or in one before it; by chance it is below the modulus.
    modulus, more = key(bits=bits).modulus, 1 << (bits - 1)
    blocks = (int.from_bytes(pss_block(SIGNED, bits - 1), "big") | more for _ in range(1000))
    block = next(block for block in blocks if block < modulus)
    assert not right("PS256", raw(block.to_bytes(257, "big"), by), bits)


@pytest.mark.parametrize("salt", [0, 20, 31, 33, padding.PSS.MAX_LENGTH])
def test_another_salt_is_refused_as_the_library_made_it(salt: int) -> None:
    """Not only as this test makes it."""
    assert not right("PS256", sign("PS256", SIGNED, private(), salt))

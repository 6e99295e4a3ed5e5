"""Which certificate authorities a connection trusts: first the likely ones, and if needed all those of the system.

Reading all certificates of the system is the largest part of a cold start that a client can save. AWS services have
certificates of Amazon's authorities. Other servers, such as a proxy, may not: then all certificates are read.
Source: Amazon Trust Services, "Repository".
"""

import binascii
import ssl
from functools import cache

# In the names of Amazon Root CA 1 to 4 and of Starfield Services Root Certificate Authority - G2.
_AMAZON = (b"Amazon", b"Starfield Services")
# In the names of Amazon's and of other common authorities. Most servers have their certificate from one of these.
_COMMON = (*_AMAZON, b"DigiCert Global Root", b"GTS Root", b"ISRG Root")


@cache
def amazons() -> ssl.SSLContext:
    """The system's certificates of Amazon's authorities; all of the system's if there are none in its one file."""
    return _some(_AMAZON)


@cache
def commons() -> ssl.SSLContext:
    """The same for the most common authorities. Amazon's authorities are among them."""
    return _some(_COMMON)


@cache
def everybodys() -> ssl.SSLContext:
    """All of the system's certificates."""
    return _limited(ssl.create_default_context())


def _some(names: tuple[bytes, ...]) -> ssl.SSLContext:
    try:
        # None if the system has no such file.
        with open(ssl.get_default_verify_paths().cafile or "", "rb") as file:  # noqa: PTH123 - pathlib would be one import more
            kept = _certificates_of(names, file.read())
        return _limited(ssl.create_default_context(cadata=kept)) if kept else everybodys()
    except (OSError, ValueError):
        return everybodys()


def _certificates_of(names: tuple[bytes, ...], bundle: bytes) -> bytes:
    """The certificates of these authorities, in DER, from a bundle in PEM."""
    parts = bundle.translate(None, b"\r\n").split(b"-----BEGIN CERTIFICATE-----")[1:]
    encoded = [text for name in names for text in _encoded(name)]
    # To decode all of them would take longer than to search in all of them.
    likely = (
        part.partition(b"-----END CERTIFICATE-----")[0] for part in parts if any(text in part for text in encoded)
    )
    certificates = (binascii.a2b_base64(one) for one in likely)
    return b"".join(one for one in certificates if any(name in one for name in names))


def _encoded(name: bytes) -> list[bytes]:
    """A name in base64, with 0, 1 and 2 bytes before it; without the characters that depend on what is around it."""
    texts = [(binascii.b2a_base64(bytes(before) + name), before) for before in range(3)]
    return [text[-(-8 * before // 6) : 8 * (before + len(name)) // 6] for text, before in texts]


def _limited(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

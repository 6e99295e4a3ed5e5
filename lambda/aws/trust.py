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
# Each certificate takes almost a hundredth of a cold start, so roots that are rarely used are left out.
_COMMON = (*_AMAZON, b"DigiCert Global Root G2", b"GTS Root R1", b"GTS Root R4", b"ISRG Root X1")
# So many characters of base64 hold a root's serial number and the name of its issuer, which is the root itself.
_HEAD = 320


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
    kept = []
    for part in bundle.split(b"-----BEGIN CERTIFICATE-----")[1:]:
        # To decode the whole of each would take twice as long.
        head = binascii.a2b_base64(b"".join(part[: _HEAD * 9 // 8].split())[:_HEAD])
        if any(name in head for name in names):
            kept.append(binascii.a2b_base64(part.partition(b"-----END CERTIFICATE-----")[0]))
    return b"".join(kept)


def _limited(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

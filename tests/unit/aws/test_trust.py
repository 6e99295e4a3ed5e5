"""Which authorities are believed; what a connection makes of them is in test_client.py."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws import trust
from local.tls import Authority

# The last is another root of the company that has the second.
NAMES = ("Amazon", "Starfield Services", "Somebody", "amazon", "Starfield Technologies")
AUTHORITIES = {name: Authority(name) for name in NAMES}
# What bundles have between their certificates.
BETWEEN = st.sampled_from([b"", b"\n", b"# Amazon Root CA 1\n", b"Starfield Services\r\n\r\n", b"\xff"])


@given(st.lists(st.tuples(st.sampled_from(NAMES), BETWEEN, st.booleans())))
def test_amazons_certificates_are_found_wherever_they_stand(bundle: list[tuple[str, bytes, bool]]) -> None:
    """In any order, with any comments and line ends: a missed one would read all of the system's in each cold start."""
    text = b"".join(
        between + (AUTHORITIES[name].pem.replace(b"\n", b"\r\n") if dos else AUTHORITIES[name].pem)
        for name, between, dos in bundle
    )
    expected = [name for name, *_ in bundle if name in ("Amazon", "Starfield Services")]
    assert trust._certificates_of(trust._AMAZON, text) == b"".join(
        ssl.PEM_cert_to_DER_cert(AUTHORITIES[name].pem.decode()) for name in expected
    )


def test_every_common_authority_of_the_system_is_found() -> None:
    """Only the beginning of a certificate is searched. Real roots have longer serial numbers and names than ours."""
    everybody = ssl.create_default_context().get_ca_certs(binary_form=True)
    bundle = "".join(ssl.DER_cert_to_PEM_cert(one) for one in everybody).encode()
    expected = [one for one in everybody if any(name in one for name in trust._COMMON)]
    assert trust._certificates_of(trust._COMMON, bundle) == b"".join(expected)
    assert all(any(name in one for one in expected) for name in trust._COMMON)


def test_neither_kind_of_trust_takes_an_old_tls_or_a_stranger(trusted: Callable[..., None]) -> None:
    """What is sent names contacts; a connection that anybody could read or answer is none."""
    trusted(AUTHORITIES["Amazon"], AUTHORITIES["Somebody"])
    assert trust.amazons() is not trust.everybodys()
    for context in (trust.amazons(), trust.commons(), trust.everybodys()):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


def test_other_servers_have_certificates_of_more_authorities(trusted: Callable[..., None]) -> None:
    """Amazon's alone would have nearly every issuer's certificate checked twice, and all of the system's read."""
    trusted(*(AUTHORITIES[name] for name in NAMES), Authority("DigiCert Global Root G2"))
    assert len(trust.commons().get_ca_certs()) == len(trust.amazons().get_ca_certs()) + 1 == 3


def test_the_systems_file_is_read_once(trusted: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of a function's three clients asks for it."""
    trusted(AUTHORITIES["Amazon"])
    first = trust.amazons()
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    assert trust.amazons() is first


def test_a_system_without_amazons_authorities_is_read_whole(
    trusted: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None in the file, no file, or one that cannot be read: then it is as everywhere else."""
    trusted(AUTHORITIES["Somebody"])
    assert trust.amazons() is trust.everybodys()
    assert len(trust.amazons().get_ca_certs()) == 1
    for text in (None, b"-----BEGIN CERTIFICATE-----\nnonsense=\n-----END CERTIFICATE-----\n"):
        file = tmp_path / "odd.pem"
        if text is not None:
            file.write_bytes(text)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        trust.amazons.cache_clear()
        trust.everybodys.cache_clear()
        assert trust.amazons() is trust.everybodys()
    assert trust.amazons().verify_mode == ssl.CERT_REQUIRED
    assert trust.amazons().check_hostname

"""Certificate authorities that the system has."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aws import trust
from local.tls import Authority


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes authorities the only ones of the system."""

    def believe(*authorities: Authority) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(b"".join(b"# An authority.\n" + one.pem for one in authorities))
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        forget()

    def forget() -> None:
        trust.amazons.cache_clear()
        trust.commons.cache_clear()
        trust.everybodys.cache_clear()

    yield believe
    forget()

"""Where a service answers: as the AWS SDKs would find it, and said clearly if it cannot be read."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.endpoint import Endpoint, endpoint_of

DEFAULT = Endpoint.parse("https://connect.us-east-1.amazonaws.com")


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({}, "connect.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_CONNECT": "https://b:8443/x/"}, "b:8443"),
        (
            {"AWS_ENDPOINT_URL": "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
            "connect.us-east-1.amazonaws.com",
        ),
    ],
)
def test_the_services_own_variable_comes_first(environ: dict[str, str], host: str) -> None:
    """AWS SDKs and Tools Reference Guide, "Service-specific endpoints"."""
    assert endpoint_of("connect", environ, DEFAULT).host_header == host


def test_a_base_path_and_an_ipv6_host_are_kept() -> None:
    """A proxy may answer below a path, and a host may be an address."""
    endpoint = Endpoint.parse("http://[::1]:80/base/")
    assert (endpoint.host_header, endpoint.base_path) == ("[::1]", "/base")


URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP", "ftp", ""]),
    st.text(st.sampled_from("aZ0.-_[]:@ é"), max_size=6) | st.just("[::1]"),
    st.sampled_from(["", ":", ":1", ":65535", ":65536", ":x"]),
    st.text(st.sampled_from("/a%2-?#@ é\n"), max_size=5),
)


@settings(max_examples=2_000)
@given(URLS)
def test_what_is_read_is_what_the_standard_library_reads(url: str) -> None:
    """Whatever is taken is understood as everybody else does; what it does not take is an error, not a guess."""
    try:
        ours = Endpoint.parse(url)
    except ValueError:
        return
    theirs = urlsplit(url)
    assert (theirs.username, theirs.query, theirs.fragment) == (None, "", "")
    port = theirs.port if theirs.port is not None else {"http": 80, "https": 443}[theirs.scheme]
    assert ours == Endpoint(theirs.scheme, theirs.hostname or "", port, theirs.path.rstrip("/"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "connect",
        "ftp://a",
        "https://",
        "https://a:x",
        "https://a:65536",
        "https://u@a",
        "https://a/@",
        "https://a/?b",
        "https://a#b",
        "http://a b",
        "http://a/b c",
        "http://a\n",
        "http://é",
        "http://[::1",
        "http://::1",
        "http://a]",
    ],
)
def test_a_malformed_url_names_its_variable(url: str) -> None:
    """A mistake in the environment is told with the variable's name."""
    with pytest.raises(ValueError, match="expected http"):
        Endpoint.parse(url)
    if url:
        with pytest.raises(ValueError, match="AWS_ENDPOINT_URL is malformed"):
            endpoint_of("connect", {"AWS_ENDPOINT_URL": url}, DEFAULT)

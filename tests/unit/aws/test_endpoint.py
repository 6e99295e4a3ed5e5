"""Where a service answers: as the AWS SDKs would find it, and said clearly if it cannot be read."""

import pytest

from aws.endpoint import Endpoint, endpoint_of

DEFAULT = "https://connect.us-east-1.amazonaws.com"


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


@pytest.mark.parametrize(
    "url", ["", "connect", "ftp://a", "https://", "https://a:x", "https://u@a", "https://a/?b", "http://a b"]
)
def test_a_malformed_url_names_its_variable(url: str) -> None:
    """A mistake in the environment is told with the variable's name."""
    with pytest.raises(ValueError, match="expected http"):
        Endpoint.parse(url)
    if url:
        with pytest.raises(ValueError, match="AWS_ENDPOINT_URL is malformed"):
            endpoint_of("connect", {"AWS_ENDPOINT_URL": url}, DEFAULT)

"""The signature is botocore's to the letter: a wrong one would be seen on AWS first."""

import datetime
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.signing import Credentials, CredentialsMissing, encoded, signed_headers
from tests.profiles import profiles

NOW = 1_763_900_000
SAFE = st.sampled_from("abcXYZ019-_.~")
# What a segment says, encoded as it goes out: every reserved character, and any other.
TEXTS = st.text(st.one_of(st.sampled_from("/?#[]@!$&'()*+,;= %:.~-_a0"), st.characters(codec="utf-8")), max_size=6)
SEGMENTS = st.one_of(TEXTS.map(lambda text: quote(text, safe="")), st.sampled_from([".", "..", "", "%2e%2E", "a%20b"]))
PATHS = st.lists(SEGMENTS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.lists(st.tuples(st.text(SAFE, min_size=1, max_size=4), st.text(SAFE, max_size=4)), max_size=3)
BODIES = st.one_of(st.binary(max_size=40), st.integers(1, 70_000).map(lambda size: b"x" * size), TEXTS.map(str.encode))
REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "delete"]),
        "path": PATHS,
        "query": QUERIES,
        "body": BODIES,
        "token": st.none() | st.text(SAFE, min_size=1, max_size=900),
        "extra": st.sampled_from([{}, {"Content-Type": "application/json"}, {"X-Odd": "  two   words "}]),
    }
)


def botocore_authorization(
    method: str, target: str, headers: dict[str, str], body: bytes, credentials: Credentials
) -> str:
    """What botocore would send."""
    request = AWSRequest(method, f"https://{headers['Host']}{target}", dict(headers), body)
    signer = auth.SigV4Auth(
        BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token),
        "connect",
        credentials.region,
    )
    now = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with mock.patch.object(auth, "get_current_datetime", return_value=now):
        signer.add_auth(request)
    return str(request.headers["Authorization"])


def hold_against_botocore(request: dict[str, Any]) -> None:
    """The same request, signed by both."""
    query = "&".join(f"{name}={value}" for name, value in request["query"])
    target = request["path"] + (f"?{query}" if query else "")
    headers = {"Host": "connect.us-east-1.amazonaws.com", **request["extra"]}
    credentials = Credentials("AKIDEXAMPLE", "secret", request["token"], "us-east-1")
    unsigned = (request["method"], target, headers, request["body"])
    ours = signed_headers(*unsigned, "connect", credentials, NOW)["Authorization"]
    assert ours == botocore_authorization(request["method"], target, headers, request["body"], credentials)


@settings(max_examples=500)
@given(st.text(st.characters(codec="utf-8")))
def test_text_is_encoded_as_the_standard_library_does(text: str) -> None:
    """Whatever stands in a path: it is the same to whoever decodes it."""
    assert encoded(text) == quote(text, safe="")
    assert encoded(text, b"/") == quote(text, safe="/")


@profiles(500, 10_000, REQUESTS)
def test_every_signature_is_botocores(request: dict[str, Any]) -> None:
    """Methods, paths of reserved and other characters, queries, bodies, session tokens and odd headers."""
    hold_against_botocore(request)


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"])
def test_missing_credentials_are_named(missing: str) -> None:
    """Lambda sets them; whoever runs the function elsewhere is told what is missing."""
    environ = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "c"}
    del environ[missing]
    with pytest.raises(CredentialsMissing, match=missing):
        Credentials.of(environ)

"""The signature is botocore's to the letter: a wrong one would be seen on AWS first."""

import datetime
from unittest import mock

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.signing import Credentials, CredentialsMissing, Unsigned, signed_headers

NOW = 1_763_900_000
SAFE = st.sampled_from("abcXYZ019-_.~")
ENCODED = st.sampled_from(["%20", "%2F", "%25", "%C3%A9", "%00", "a", "-", "."])
SEGMENTS = st.lists(ENCODED, max_size=5).map("".join)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.lists(st.tuples(st.text(SAFE, min_size=1, max_size=4), st.text(SAFE, max_size=4)), max_size=3)


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


@settings(max_examples=500, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=PATHS,
    query=QUERIES,
    body=st.binary(max_size=40),
    token=st.none() | st.text(SAFE, min_size=1),
    extra=st.sampled_from([{}, {"Content-Type": "application/json"}, {"X-Odd": "  two   words "}]),
)
def test_every_signature_is_botocores(
    method: str,
    path: str,
    query: list[tuple[str, str]],
    body: bytes,
    token: str | None,
    extra: dict[str, str],
) -> None:
    """Methods, encoded paths, queries, bodies, session tokens and odd headers."""
    target = path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    headers = {"Host": "connect.us-east-1.amazonaws.com", **extra}
    credentials = Credentials("AKIDEXAMPLE", "secret", token, "us-east-1")
    ours = signed_headers(Unsigned(method, target, headers, body), "connect", credentials, NOW)
    assert ours["Authorization"] == botocore_authorization(method, target, headers, body, credentials)


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"])
def test_missing_credentials_are_named(missing: str) -> None:
    """Lambda sets them; whoever runs the function elsewhere is told what is missing."""
    environ = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "c"}
    del environ[missing]
    with pytest.raises(CredentialsMissing, match=missing):
        Credentials.of(environ)

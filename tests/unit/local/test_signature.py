"""What a signature says of its request, held against botocore's own signers."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from local.signature import Signed, flaw_of

ROOT = Credentials("123456789012", "any")
BODY = b'{"a": 1}'


def signed(signer: Any, service: str, region: str = "us-east-1", body: bytes = BODY, **options: Any) -> Signed:
    """A request as botocore signs it just now."""
    request = AWSRequest("POST", "http://127.0.0.1:4566/path?b=2", {}, body)
    signer(ROOT, service, region, **options).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    query = {name.lower(): value for name, value in parse_qsl(urlsplit(request.url).query)}
    return Signed(headers, query, body)


def code_of(request: Signed, service: str = "connect", ahead: float = 0) -> str:
    """The flaw's code; empty if there is none."""
    flaw = flaw_of(request, (service,), "us-east-1", datetime.now(UTC) + timedelta(seconds=ahead))
    return flaw.code if flaw else ""


@pytest.mark.parametrize(
    ("signer", "service"),
    [(SigV4Auth, "connect"), (SigV4QueryAuth, "connect"), (S3SigV4Auth, "s3"), (S3SigV4QueryAuth, "s3")],
)
def test_what_botocore_signs_counts(signer: Any, service: str) -> None:
    """By header and by query; for another service or region it does not."""
    assert code_of(signed(signer, service), service) == ""
    assert code_of(signed(signer, service), "dynamodb") == "SignatureDoesNotMatch"
    assert code_of(signed(signer, service, "eu-west-1"), service) == "SignatureDoesNotMatch"


def test_what_is_not_signed_has_no_flaw() -> None:
    """A token or nothing: who may ask so is decided elsewhere."""
    for headers in ({}, {"authorization": "Bearer a.b.c"}):
        assert code_of(Signed(headers, {"action": "ListUsers"}, b"")) == ""


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "AWS3-HTTPS AWSAccessKeyId=123456789012"}, {}),
        ({"authorization": "AWS4-ECDSA-P256-SHA256 Credential=123456789012/20260101/s3/aws4_request"}, {}),
        ({"authorization": "AWS4-HMAC-MD5 Credential=123456789012/20260101/us-east-1/s3/aws4_request"}, {}),
        (
            {},
            {"x-amz-algorithm": "AWS4-ECDSA-P256-SHA256", "x-amz-credential": "123456789012/20260101/s3/aws4_request"},
        ),
    ],
)
def test_other_versions_of_signatures_do_not_count(headers: dict[str, str], query: dict[str, str]) -> None:
    """The root's key in one of them would open everything, with no scope and no time."""
    request = Signed(headers, query, b"")
    assert (code_of(request, "iam"), code_of(request, "s3")) == ("IncompleteSignature", "IncompleteSignature")


def test_version_2_is_amazon_s3s_and_has_its_time() -> None:
    """boto3 signs addresses of Amazon S3 so, unless told otherwise; the root's key in an old one opened everything."""
    get = AWSRequest("GET", "http://127.0.0.1:4566/bucket/key")
    HmacV1QueryAuth(ROOT, expires=60).add_auth(get)
    query = {name.lower(): value for name, value in parse_qsl(urlsplit(get.url).query)}
    address = Signed({}, query, b"")
    assert [code_of(address, "s3", ahead) for ahead in (0, 50, 70)] == ["", "", "AccessDenied"]
    for expires in ("", "-1", "soon", "1e99", "9" * 30):
        assert code_of(address._replace(query={**query, "expires": expires}), "s3") == "AccessDenied"
    put = AWSRequest("PUT", "http://127.0.0.1:4566/bucket/key")
    HmacV1Auth(ROOT).add_auth(put)
    headers = {name.lower(): str(value) for name, value in put.headers.items()}
    request = Signed(headers, {}, b"")
    assert [code_of(request, "s3", ahead) for ahead in (0, 890, 910, -910)] == ["", "", *["RequestTimeTooSkewed"] * 2]
    for date in ("", "yesterday", "Thu, 99 Nov 2026 00:00:00 GMT"):
        assert code_of(request._replace(headers={**headers, "date": date}), "s3") == "AccessDenied"
    assert (code_of(address, "iam"), code_of(request, "iam")) == ("IncompleteSignature", "IncompleteSignature")


def test_two_credentials_are_none() -> None:
    """In one header or in two: who asks is read from one of them, and when and where from the other."""
    request = signed(SigV4Auth, "connect")
    authorization = request.headers["authorization"]
    second = "Credential=123456789012/20200101/eu-west-1/s3/aws4_request"
    for both in (
        f"{authorization}, {second}",
        authorization.replace("Credential=", f"{second}, Credential="),
        f"{authorization}, {authorization}",
    ):
        headers = {**request.headers, "authorization": both}
        assert code_of(request._replace(headers=headers)) == "IncompleteSignature"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("/aws4_request", "/aws4", "SignatureDoesNotMatch"),
        ("/us-east-1/", "/us-east-2/", "SignatureDoesNotMatch"),
        ("/us-east-1/", "//", "SignatureDoesNotMatch"),
        ("/connect/", "/s3/", "SignatureDoesNotMatch"),
        ("/connect/", "/Connect/", "SignatureDoesNotMatch"),
        ("/connect/", "/", "IncompleteSignature"),
        ("Credential=", "Credentials=", "IncompleteSignature"),
        ("SignedHeaders=", "Signed=", "IncompleteSignature"),
        ("Signature=", "Signed=", "IncompleteSignature"),
        ("SignedHeaders=host;", "SignedHeaders=", "IncompleteSignature"),
    ],
)
def test_each_part_of_a_signature_counts(old: str, new: str, code: str) -> None:
    """The scope's date, region, service and end; none may be left out."""
    request = signed(SigV4Auth, "connect")
    changed = {**request.headers, "authorization": request.headers["authorization"].replace(old, new)}
    assert code_of(request._replace(headers=changed)) == code


@pytest.mark.parametrize(
    ("service", "seconds"), [("connect", 300), ("execute-api", 300), ("s3", 900), ("sqs", 900), ("dynamodb", 900)]
)
def test_a_signature_is_of_now(service: str, seconds: int) -> None:
    """Five minutes, for some services fifteen, before and after the machine's clock."""
    request = signed(SigV4Auth, service)
    for ahead in (seconds - 5, 5 - seconds):
        assert code_of(request, service, ahead) == ""
    for ahead in (seconds + 5, -5 - seconds):
        assert code_of(request, service, ahead) == "RequestTimeTooSkewed"


def test_the_two_dates_are_one() -> None:
    """The scope's, and X-Amz-Date's or Date's; what is no date is none."""
    request = signed(SigV4Auth, "connect")
    date = request.headers["x-amz-date"]
    later = (datetime.strptime(date, "%Y%m%dT%H%M%SZ") + timedelta(days=1)).strftime("%Y%m%dT%H%M%SZ")
    for value, code in ((later, "CredentialDateMismatch"), ("now", "IncompleteSignature"), ("", "IncompleteSignature")):
        assert code_of(request._replace(headers={**request.headers, "x-amz-date": value})) == code
    plain = {name: value for name, value in request.headers.items() if name != "x-amz-date"}
    assert code_of(request._replace(headers=plain)) == "IncompleteSignature"
    http = datetime.strptime(date, "%Y%m%dT%H%M%SZ").strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert code_of(request._replace(headers={**plain, "date": http})) == ""


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth])
def test_a_presigned_address_ends_when_it_says(signer: Any) -> None:
    """From one second to a week; not before it was signed."""
    service = "s3" if signer is S3SigV4QueryAuth else "connect"
    request = signed(signer, service, expires=3600)
    assert code_of(request, service, 3500) == ""
    assert code_of(request, service, 3700) == ("AccessDenied" if service == "s3" else "RequestTimeTooSkewed")
    assert code_of(request, service, -3600) == "RequestTimeTooSkewed"
    assert code_of(signed(signer, service, expires=604_800), service, 604_000) == ""


def test_amazon_s3_takes_one_signature() -> None:
    """Of a header's and an address's together one would go unread."""
    header, address = signed(S3SigV4Auth, "s3"), signed(S3SigV4QueryAuth, "s3")
    assert code_of(header._replace(query=address.query), "s3") == "InvalidArgument"


@given(st.text(max_size=8).filter(lambda text: not (text.isascii() and text.isdigit() and 1 <= int(text) <= 604_800)))
def test_a_presigned_address_says_seconds_of_a_week(expires: str) -> None:
    """0, a week and a second, and whatever is no number."""
    request = signed(S3SigV4QueryAuth, "s3")
    assert code_of(request._replace(query={**request.query, "x-amz-expires": expires}), "s3") == "IncompleteSignature"


@pytest.mark.parametrize("part", ["algorithm", "credential", "signature", "signedheaders", "date"])
def test_half_a_presigned_address_is_none(part: str) -> None:
    """The root's key in a query alone opened everything; that of Amazon S3 has to say when it ends."""
    request = signed(SigV4QueryAuth, "connect")
    query = {name: value for name, value in request.query.items() if name != f"x-amz-{part}"}
    # Without a credential and an algorithm it is no signature at all.
    assert code_of(request._replace(query=query)) == "IncompleteSignature"
    s3 = signed(S3SigV4QueryAuth, "s3")
    endless = {name: value for name, value in s3.query.items() if name != "x-amz-expires"}
    assert code_of(s3._replace(query=endless), "s3") == "IncompleteSignature"


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_the_hash_is_that_of_the_body(told: bytes, sent: bytes) -> None:
    """As soon as it is stated, for every service."""
    for service in ("connect", "s3"):
        request = signed(SigV4Auth, service)
        headers = {**request.headers, "x-amz-content-sha256": hashlib.sha256(told).hexdigest()}
        expected = "" if told == sent else "SignatureDoesNotMatch"
        assert code_of(Signed(headers, {}, sent), service) == expected


@pytest.mark.parametrize(
    ("told", "of_s3"),
    [
        ("UNSIGNED-PAYLOAD", ""),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""),
        ("unsigned-payload", "SignatureDoesNotMatch"),
        ("", "SignatureDoesNotMatch"),
        ("any", "SignatureDoesNotMatch"),
    ],
)
def test_only_amazon_s3_leaves_bodies_unsigned(told: str, of_s3: str) -> None:
    """Everywhere else a body counts."""
    for service in ("s3", "execute-api", "connect"):
        request = signed(SigV4Auth, service)
        headers = {**request.headers, "x-amz-content-sha256": told}
        expected = of_s3 if service == "s3" else "SignatureDoesNotMatch"
        assert code_of(request._replace(headers=headers), service) == expected

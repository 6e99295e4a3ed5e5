"""What a signature of version 4 says about the request that it came with: scope, time, and the body's hash.

Source: IAM User Guide, "Elements of an AWS API request signature" and "Create a signed AWS API request"; Amazon S3 API
Reference, "Authenticating requests (AWS Signature Version 4)". Whether it was made with the right secret is not asked
here: the local cloud's root takes any.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

_ALGORITHM = "AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_INSTANT = "%Y%m%dT%H%M%SZ"
_MOST_SECONDS_VALID = 604_800
# Amazon S3 alone signs requests without their bodies, or in pieces.
_OF_S3 = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
# Services that take a request signed up to 15 minutes from their clock, as S3 does; the others take 5.
_PATIENT = frozenset(("dynamodb", "ecr", "elasticache", "iam", "rds", "s3", "sns", "sqs", "sts"))


class Flaw(NamedTuple):
    """Why a signature does not count: an error's code and message, as AWS words them."""

    code: str
    message: str


class Signed(NamedTuple):
    """A request as it arrived; the names of headers and parameters in lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


def flaw_of(request: Signed, services: tuple[str, ...], region: str, now: datetime) -> Flaw | None:
    """What is wrong with a request's signature; None if nothing is, or if it has none.

    :param services: the names for which it may be signed.
    """
    given = _parts_of(request)
    if given is None:
        return _flaw_of_another_version(request, services, now)
    credential = given.get("credential", "").split("/")
    missing = [name for name in ("credential", "signedheaders", "signature", "date") if not given.get(name)]
    if missing:
        return Flaw("IncompleteSignature", f"The signature lacks {', '.join(missing)}.")
    if services == ("s3",) and "presigned" not in given and "x-amz-signature" in request.query:
        return Flaw("InvalidArgument", "Only one auth mechanism allowed.")
    if len(credential) != 5:
        return Flaw("IncompleteSignature", "Credential must have exactly 5 slash-delimited elements.")
    _, date, of_region, service, terminator = credential
    if service not in services:
        return _mismatch(f"Credential should be scoped to correct service: '{services[0]}'. ")
    if of_region != region:
        return _mismatch(f"Credential should be scoped to a valid region, not '{of_region}'. ")
    if terminator != _TERMINATOR:
        return _mismatch(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}', not '{terminator}'. ")
    if "host" not in given["signedheaders"].lower().split(";"):
        return Flaw("IncompleteSignature", "'Host' must be a 'SignedHeader' in the AWS Authorization. ")
    return _flaw_of_time(given, date, service, now) or _flaw_of_body(request, service)


def _parts_of(request: Signed) -> dict[str, str] | None:
    """The signature's parts, from the header or the query, as MiniStack and AWS prefer them."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(_ALGORITHM):
        parts: dict[str, str] = {}
        # What comes twice, also in a second header, holds as neither.
        for part in authorization.replace(_ALGORITHM, "").split(","):
            name, _, value = (text.strip() for text in part.partition("="))
            parts[name.lower()] = f"{parts[name.lower()]}, {value}" if name.lower() in parts else value
        return {**parts, "date": _date_of(request.headers)}
    query = request.query
    if "x-amz-credential" not in query and query.get("x-amz-algorithm") != _ALGORITHM:
        return None
    parts = {name.removeprefix("x-amz-"): value for name, value in query.items() if name.startswith("x-amz-")}
    if parts.get("algorithm") != _ALGORITHM:
        # Another way to sign, whose own check it gets; or none at all, which then lacks everything.
        return None if parts.get("algorithm") else {}
    return {**parts, "presigned": "yes"}


def _flaw_of_another_version(request: Signed, services: tuple[str, ...], now: datetime) -> Flaw | None:
    """None for what nobody signed, and for a signature of version 2 that Amazon S3 takes: boto3 signs addresses so."""
    header, query = request.headers.get("authorization", ""), request.query
    older = header.startswith("AWS ") or "awsaccesskeyid" in query
    other = query.get("x-amz-algorithm", _ALGORITHM) != _ALGORITHM
    if header.startswith(("AWS3", "AWS4-")) or other or (older and services != ("s3",)):
        return Flaw("IncompleteSignature", "Only a signature of version 4 counts here.")
    if not older:
        return None
    if not header.startswith("AWS "):
        until = query.get("expires", "")
        valid = re.fullmatch(r"[0-9]{1,11}", until) and now.timestamp() <= int(until)
        return None if valid else Flaw("AccessDenied", "Request has expired")
    try:
        date = request.headers.get("x-amz-date") or request.headers["date"]
        signed = parsedate_to_datetime(date).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return Flaw("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
    if abs(now - signed) > timedelta(minutes=15):
        return Flaw(
            "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."
        )
    return None


def _date_of(headers: Mapping[str, str]) -> str:
    """X-Amz-Date, or Date as X-Amz-Date would have it."""
    date = headers.get("x-amz-date", "")
    if date or "date" not in headers:
        return date
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC).strftime(_INSTANT)
    except (TypeError, ValueError, OverflowError):
        return ""


def _flaw_of_time(given: Mapping[str, str], date: str, service: str, now: datetime) -> Flaw | None:
    try:
        signed = datetime.strptime(given["date"], _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        return Flaw("IncompleteSignature", "Date must be in ISO-8601 'basic format'.")
    if date != given["date"][:8]:
        return Flaw(
            "CredentialDateMismatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP. ",
        )
    minutes = 15 if service in _PATIENT else 5
    window = valid = timedelta(minutes=minutes)
    if "presigned" in given and ("expires" in given or service == "s3"):
        seconds = given.get("expires", "")
        if not re.fullmatch(r"[0-9]{1,6}", seconds) or not 1 <= int(seconds) <= _MOST_SECONDS_VALID:
            return Flaw("IncompleteSignature", f"X-Amz-Expires must be a number from 1 to {_MOST_SECONDS_VALID}.")
        valid = timedelta(seconds=int(seconds))
    if now > signed + valid and "presigned" in given and service == "s3":
        return Flaw("AccessDenied", "Request has expired")
    if now > signed + valid:
        return Flaw("RequestTimeTooSkewed", f"Signature expired: {given['date']} is too long ago.")
    if now < signed - window:
        return Flaw("RequestTimeTooSkewed", f"Signature not yet current: {given['date']} is still later than now.")
    return None


def _flaw_of_body(request: Signed, service: str) -> Flaw | None:
    told = request.headers.get("x-amz-content-sha256")
    if told is None or (service == "s3" and _OF_S3.fullmatch(told)):
        return None
    if told != hashlib.sha256(request.body).hexdigest():
        return _mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
    return None


def _mismatch(message: str) -> Flaw:
    return Flaw("SignatureDoesNotMatch", message)

"""Attacks on the developer's machine through the local cloud's socket, by web pages and by names that lead here.

The cloud's root takes any secret, so whoever reaches the socket with the right words is the developer. A test that
says nothing of what happened is of no use: each looks whether anything was done.
"""

import json
import re
import signal
import socket as sockets
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamReset

from local.cloud import Cloud
from tests.local.raw import EVIL, FOREIGN, Header, Raw, Socket

DAY = json.dumps({"advance": 86_400}).encode()
PLAIN = ("Content-Type", "text/plain")
HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}",
    "127.0.0.1.nip.io:{port}",
    "localhost.:{port}",
    "127.0.0.1.:{port}",
    "bucket.localhost:{port}",
    "a1b2c3d4.execute-api.localhost:{port}",
    "a1b2c3d4.execute-api.127.0.0.1:{port}",
    "a1b2c3d4.execute-api.us-east-1.amazonaws.com",
    "s3.amazonaws.com",
    "sts.localhost",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}, evil.example",
    "127.0.0.1:{port}/evil.example",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "0177.0.0.1:{port}",
    "127.1:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "[0:0:0:0:0:0:0:1]:{port}",
    "[::1%25lo]:{port}",
    "::1",
    "localhost:port",
    "localhost:",
    "localhost:99999999",
    "l\u00f6calhost",
    "machine",
    "",
]
# What a browser adds on its own, one by one: each of them is enough.
PAGES: list[tuple[Header, ...]] = [
    FOREIGN,
    (("Origin", EVIL),),
    (("origin", "HTTPS://EVIL.EXAMPLE"),),
    (("Origin", "null"),),
    (("Origin", ""),),
    (("Origin", "http://localhost"),),
    (("Origin", "http://localhost:3000"),),
    (("Origin", "http://127.0.0.1"),),
    (("Origin", "https://{host}"),),
    (("Origin", "http://{host}.evil.example"),),
    (("Origin", "http://localhost:{port}"),),
    (("Origin", "http://{host} https://evil.example"),),
    (("Origin", "http://{host}"), ("Origin", EVIL)),
    (("Origin", "file://"),),
    (("Origin", "chrome-extension://abcdefghijklmnop"),),
    (("Sec-Fetch-Site", "cross-site"),),
    (("Sec-Fetch-Site", "same-site"),),
    (("SEC-FETCH-SITE", "CROSS-SITE"),),
    (("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")),
    (("Sec-Fetch-Site", "same-origin, cross-site"),),
    (("Sec-Fetch-Site", "unheard-of"),),
    (("Sec-Fetch-Site", ""),),
    (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-User", "?1")),
    (("Sec-Fetch-Site", "none"), ("Origin", EVIL)),
    (("Origin", "http://{host}"), ("Sec-Fetch-Site", "cross-site")),
    (("Referer", f"{EVIL}/page"),),
    (("Referer", "http://{host}@evil.example/"),),
    (("Referer", "http://[evil"),),
    (("User-Agent", "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"),),
    (("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Private-Network", "true")),
]
ADMINISTRATION = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/reset?init=1"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/health"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_localstack/health"),
    ("GET", "/_localstack/init"),
    ("GET", "/health"),
    ("GET", "/_ministack/ses/messages"),
    ("GET", "/_aws/ses"),
    ("GET", "/_aws/sqs/messages?QueueUrl=q"),
    ("GET", "/_aws/sns/sms-messages"),
    ("GET", "/_ministack/lambda-code/f"),
    ("GET", "/_ministack/iot/ca.pem"),
    ("GET", "/_ministack/transfer/sftp-ports"),
    ("PUT", "/_ministack/cfn-response/token"),
    ("PUT", "/_ministack/cfn-signal/token"),
    ("POST", "/_ministack/rds/iam-auth"),
    ("POST", "/_ministack/eks-auth/c"),
    ("GET", "/_connect/calls"),
    ("GET", "/_connect/associations"),
    ("POST", "/_connect/contacts"),
    ("POST", "/_connect/instances"),
    ("DELETE", "/_connect/faults"),
    ("GET", "/%5fconnect/calls"),
    ("GET", "//_connect/calls"),
    ("GET", "/_aws/lambda-url/0123456789abcdef0123456789abcdef/"),
    ("POST", "/_aws/execute-api/a1b2c3d4/v1/@connections/c"),
    ("POST", "/_aws/execute-api/a1b2c3d4//@connections/c"),
    ("POST", "/_aws/execute-api/a1b2c3d4"),
    ("POST", "/_aws/execute-api//v1/"),
    ("GET", "/_alb/balancer/"),
    ("GET", "/restapis/a1b2c3d4/v1/_user_request_/"),
    ("GET", "/pool/.well-known/jwks.json"),
    ("GET", "/oauth2/authorize"),
    ("POST", "/login"),
    ("GET", "/bucket/key"),
    ("POST", "/2015-03-31/functions"),
]


@pytest.fixture(scope="module")
def socket(cloud: Cloud) -> Socket:
    """The cloud's socket."""
    return Socket(cloud)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_done(socket: Socket) -> Iterator[None]:
    """All attacks together leave the cloud as it was."""
    before = socket.state()
    yield
    assert socket.state() == before


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> str:
    """A deployed API that answers anybody with its own CORS; its id."""
    gateway = cloud.client("apigateway")
    api = str(gateway.create_rest_api(name="open")["id"])
    (root,) = gateway.get_resources(restApiId=api)["items"]
    origin = {"method.response.header.Access-Control-Allow-Origin": "'https://friend.example'"}
    for method in ("GET", "POST", "OPTIONS"):
        where = {"restApiId": api, "resourceId": root["id"], "httpMethod": method}
        gateway.put_method(**where, authorizationType="NONE")
        gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        gateway.put_method_response(**where, statusCode="200", responseParameters=dict.fromkeys(origin, True))
        gateway.put_integration_response(
            **where,
            statusCode="200",
            responseParameters=origin,
            responseTemplates={"application/json": '{"said": "deployed"}'},
        )
    gateway.create_deployment(restApiId=api, stageName="v1")
    return api


def filled(socket: Socket, text: str) -> str:
    """With the cloud's own host and port."""
    return text.replace("{port}", str(socket.port)).replace("{host}", socket.host)


def page(socket: Socket, headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """What a page's request has beside."""
    return tuple((name, filled(socket, value)) for name, value in headers)


def refused(answer: Raw) -> bool:
    """Before MiniStack saw it: one sentence, which no page can read."""
    assert not any(name.startswith("access-control-") for name in answer.headers)
    if answer.status == 400 and not answer.body:
        # HTTP's own rules are broken already.
        return True
    return answer.status == 403 and answer.message.startswith("The local cloud ") and answer.message.count(".") >= 1


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_that_leads_here_reaches_nothing(socket: Socket, host: str) -> None:
    """DNS rebinding: to the browser the page and the cloud are one origin, so that only Host tells them apart."""
    name = filled(socket, host).encode().decode("latin-1")
    same = (("Sec-Fetch-Site", "same-origin"),)
    assert refused(socket.ask("POST", "/_connect/clock", *same, body=DAY, host=name))
    assert refused(socket.ask("GET", "/_connect/calls", host=name))
    assert refused(socket.handshake("/_aws/execute-api/a1b2c3d4/v1/", host=name))


def test_no_host_and_several_hosts_reach_nothing(socket: Socket) -> None:
    """Whichever of them the cloud would have taken."""
    assert refused(socket.ask("GET", "/_connect/calls", no_host=True))
    for first, second in ((socket.host, "evil.example"), ("evil.example", socket.host), (socket.host, socket.host)):
        assert refused(socket.ask("GET", "/_connect/calls", ("Host", second), host=first))


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "127.0.0.1"]
)
def test_this_machines_own_names_are_served(socket: Socket, host: str) -> None:
    """Also without a port, and with that of whatever forwards to it."""
    assert socket.ask("GET", "/_connect/calls", host=filled(socket, host)).status == 200
    assert socket.ask("GET", "/_connect/calls", host="127.0.0.1:8443").status == 200


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/_connect/calls",
        "http://{host}/_connect/calls",
        "https://{host}/_connect/calls",
        "evil.example:443",
        "{host}",
        "*",
        "_connect/calls",
    ],
)
def test_a_target_that_is_no_path_reaches_nothing(socket: Socket, target: str) -> None:
    """A proxy's requests: the host in the target would count instead of Host."""
    for method in ("GET", "POST", "CONNECT", "OPTIONS"):
        assert refused(socket.ask(method, filled(socket, target)))


@pytest.mark.parametrize("headers", PAGES, ids=lambda headers: "+".join(f"{n}={v}"[:40] for n, v in headers))
def test_a_page_of_another_origin_changes_nothing(socket: Socket, headers: tuple[Header, ...]) -> None:
    """Simple requests, which no preflight comes before: the control path, a signed call of IAM, and a form."""
    told = page(socket, headers)
    assert refused(socket.ask("POST", "/_connect/clock", PLAIN, *told, body=DAY))
    body = urlencode({"Action": "CreateUser", "UserName": "evil", "Version": "2010-05-08"}).encode()
    form = ("Content-Type", "application/x-www-form-urlencoded")
    assert refused(socket.ask("POST", "/", *socket.as_root("iam", body, form), *told, body=body))
    assert refused(socket.ask("GET", presigned(socket, "Action=CreateUser&UserName=evil&Version=2010-05-08"), *told))
    assert refused(socket.handshake("/", *told))


def presigned(socket: Socket, query: str) -> str:
    """An address that acts as the cloud's root: an image's source, say."""
    request = AWSRequest("GET", f"{socket.cloud.url}/?{query}")
    SigV4QueryAuth(Credentials(socket.cloud.account, "any"), "iam", socket.cloud.region).add_auth(request)
    return str(request.url).removeprefix(socket.cloud.url)


@pytest.mark.parametrize(("method", "path"), ADMINISTRATION)
def test_administration_is_closed_to_pages(socket: Socket, method: str, path: str) -> None:
    """MiniStack's own addresses and those of Connect's control path, by every way a page has."""
    assert refused(socket.ask(method, path, PLAIN, *FOREIGN))
    assert refused(socket.ask("OPTIONS", path, ("Origin", EVIL), ("Access-Control-Request-Method", method)))
    assert refused(socket.ask("GET", path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "image")))
    assert refused(socket.handshake(path, ("Origin", EVIL)))


def test_a_page_creates_and_runs_no_function(socket: Socket) -> None:
    """As was done: a simple request with text/plain, the root's key in its address, any secret."""
    body = json.dumps({"FunctionName": "evil", "Runtime": "python3.14", "Code": {"ZipFile": ""}}).encode()
    query = urlencode({"X-Amz-Credential": f"{socket.cloud.account}/20260101/us-east-1/lambda/aws4_request"})
    for headers in (FOREIGN, (("Origin", "null"),)):
        assert refused(socket.ask("POST", f"/2015-03-31/functions?{query}", PLAIN, *headers, body=body))
        assert refused(socket.ask("POST", f"/2015-03-31/functions/f/invocations?{query}", PLAIN, *headers, body=b"{}"))


def test_a_request_inside_of_a_refused_one_is_none(socket: Socket) -> None:
    """A page may send any text; what stands behind a refusal must not be taken for the next request."""
    inside = (
        f"POST /_connect/clock HTTP/1.1\r\nHost: {socket.host}\r\nContent-Length: {len(DAY)}\r\n\r\n".encode() + DAY
    )
    last = f"GET /_connect/events HTTP/1.1\r\nHost: {socket.host}\r\nConnection: close\r\n\r\n".encode()
    # The whole body, and one that never comes to its end.
    for length, statuses in ((len(inside), [b"403", b"200"]), (100_000, [b"403"])):
        head = f"POST / HTTP/1.1\r\nHost: {socket.host}\r\nOrigin: {EVIL}\r\nContent-Length: {length}\r\n\r\n"
        with sockets.create_connection(("127.0.0.1", socket.port), timeout=10) as wire:
            wire.sendall(head.encode() + inside + last)
            answers = b""
            while data := wire.recv(65536):
                answers += data
        assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == statuses


def test_no_answer_can_be_read_across_origins(socket: Socket) -> None:
    """MiniStack would let every page read every answer."""
    cloud = socket.cloud
    for service, call in (("sts", "get_caller_identity"), ("iam", "list_users"), ("s3", "list_buckets")):
        answer = getattr(cloud.client(service), call)()["ResponseMetadata"]["HTTPHeaders"]
        assert not any(name.startswith("access-control-") for name in answer)
    for method, path in (("GET", "/_ministack/health"), ("OPTIONS", "/"), ("GET", "/none/.well-known/jwks.json")):
        answer = socket.ask(method, path)
        assert not any(name.startswith("access-control-") for name in answer.headers), path


def test_a_buckets_own_cors_opens_nothing(socket: Socket) -> None:
    """A bucket may say so on AWS; here nobody's page is served but by a deployed API."""
    s3, bucket = socket.cloud.client("s3"), f"pages-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    try:
        rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"]}
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
        s3.put_object(Bucket=bucket, Key="k", Body=b"v")
        assert refused(socket.ask("GET", f"/{bucket}/k", *FOREIGN))
        preflight = (("Origin", EVIL), ("Access-Control-Request-Method", "PUT"))
        assert refused(socket.ask("OPTIONS", f"/{bucket}/k", *preflight))
    finally:
        s3.delete_object(Bucket=bucket, Key="k")
        s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_opens_an_object_as_long_as_it_says(socket: Socket, version: str) -> None:
    """With any secret of the root, as boto3 makes it; an old one opened everything."""
    s3, bucket = socket.cloud.client("s3", config=Config(signature_version=version)), f"presigned-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    try:
        s3.put_object(Bucket=bucket, Key="k", Body=b"v")
        path = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, 60).removeprefix(
            socket.cloud.url
        )
        assert socket.ask("GET", path) == (200, ANY, b"v")
        old = re.sub(r"(Expires)=\d+", r"\1=1", path)
        if version == "s3v4":
            old = re.sub(r"(X-Amz-Date|Credential=123456789012%2F)(=?)20\d{6}", r"\g<1>\g<2>20200101", old)
        answer = socket.ask("GET", old)
        assert (answer.status, b"Request has expired" in answer.body) == (403, True)
        assert refused(socket.ask("GET", path, *FOREIGN))
    finally:
        s3.delete_object(Bucket=bucket, Key="k")
        s3.delete_bucket(Bucket=bucket)


def test_a_deployed_api_answers_pages_by_its_own_cors(socket: Socket, api: str) -> None:
    """That is what the developer tries with a page; MiniStack adds nothing to it."""
    path = f"/_aws/execute-api/{api}/v1/"
    for headers in (FOREIGN, (("Origin", "https://friend.example"),), (("User-Agent", "Mozilla/5.0"),)):
        answer = socket.ask("GET", path, *headers)
        assert (answer.status, json.loads(answer.body)) == (200, {"said": "deployed"})
        assert answer.headers["access-control-allow-origin"] == "https://friend.example"
    preflight = (("Origin", EVIL), ("Access-Control-Request-Method", "POST"))
    answer = socket.ask("OPTIONS", path, *preflight)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://friend.example")
    unknown = socket.ask("OPTIONS", "/_aws/execute-api/00000000/v1/", *preflight)
    assert not any(name.startswith("access-control-") for name in unknown.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/_aws/execute-api/{api}/../../_connect/calls",
        "/_aws/execute-api/{api}/%2e%2e/%2e%2e/_connect/calls",
        "/_aws/execute-api/{api}/v1/../../../../_ministack/health",
        "/_aws/execute-api/{api}/v1/%2f_ministack%2fhealth",
        "/_aws/execute-api/{api}/v1?/../../_connect/calls",
        "/_aws/execute-api/{api}/v1/iceberg/v1/config",
        "/_aws/execute-api/{api}/v1/.well-known/jwks.json",
    ],
)
def test_the_way_to_a_deployed_api_leads_nowhere_else(socket: Socket, api: str, path: str) -> None:
    """Whatever a page writes behind it, and whatever it claims to be."""
    headers = (*FOREIGN, ("X-Amz-Target", "AWSEvents.ListRules"), *socket.as_root("events"))
    answer = socket.ask("POST", path.replace("{api}", api), *headers)
    deployed = answer.body == b'{"said": "deployed"}'
    assert deployed or answer.message.startswith(("Credential should be scoped", "Missing Auth", "Forbidden")), answer


@pytest.fixture(scope="module")
def domain(cloud: Cloud, api: str) -> str:
    """A deployed custom domain of the API."""
    gateway = cloud.client("apigateway")
    gateway.create_domain_name(domainName="api.example.com", endpointConfiguration={"types": ["REGIONAL"]})
    gateway.create_base_path_mapping(domainName="api.example.com", restApiId=api, stage="v1", basePath="(none)")
    return "api.example.com"


def test_a_custom_domain_reaches_its_deployed_api(socket: Socket, domain: str) -> None:
    """Of any page, as it does on AWS; a name of the kind that is not deployed reaches nothing."""
    for host in (domain, f"{domain}:{socket.port}", domain.upper()):
        answer = socket.ask("GET", "/", *FOREIGN, host=host)
        assert (answer.status, json.loads(answer.body)) == (200, {"said": "deployed"})
    # The management of connections is no part of what pages call.
    assert refused(socket.ask("POST", "/@connections/c", *FOREIGN, host=domain))
    assert refused(socket.ask("GET", f"http://{domain}/", host=domain))
    for host in (f"www.{domain}", f"{domain}.", f"user@{domain}", f"{domain}.evil.example"):
        assert refused(socket.ask("GET", "/", host=host))


@pytest.mark.parametrize(
    "path",
    [
        *("/_connect/calls", "/_connect/clock", "/_ministack/health", "/_ministack/reset", "/health"),
        *("/_aws/ses", "/_aws/execute-api/{api}/v1/", "/_aws/lambda-url/0123456789abcdef0123456789abcdef/"),
        *("/oauth2/authorize", "/v2/email/identities", "/v20180820/jobs", "/bucket/key", "/_alb/b/"),
    ],
)
def test_a_custom_domain_reaches_nothing_else(socket: Socket, api: str, domain: str, path: str) -> None:
    """Not even with the root's signature: for the API it is a path of its own, which it does not have."""
    target = ("X-Amz-Target", "AWSEvents.ListRules")
    for method in ("GET", "POST", "OPTIONS"):
        answer = socket.ask(method, path.replace("{api}", api), *FOREIGN, target, body=DAY, host=domain)
        assert (answer.status, json.loads(answer.body)) == (403, {"message": "Missing Authentication Token"})
        headers = (*FOREIGN, target, *socket.as_root("events", DAY))
        answer = socket.ask(method, path.replace("{api}", api), *headers, body=DAY, host=domain)
        assert (answer.status, "scoped to correct service: 'execute-api'" in answer.message) == (403, True)


@pytest.mark.parametrize(
    "name", ["a1b2c3d4.execute-api.127.0.0.1", "abc123.us-east-1.aoss.example.com", "d123.cloudfront.net"]
)
def test_a_custom_domain_named_like_a_service_reaches_nothing(socket: Socket, api: str, name: str) -> None:
    """MiniStack reads some hosts before it looks for a deployed API: the page would reach another thing."""
    gateway = socket.cloud.client("apigateway")
    gateway.create_domain_name(domainName=name, endpointConfiguration={"types": ["REGIONAL"]})
    try:
        gateway.create_base_path_mapping(domainName=name, restApiId=api, stage="v1", basePath="(none)")
        for headers in ((), FOREIGN):
            assert refused(socket.ask("GET", "/", *headers, host=name))
    finally:
        gateway.delete_domain_name(domainName=name)


def test_no_custom_domain_takes_the_clouds_own_name(socket: Socket, api: str) -> None:
    """Its API would answer instead of every service."""
    gateway = socket.cloud.client("apigateway")
    gateway.create_domain_name(domainName="127.0.0.1", endpointConfiguration={"types": ["REGIONAL"]})
    gateway.create_base_path_mapping(domainName="127.0.0.1", restApiId=api, stage="v1", basePath="(none)")
    gateway.delete_domain_name(domainName="127.0.0.1")
    assert "127.0.0.1" not in [one["domainName"] for one in gateway.get_domain_names()["items"]]


def test_a_websocket_api_takes_no_page_of_another_origin(socket: Socket) -> None:
    """Its own pages' and programs' handshakes it takes; no CORS would keep the others from what it says."""
    gateway = socket.cloud.client("apigatewayv2")
    api = gateway.create_api(Name="talk", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a")["ApiId"]
    try:
        gateway.create_stage(ApiId=api, StageName="v1", AutoDeploy=True)
        path = f"/_aws/execute-api/{api}/v1"
        for headers in (FOREIGN, (("Origin", "null"),), (("User-Agent", "Mozilla/5.0"),)):
            assert refused(socket.handshake(path, *headers))
        assert socket.handshake(path).status == 101
        assert socket.handshake(path, ("Origin", f"http://{socket.host}")).status == 101
    finally:
        gateway.delete_api(ApiId=api)


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("clock", {"advance": None}),
        ("contacts", {"Channel": None}),
        ("contacts", {"Channel": "CHAT", "Attributes": {"": "a"}}),
        ("contacts", {"Channel": "CHAT", "Attributes": {"a": "b" * 32_768}}),
        ("contacts", {"Channel": "CHAT", "Attributes": {"a" * 32_768: "b"}}),
        ("instances", {"TranscriptBuckets": ["b" * 129]}),
        ("instances", {"TranscriptBuckets": ["\ud800"]}),
        ("faults", {"operation": None, "kind": None}),
        ("quotas", {"enabled": None}),
        ("events/raw", {"detail": None}),
    ],
)
def test_a_control_call_that_says_nothing_sound_does_nothing(socket: Socket, call: str, fields: dict[str, Any]) -> None:
    """One sentence, and no contact or instance that later answers could not show."""
    answer = socket.ask("POST", f"/_connect/{call}", body=json.dumps(fields).encode())
    assert answer.status == 400
    assert answer.message.endswith(".")


def test_half_a_control_call_is_none(socket: Socket) -> None:
    """What the caller did not end is not done, also if it could be read."""
    head = f"POST /_connect/clock HTTP/1.1\r\nHost: {socket.host}\r\nContent-Length: 1000\r\n\r\n"
    with sockets.create_connection(("127.0.0.1", socket.port), timeout=10) as wire:
        wire.sendall(head.encode() + DAY)
        wire.shutdown(sockets.SHUT_WR)
        assert b"200" not in wire.recv(65536)


def test_a_page_of_the_clouds_own_origin_is_served(socket: Socket) -> None:
    """A developer who opens an address of it, and pages that the cloud itself may serve."""
    own = ("Origin", f"http://{socket.host}")
    for headers in (
        (("Sec-Fetch-Site", "none"), ("User-Agent", "Mozilla/5.0")),
        (own, ("Sec-Fetch-Site", "same-origin"), ("Referer", f"http://{socket.host}/page")),
    ):
        assert socket.ask("GET", "/_connect/calls", *headers).status == 200


def test_http_2_is_asked_the_same(socket: Socket) -> None:
    """Its :authority is the host, and a Host header beside it changes nothing."""
    assert authority(socket, socket.host) == b"200"
    for told, headers in (
        ("evil.example", ()),
        ("evil.example", (("host", socket.host),)),
        (f"user@{socket.host}", ()),
        (socket.host, (("origin", EVIL),)),
        (socket.host, (("sec-fetch-site", "cross-site"),)),
    ):
        assert authority(socket, told, *headers) in (b"403", b"400"), (told, headers)


def test_what_is_no_http_2_ends_in_one_sentence() -> None:
    """A path of any bytes or none: the developer sees no stack trace, and the next request is answered."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[0])
        for path in ([(":path", b"/_connect/\xff")], []):
            connection = H2Connection(H2Configuration(validate_outbound_headers=False))
            connection.initiate_connection()
            request: list[Any] = [(":method", "CONNECT"), (":authority", f"127.0.0.1:{port}"), *path]
            connection.send_headers(1, request, end_stream=True)
            with sockets.create_connection(("127.0.0.1", port), timeout=10) as wire:
                wire.sendall(connection.data_to_send())
                while wire.recv(65536):
                    pass
        Cloud.at(port)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    sentence = {"A connection ended: what came on it is no request of HTTP."}
    # Python 3.11.2 says nothing of such a connection, 3.11.7 does.
    assert set(said.splitlines()) in ([sentence] if sys.version_info >= (3, 11, 7) else [sentence, set()])


def authority(socket: Socket, told: str, *headers: Header) -> bytes:
    """The status of a call of the control path by HTTP/2; b"400" if the server ends the stream instead."""
    config = H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
    connection = H2Connection(config)
    connection.initiate_connection()
    request: list[Any] = [(":method", "GET"), (":scheme", "http"), (":authority", told), (":path", "/_connect/calls")]
    connection.send_headers(1, [*request, *headers], end_stream=True)
    with sockets.create_connection(("127.0.0.1", socket.port), timeout=10) as wire:
        wire.sendall(connection.data_to_send())
        while data := wire.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, ResponseReceived):
                    return {bytes(name): bytes(value) for name, value in event.headers}[b":status"]
                if isinstance(event, StreamReset | ConnectionTerminated):
                    return b"400"
    return b"400"


def test_the_cloud_listens_on_one_address_only(cloud: Cloud, socket: Socket) -> None:
    """MiniStack has listeners of its own for some services, on every address of the machine."""
    process = cloud._process
    assert process is not None
    own = {f"socket:[{line.split()[9]}]": line.split()[1] for line in listening()}
    held = [link.readlink().name for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()]
    addresses = [own[name] for name in held if name in own]
    assert addresses == [f"0100007F:{socket.port:04X}"]


def listening() -> list[str]:
    """The lines of /proc for TCP sockets that listen."""
    found = []
    for name in ("tcp", "tcp6"):
        lines = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        found += [line for line in lines if line.split()[3] == "0A"]
    return found

"""Custom::PersistentChatProof: a proof that passes on a broken endpoint is worthless."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError

from provisioning.calls import Answer, Calls, Invoked
from provisioning.link import DeploymentFailure
from provisioning.proof import prove
from provisioning.text import of_report
from tests.unit.provisioning.world import (
    AUTHORIZER_ARN,
    AUTHORIZER_ENVIRONMENT,
    FUNCTION_ARN,
    INSTANCE_ID,
    NOBODY,
    World,
    refused,
    storage,
)

ACTION = "connect:CreatePersistentContactAssociation"
BASE = "https://api.execute-api.us-east-1.amazonaws.com/v1/contact/persistent-contact-association"
NOWHERE = "00000000-0000-0000-0000-000000000000"
ENDPOINT: dict[str, Any] = {
    "ServiceToken": "arn",
    "InstanceId": INSTANCE_ID,
    "ApiId": "api",
    "Stage": "v1",
    "Signed": "true",
    "Function": FUNCTION_ARN,
    "Environment": {"CONNECT_INSTANCE_ID": INSTANCE_ID},
    "Actions": [ACTION],
    "PatienceSeconds": "60",
    "Scope": "WHOLE",
    "Fingerprint": "f",
}
# For people who sign in at an issuer.
OF_ISSUER = {
    **ENDPOINT,
    "Signed": "false",
    "Authorizer": AUTHORIZER_ARN,
    "AuthorizerEnvironment": AUTHORIZER_ENVIRONMENT,
}
THROTTLED = refused("TooManyRequestsException", "Rate Exceeded.", 429)
GATEWAY_THROTTLE = Answer(429, b'{"__type":"ThrottlingException"}')
CONNECT_THROTTLE = {"type": "ThrottlingException", "status": 429}


def broken(**parts: Any) -> World:
    """A world in which these are not sound."""
    world = World()
    for name, value in parts.items():
        setattr(world, name, value)
    return world


def report_of(world: World, is_update: bool = False, **different: Any) -> str:
    """What the proof says that it showed."""
    return prove({**ENDPOINT, **different}, world, is_update)["Report"]


def test_a_sound_endpoint_passes_at_once() -> None:
    """The proof must not fail, or delay, what works; it calls with ids that cannot exist, and says what it showed."""
    world = World()
    assert report_of(world) == (
        "The endpoint: no broken link was found. Shown: instance, function, "
        "permission connect:CreatePersistentContactAssociation, stage and authorization, gateway to function."
    )
    assert world.posted == [f"{BASE}/{NOWHERE}/{NOWHERE}"] * 2
    assert world.clock == 0


def test_without_iam_authorization_no_signed_call_is_made() -> None:
    """Only a person's token would be answered, and the proof has none."""
    world = broken(signed=Answer(403, b""))
    assert "Not tried, because callers use tokens: gateway to function." in report_of(world, Signed="false")
    assert len(world.posted) == 1


@pytest.mark.parametrize(
    ("parts", "link", "seconds"),
    [
        ({"status": "CREATION_FAILED"}, "instance", 0),
        ({"storages": [storage("a"), storage("b")]}, "instance", 0),
        ({"instance_error": refused("AccessDeniedException")}, "instance", 60),
        ({"instance_error": THROTTLED}, "instance", 60),
        ({"unsigned": Answer(403, b'{"message":"Forbidden"}')}, "stage", 60),
        ({"unsigned": Answer(404, b'{"message":"Not Found"}')}, "stage", 60),
        ({"unsigned": Answer(404, b'{"__type":"ResourceNotFoundException"}')}, "authorization", 60),
        ({"unsigned": Answer(200, b"{}")}, "authorization", 60),
        ({"unsigned": GATEWAY_THROTTLE}, "throttle", 60),
        ({"signed": Answer(403, b'{"__type":"AccessDeniedException"}')}, "authorization", 60),
        ({"signed": Answer(503, b'{"__type":"InternalServiceException"}')}, "gateway to function", 60),
        ({"signed": Answer(404, b'{"message":"no function said this"}')}, "gateway to function", 60),
        ({"signed": Answer(429, b'{"message":"Too Many Requests"}')}, "throttle", 60),
        ({"probe_answer": {"type": "AccessDeniedException", "status": 403}}, f"permission {ACTION}", 60),
        ({"probe_answer": CONNECT_THROTTLE}, "Amazon Connect", 60),
        ({"probe_answer": {"type": "unreachable", "status": 0}}, "Amazon Connect", 60),
        ({"probe_answer": {"type": "InternalServiceException", "status": 500}}, "Amazon Connect", 60),
        ({"probe_answer": {}}, "Amazon Connect", 60),
        ({"probe_answer": "text"}, "Amazon Connect", 60),
        ({"probe_answer": {"type": ["a", {}], "status": "x"}}, "Amazon Connect", 60),
        ({"probe_answer": {"type": {"a": 1}, "status": None}}, "Amazon Connect", 60),
        ({"environment": {"CONNECT_INSTANCE_ID": "another"}}, "environment", 60),
        ({"environment": {}}, "environment", 60),
        ({"environment": None}, "function", 60),
        ({"function_error": {"errorType": "Runtime.ImportModuleError"}}, "function", 0),
        ({"invoke_failure": refused("ResourceNotFoundException")}, "function", 60),
        ({"invoke_failure": refused("AccessDeniedException")}, "function", 60),
        ({"invoke_failure": ReadTimeoutError(endpoint_url="https://lambda")}, "function", 60),
        ({"invoke_failure": THROTTLED}, "throttle", 60),
        ({"invoke_failure": THROTTLED, "reserved": 0}, "function", 60),
        ({"post_failure": EndpointConnectionError(endpoint_url=BASE)}, "address", 60),
        ({"post_failure": ConnectTimeoutError(endpoint_url=BASE)}, "address", 60),
        ({"post_failure": SSLError(endpoint_url=BASE, error="expired")}, "address", 60),
        ({"function_error": {"errorMessage": "environment variable X is missing"}}, "environment", 0),
    ],
)
def test_a_broken_link_is_named(parts: dict[str, Any], link: str, seconds: float) -> None:
    """Whoever reads the failure knows where to look; what may heal is asked again for the patience only."""
    world = broken(**parts)
    with pytest.raises(DeploymentFailure, match=rf"Broken link: {link}\."):
        prove(ENDPOINT, world, False)
    assert seconds - 2 <= world.clock <= seconds


def test_a_function_that_fails_behind_the_gateway_is_heard() -> None:
    """The gateway says 502 and nothing more; a direct call shows what the function logs about such a request."""
    world = broken(signed=Answer(502, b'{"__type":"InternalServiceException"}'))
    world.request_log = "ZeroDivisionError in answers.py"
    with pytest.raises(DeploymentFailure, match=r"Broken link: gateway to function\.") as failed:
        prove(ENDPOINT, world, False)
    assert failed.value.log == "ZeroDivisionError in answers.py"
    assert [event for event in world.invoked if "requestContext" in event] == world.invoked[-1:]


@pytest.mark.parametrize(
    ("link", "trouble"),
    [
        ("instance_error", THROTTLED),
        ("unsigned", Answer(403, b'{"message":"Forbidden"}')),
        ("unsigned", GATEWAY_THROTTLE),
        ("signed", Answer(403, b'{"__type":"AccessDeniedException"}')),
        ("probe_answer", {"type": "AccessDeniedException", "status": 403}),
        ("probe_answer", CONNECT_THROTTLE),
        ("invoke_failure", THROTTLED),
        ("post_failure", EndpointConnectionError(endpoint_url=BASE)),
    ],
)
def test_what_heals_within_the_patience_passes(link: str, trouble: object) -> None:
    """A new policy, stage or permission takes a while to be seen, and a throttle passes: that is no failure."""

    class Healing(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock > 20:
                setattr(self, link, getattr(World(), link))

    world = Healing()
    setattr(world, link, trouble)
    prove(ENDPOINT, world, False)
    assert world.clock > 20


@pytest.mark.parametrize(
    ("parts", "not_shown"),
    [
        (
            {"unsigned": GATEWAY_THROTTLE},
            "stage and authorization (throttle: The gateway throttles the proof: it answered with 429",
        ),
        (
            {"signed": GATEWAY_THROTTLE},
            "gateway to function (throttle: The gateway throttles the proof: it answered with 429",
        ),
        ({"probe_answer": CONNECT_THROTTLE}, f"permission {ACTION} (Amazon Connect: {ACTION} got 429"),
        ({"invoke_failure": THROTTLED}, "function (throttle: AWS Lambda throttles the proof"),
        ({"instance_error": THROTTLED}, "instance (instance: The Amazon Connect instance could not be checked"),
    ],
)
def test_traffic_undoes_no_update_and_proves_no_creation(parts: dict[str, Any], not_shown: str) -> None:
    """Somebody else's requests are no fault of what was deployed; what nobody saw is not said to work."""
    world = broken(**parts)
    report = report_of(world, True)
    assert f"Not shown: {not_shown}" in report
    assert not_shown.split(" (")[0] not in report.partition(" Shown: ")[2].split(", ")
    with pytest.raises(DeploymentFailure, match="A creation never passes without a proof: deploy again"):
        prove(ENDPOINT, broken(**parts), False)


def test_a_function_without_room_is_without_room_behind_the_gateway_too() -> None:
    """The gateway says no more than that the integration failed; the update passes all the same."""
    out_of_reach = Answer(503, b'{"__type":"InternalServiceException"}')
    report = report_of(broken(invoke_failure=THROTTLED, signed=out_of_reach), True)
    assert "Not shown: gateway to function (gateway to function: A signed call got 503" in report
    with pytest.raises(DeploymentFailure, match="Broken link: gateway to function"):
        prove(ENDPOINT, broken(signed=out_of_reach), True)


def test_a_throttle_hides_no_broken_link() -> None:
    """What comes after the link that could not be tried is tried all the same."""
    world = broken(probe_answer=CONNECT_THROTTLE, unsigned=Answer(200, b"{}"))
    with pytest.raises(DeploymentFailure, match=r"Broken link: authorization\."):
        prove(ENDPOINT, world, True)
    assert world.clock <= 62


def test_what_hangs_ends_before_cloudformation_gives_up() -> None:
    """A resource that timed out would tell nothing."""

    class Hanging(World):
        def send(self, verb: str, url: str, body: bytes, *, signed: bool, token: str = "") -> Answer:
            self.clock += 40
            raise ReadTimeoutError(endpoint_url=url)

        def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
            self.clock += 115
            return super().transcript_storages(instance_id)

    world = Hanging()
    with pytest.raises(DeploymentFailure, match="The proof did not try it: the patience was used up before"):
        prove(ENDPOINT, world, False)
    assert world.clock <= 60 + 120


def test_an_account_that_answers_slowly_undoes_no_update() -> None:
    """A link whose turn never came is not broken: each before it held, and took its time."""

    class Slow(World):
        def invoke(self, function: str, event: dict[str, Any]) -> Invoked:
            self.clock += 35
            return super().invoke(function, event)

    report = report_of(Slow(), True, Actions=[ACTION, "connect:DescribeContact"])
    assert "no broken link was found" in report
    assert "Not shown: stage and authorization" in report
    with pytest.raises(DeploymentFailure, match="The proof did not try it: the patience was used up before"):
        prove({**ENDPOINT, "Actions": [ACTION, "connect:DescribeContact"]}, Slow(), False)


def test_a_control_without_an_answer_leaves_the_links_their_patience() -> None:
    """It decides nothing; a stage that is seen late is still waited for."""

    class Late(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock > 40:
                self.unsigned = World().unsigned

    world = Late()
    world.control_answer, world.unsigned = CONNECT_THROTTLE, Answer(403, b'{"message":"Forbidden"}')
    assert "stage and authorization" in report_of(world).partition(" Shown: ")[2]
    assert 40 < world.clock <= 60


def test_traffic_that_uses_up_the_patience_undoes_no_update() -> None:
    """What could not be tried for that reason is not shown, and not broken."""

    class Slow(World):
        def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
            self.clock += 115
            raise THROTTLED

    report = report_of(Slow(), True)
    assert "Not shown: function (function: The proof did not try it" in report
    assert "Shown: nothing." in report


def test_an_address_that_cannot_be_reached_is_a_broken_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real client: a new address may have no name for a while, and that is no crash."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EXECUTE_API", "http://127.0.0.1:1")

    class Unreached(World):
        def send(self, verb: str, url: str, body: bytes, *, signed: bool, token: str = "") -> Answer:
            return Calls.send(self, verb, url, body, signed=signed, token=token)

    world = Unreached()
    with pytest.raises(DeploymentFailure, match=r"Broken link: address\. http://127.0.0.1:1/api/v1/.* cannot be reach"):
        prove({**ENDPOINT, "PatienceSeconds": "4"}, world, False)
    assert world.clock == 4


@pytest.mark.parametrize(
    ("link", "trouble"),
    [
        ("unsigned", Answer(200, b"{}")),
        ("signed", Answer(403, b'{"__type":"AccessDeniedException"}')),
        ("probe_answer", {"type": "AccessDeniedException", "status": 403}),
    ],
)
def test_after_an_update_what_was_there_before_is_not_believed(link: str, trouble: object) -> None:
    """A policy or a stage that was changed may be seen a few seconds later only: so it is looked at twice."""

    class Late(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock >= 8:
                setattr(self, link, trouble)

    prove(ENDPOINT, Late(), False)
    with pytest.raises(DeploymentFailure, match="Broken link"):
        prove(ENDPOINT, Late(), True)


def test_the_instance_is_looked_at_once() -> None:
    """All of an account may ask about an instance twice a second only."""
    world = World()
    prove(ENDPOINT, world, True)
    assert world.looked_at == 1


def test_only_the_variables_that_differ_are_shown() -> None:
    """All of them would be more than CloudFormation shows."""
    world = broken(environment={"CONNECT_INSTANCE_ID": "another", "MORE": "1"})
    expected = f"CONNECT_INSTANCE_ID is 'another', expected '{INSTANCE_ID}'; MORE is '1', expected None."
    with pytest.raises(DeploymentFailure, match=expected):
        prove(ENDPOINT, world, False)


def test_a_failure_holds_its_evidence() -> None:
    """The roll-back of a creation deletes the logs: what was seen, what held, and the function's own last words."""
    world = broken(
        function_error={"errorType": "RuntimeError", "errorMessage": "crashes"},
        function_log="START RequestId: 1\n[ERROR] RuntimeError: crashes\nTraceback\nEND RequestId: 1\n",
    )
    with pytest.raises(DeploymentFailure) as failed:
        prove(ENDPOINT, world, False)
    assert "The function fails: RuntimeError: crashes. What held before: instance." in str(failed.value)
    assert "[ERROR] RuntimeError: crashes\nTraceback" in failed.value.log


@pytest.mark.parametrize("part", ["unsigned", "signed"])
def test_a_gateway_that_refuses_the_proof_says_what_may_be_the_reason(part: str) -> None:
    """A web ACL or a resource policy that was made elsewhere is no fault of the endpoint; its own words are there."""
    answer = Answer(403, b'{"message":"Forbidden"}', {"x-amzn-errortype": "ForbiddenException"})
    with pytest.raises(DeploymentFailure, match=r"choose proof=ProofScope\.WITHOUT_GATEWAY") as failed:
        prove(ENDPOINT, broken(**{part: answer}), False)
    assert '403 {"message":"Forbidden"} (x-amzn-errortype ForbiddenException)' in str(failed.value)


# The authorizer of an issuer.

FAILS = Answer(503, b'{"__type":"InternalServiceException"}')


def test_an_endpoint_of_a_sound_issuer_passes_at_once() -> None:
    """The token that is sent has a token's form: anything else the gateway itself would refuse, and ask nobody."""
    world = World()
    report = prove(OF_ISSUER, world, False)["Report"]
    assert report.endswith(
        "authorizer, issuer, stage and authorization, gateway to authorizer. "
        "Not tried, because callers use tokens: gateway to function."
    )
    assert [re.fullmatch(r"Bearer [\w-]+\.[\w-]+\.[\w-]+", token) is not None for token in world.tokens] == [True]
    assert world.clock == 0


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"issuer_answer": {"error": "503"}},
            "issuer. The issuer https://login.example.com cannot be used: 503 Correct the issuer of ",
        ),
        ({"issuer_answer": {"keys": 0}}, "issuer. The issuer https://login.example.com cannot be used: "),
        ({"issuer_answer": {}}, "issuer. The issuer https://login.example.com cannot be used: "),
        (
            {"authorizer_environment": {**AUTHORIZER_ENVIRONMENT, "AUDIENCES": "other"}},
            "environment. The authorizer's environment variables differ from the template: AUDIENCES is 'other', "
            "expected 'client'.",
        ),
        (
            {"authorizer_environment": {**AUTHORIZER_ENVIRONMENT, "LOCAL_ISSUER_URL": "http://evil.example"}},
            "environment. The authorizer's environment variables differ from the template: LOCAL_ISSUER_URL is "
            "'http://evil.example', expected None.",
        ),
        (
            {"authorizer_failure": refused("AccessDeniedException")},
            "authorizer. The authorizer cannot be invoked: AWS Lambda denies the proof's call",
        ),
        ({"authorizer_failure": THROTTLED}, "throttle. AWS Lambda throttles the proof"),
        (
            {"authorizer_failure": THROTTLED, "reserved": 0},
            "authorizer. The authorizer's reserved concurrency is 0: it never runs.",
        ),
        (
            {"wrong_token": FAILS},
            'gateway to authorizer. A call with a wrong token got 503 {"__type":"InternalServiceException"}, expected '
            "a refusal with 403. Either the gateway may not invoke the authorizer, or the authorizer fails.",
        ),
        ({"wrong_token": Answer(500, b"{}")}, "gateway to authorizer. A call with a wrong token got 500"),
        ({"wrong_token": Answer(404, b"{}")}, "authorization. A call with a wrong token got 404"),
        ({"wrong_token": Answer(200, b"{}")}, "authorization. A call with a wrong token got 200"),
        ({"wrong_token": Answer(403, b"{}")}, "authorization. A call with a wrong token got 403 {}"),
        ({"wrong_token": GATEWAY_THROTTLE}, "throttle. The gateway throttles the proof"),
    ],
)
def test_a_broken_link_of_an_issuers_authorizer_is_named(
    parts: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer that is down, and an authorizer that nobody may ask, keep everybody out."""
    monkeypatch.delenv("LOCAL_ISSUER_URL", raising=False)
    with pytest.raises(DeploymentFailure) as failed:
        prove(OF_ISSUER, broken(**parts), False)
    assert f"Broken link: {said}" in str(failed.value)


def test_only_the_local_clouds_own_issuer_may_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """That cloud says so to all its functions, the prover among them. In AWS nobody does."""
    monkeypatch.setenv("LOCAL_ISSUER_URL", "http://127.0.0.1:4566")
    local = {**AUTHORIZER_ENVIRONMENT, "LOCAL_ISSUER_URL": "http://127.0.0.1:4566"}
    assert "authorizer, issuer" in prove(OF_ISSUER, broken(authorizer_environment=local), False)["Report"]
    for environment in ({**local, "LOCAL_ISSUER_URL": "http://evil.example"}, {"LOCAL_ISSUER_URL": "x"}):
        with pytest.raises(DeploymentFailure, match=r"Broken link: environment\."):
            prove(OF_ISSUER, broken(authorizer_environment=environment), False)


def test_an_authorizer_without_room_is_without_room_behind_the_gateway_too() -> None:
    """Traffic undoes no update; an authorizer that fails by itself does."""
    report = prove(OF_ISSUER, broken(authorizer_failure=THROTTLED, wrong_token=FAILS), True)["Report"]
    for link in ("authorizer", "issuer", "gateway to authorizer"):
        assert f"Not shown: {link} (" in report
    with pytest.raises(DeploymentFailure, match=r"Broken link: gateway to authorizer\."):
        prove(OF_ISSUER, broken(wrong_token=FAILS), True)


def test_without_gateway_the_issuer_is_proved_all_the_same() -> None:
    """And what is not tried is said."""
    without = {**OF_ISSUER, "Scope": "WITHOUT_GATEWAY"}
    report = prove(without, broken(wrong_token=FAILS), False)["Report"]
    assert "authorizer, issuer. Not tried, " in report
    assert report.endswith("stage, authorization, gateway to function, gateway to authorizer.")
    with pytest.raises(DeploymentFailure, match=r"Broken link: issuer\."):
        prove(without, broken(issuer_answer={"error": "down"}), False)


# The negative control.


def test_a_permission_is_tried_for_an_instance_that_the_role_does_not_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Without it a service that looks contacts up before it asks for permissions would seem to allow everything."""
    world = World()
    prove(ENDPOINT, world, False)
    assert {"probe": f"elsewhere {ACTION}"} in world.invoked
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (said,) = (line for line in lines if line["link"] == f"permission {ACTION}" and line["outcome"] == "holds")
    assert "404 ResourceNotFoundException" in said["detail"], "Connect's own words on impossible ids belong in the log"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"type": "ResourceNotFoundException", "status": 404}, "answered 404 ResourceNotFoundException None, expected"),
        ({"type": "unreachable", "status": 0}, "The negative control got no answer"),
        (CONNECT_THROTTLE, "The negative control got no answer"),
    ],
)
def test_a_permission_that_shows_nothing_is_said_and_fails_nothing(
    answer: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no fault of the endpoint; but nobody should believe that something was shown."""
    report = report_of(broken(control_answer=answer))
    assert f"Could show nothing: permission {ACTION}. " in report
    assert said in report
    assert f"permission {ACTION}" not in report.partition(" Shown: ")[2]
    assert '"could show nothing"' in capsys.readouterr().out


def test_a_denial_in_other_words_than_iams_says_so() -> None:
    """Connect's refusal of ids that cannot exist is documented nowhere: if it were a denial, every deployment fails."""
    denied = {"type": "AccessDeniedException", "status": 403, "message": "Access denied"}
    with pytest.raises(DeploymentFailure, match=r"not the words of IAM.*proof=ProofScope\.REPORT_ONLY"):
        prove(ENDPOINT, broken(probe_answer=denied), False)
    with pytest.raises(DeploymentFailure) as failed:
        prove(ENDPOINT, broken(probe_answer={**denied, "message": NOBODY}), False)
    assert "words of IAM" not in str(failed.value)


# The scopes.


def test_without_gateway_nothing_is_called_from_outside() -> None:
    """A deployment cannot reach such an API; the rest is proved as ever, and what is not is said."""
    world = broken(post_failure=EndpointConnectionError(endpoint_url=BASE))
    report = report_of(world, Scope="WITHOUT_GATEWAY")
    assert report.endswith(
        "Not tried, because of proof=ProofScope.WITHOUT_GATEWAY: stage, authorization, gateway to function."
    )
    with pytest.raises(DeploymentFailure, match="Broken link: function"):
        prove({**ENDPOINT, "Scope": "WITHOUT_GATEWAY"}, broken(environment=None), False)


def test_report_only_tells_all_that_is_broken_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    """In the attribute and in the log, and not the first broken link alone."""
    world = broken(status="CREATION_FAILED", environment={}, unsigned=Answer(200, b"{}"))
    report = report_of(world, Scope="REPORT_ONLY")
    assert report.startswith(
        "The endpoint: links are broken. The deployment went on, because of proof=ProofScope.REPORT_ONLY."
    )
    for link in ("instance", "environment", "authorization"):
        assert f"Broken link: {link}. " in report
    assert f"Shown: permission {ACTION}, gateway to function." in report
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["link"] for line in lines if line["outcome"] == "broken"] == [
        "instance",
        "environment",
        "authorization",
    ]
    assert world.clock <= 60


def test_one_long_answer_does_not_hide_the_other_broken_links() -> None:
    """A function that crashes says as much as it likes; a report has 4,096 bytes in all."""
    crash = {"errorType": "ValueError", "errorMessage": '漢"' * 9000}
    world = broken(storages=[storage("b" * 60)] * 200, function_error=crash, unsigned=Answer(200, b"{}"))
    event = {"RequestType": "Create", "ResourceType": "Custom::PersistentChatProof", "LogicalResourceId": "P" * 200}
    report = of_report(event, report_of(world, Scope="REPORT_ONLY"))
    for link in ("instance", "function", "authorization"):
        assert f"Broken link: {link}. " in report
    assert report.endswith("Shown: gateway to function.")


def test_a_function_that_knows_no_probe_of_a_permission_is_another_one() -> None:
    """Connect was not even asked."""

    class Other(World):
        def invoke(self, function: str, event: dict[str, Any]) -> Invoked:
            known = event == {"probe": "settings"}
            return super().invoke(function, event) if known else Invoked(None, {"error": "unknown probe"}, "last words")

    with pytest.raises(DeploymentFailure, match=rf"Broken link: function\. It does not know {ACTION}") as failed:
        prove(ENDPOINT, Other(), False)
    assert failed.value.log == "last words"


# Whoever may invoke the prover.

NO_PATIENCE: list[Any] = [None, "", "0", "-1", "601", "1e9", "nan", "inf", "1.5", [], {}, "9" * 9, True]


@pytest.mark.parametrize(
    "malformed",
    [
        {"Function": "https://evil.example"},
        {"Function": f"{FUNCTION_ARN}:1"},
        {"Environment": "x"},
        {"Environment": {"A": 1}},
        {"Authorizer": "https://evil.example"},
        {"AuthorizerEnvironment": {"A": 1}},
        {"Actions": "connect:X"},
        {"Actions": ["s3:GetObject"]},
        {"Actions": ["connect:X"] * 21},
        {"Actions": [["connect:X"]]},
        {"ApiId": "evil.example/"},
        {"ApiId": "evil.example#"},
        {"ApiId": "a@evil"},
        {"ApiId": ""},
        {"Stage": "../x"},
        {"Stage": "v1/../../x"},
        {"Stage": "v1?x"},
        {"Stage": None},
        {"Signed": True},
        {"Signed": "yes"},
        {"Scope": "NONE"},
        {"InstanceId": "a/b"},
        {"InstanceId": None},
        {"Table": "a/b"},
        {"Rule": "Stack-Events-1"},
        {"Rule": "arn:aws:events:us-east-1:123456789012:rule/other-bus/Events"},
        *({"PatienceSeconds": value} for value in NO_PATIENCE),
    ],
    ids=str,
)
def test_malformed_properties_get_one_sentence_and_ask_nobody(malformed: dict[str, Any]) -> None:
    """Each is built into an address, a wait or a call: nothing is taken as it comes."""

    class NoWorld(World):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"it asked for {name}")

    (name,) = malformed
    with pytest.raises(
        DeploymentFailure, match=rf"^The proof's property {name} is wrong: got .*, expected .*\. Deploy"
    ):
        prove({**OF_ISSUER, **malformed}, NoWorld(), False)


@pytest.mark.parametrize("left_out", ["Function", "Environment", "Actions", "PatienceSeconds", "Scope", "InstanceId"])
def test_a_property_that_is_missing_gets_one_sentence(left_out: str) -> None:
    """The same."""
    with pytest.raises(DeploymentFailure, match=rf"{left_out} is wrong: got nothing, expected"):
        prove({name: value for name, value in ENDPOINT.items() if name != left_out}, World(), False)


@pytest.mark.parametrize("more", [{"Url": "https://evil.example/"}, {"Host": "evil.example"}, {"Region": "evil"}])
def test_the_address_is_made_of_the_api_and_its_region(more: dict[str, str]) -> None:
    """Whoever may invoke the prover can have it call execute-api of this region, and nothing else."""
    world = World()
    prove({**ENDPOINT, **more}, world, False)
    assert {url.partition("/v1/")[0] for url in world.posted} == {"https://api.execute-api.us-east-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-2", "api.execute-api.eu-west-2.amazonaws.com"),
        ("us-gov-west-1", "api.execute-api.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "api.execute-api.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_address_has_the_partitions_suffix(region: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It differs, and only the SDK knows it."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_EXECUTE_API", raising=False)
    assert broken(region=region).base_of("api", "v1") == f"https://{host}/v1"


def test_a_local_cloud_is_reached_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the function's environment, which only who may change the function can set."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EXECUTE_API", "http://127.0.0.1:4566/_aws/execute-api/")
    assert World().base_of("api", "v1") == "http://127.0.0.1:4566/_aws/execute-api/api/v1"

"""A proof that would pass on a broken endpoint is worthless: each link is broken, and named.

The endpoint is broken through AWS's own APIs. Then the provisioning function is asked for the proof, as an
Update would. Each test mends what it broke.
"""

import re
from typing import Any

import pytest

from local.tokens import Tokens
from tests.local.breaking import (
    ACTION,
    DESCRIBE,
    authorizer_of,
    disconnected,
    for_everything,
    never_running,
    other_authorizer,
    other_code,
    other_environment,
    other_pattern,
    other_table,
    other_target,
    rule_off,
    throttled,
    uninvited,
    uninvited_authorizer,
    uninvited_rule,
    with_environment,
    without_authorization,
    without_gateway_response,
    without_one_resource,
    without_permission,
    without_stage,
)
from tests.local.deployments import Deployed, Prover

CRASHING = "raise RuntimeError('crashes on import')"
LETS_ALL_IN = """
def handle(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
SILENT = "def handle(event, context):\n    return {}"


BROKEN = [
    (without_stage, "stage"),
    (without_gateway_response, "stage"),
    (without_authorization, "authorization"),
    (without_permission, f"permission {ACTION}"),
    (lambda sound: without_permission(sound, DESCRIBE), f"permission {DESCRIBE}"),
    (lambda sound: without_one_resource(sound, "contacts"), f"permission {ACTION}"),
    (lambda sound: without_one_resource(sound, "instance"), f"permission {ACTION}"),
    (lambda sound: other_code(sound, CRASHING), "function"),
    (lambda sound: other_code(sound, SILENT), "function"),
    (lambda sound: other_environment(sound, lambda e: e.pop("DEADLINE_SECONDS")), "environment"),
    (lambda sound: other_environment(sound, lambda e: e.update(DEADLINE_SECONDS="9")), "environment"),
    (
        lambda sound: other_environment(sound, lambda e: e.update(CONNECT_INSTANCE_ID="another")),
        "environment",
    ),
    (never_running, "function"),
    (disconnected, "gateway to function"),
    (uninvited, "gateway to function"),
]
IDS = [
    "stage deleted",
    "gateway response deleted",
    "authorization removed",
    "permission removed",
    "permission to describe removed",
    "instance removed from the permission",
    "contacts removed from the permission",
    "code crashes",
    "code of something else",
    "variable removed",
    "variable changed",
    "another instance",
    "never runs",
    "integration leads elsewhere",
    "function's resource policy empty",
]
# One from each end of the chain; the others take a minute, with `make prove`.
IN_EVERY_RUN = ("stage deleted", "permission removed", "function's resource policy empty")


@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        pytest.param(*broken, id=id, marks=() if id in IN_EVERY_RUN else pytest.mark.prove)
        for id, broken in zip(IDS, BROKEN, strict=True)
    ],
)
def test_the_proof_names_the_broken_link(sound: Deployed, prove: Prover, break_it: Any, link: str) -> None:
    """And passes again once it is mended."""
    with break_it(sound):
        said = prove()
    assert said is not None, "the proof passed on a broken endpoint"
    assert f"Broken link: {link}." in said
    assert prove.mended() is None


PROVISIONING = "ConnectPersistentChatProvisioningRole"
INSTANCE_ACTIONS = ["connect:DescribeInstance", "connect:ListInstanceStorageConfigs"]


def test_what_the_function_said_last_is_in_the_failure(sound: Deployed, prove: Prover) -> None:
    """Its log may be gone when somebody reads the failure."""
    with other_code(
        sound, "def handle(event, context):\n    print('the last words')\n    raise RuntimeError('crashes')"
    ):
        said = prove() or ""
    assert "Broken link: function. The function fails: " in said
    assert "What held before: instance." in said
    before, _, log = said.partition("The end of the function's log:")
    assert "the last words" in log
    assert "last words" not in before
    assert prove.mended() is None


def test_an_instance_that_changed_is_seen_by_the_proof(sound: Deployed, prove: Prover) -> None:
    """Its own check is asked for once, when the stack is made."""
    unfit: dict[str, dict[str, Any]] = {
        "is CREATION_FAILED, expected ACTIVE": {"InstanceStatus": "CREATION_FAILED"},
        "stores chat transcripts in 0 places": {"TranscriptBuckets": []},
    }
    made = {text: sound.cloud.control("POST", "instances", fields)["InstanceId"] for text, fields in unfit.items()}
    with for_everything(sound, INSTANCE_ACTIONS, PROVISIONING):
        for text, instance in made.items():
            said = prove(InstanceId=instance) or ""
            assert "Broken link: instance." in said
            assert text in said


def test_a_throttle_undoes_no_update_and_proves_no_creation(sound: Deployed, prove: Prover) -> None:
    """What others use up is no fault of what was deployed."""
    with throttled(sound):
        assert re.search(r"Not shown: (stage|gateway)[a-z ]* \(throttle: ", prove.report())
        assert "Broken link: throttle." in (prove("Create") or "passed")
    assert "Not shown" not in prove.report()


def test_the_negative_control(sound: Deployed, prove: Prover) -> None:
    """A role that allows more than it was given shows nothing by what it is allowed; and that fails nothing."""
    assert "Could show nothing" not in prove.report()
    with for_everything(sound, [DESCRIBE], "FirstRole"):
        report = prove.report()
    assert f"Could show nothing: permission {DESCRIBE}. For an instance that the role does not name" in report
    assert f"permission {ACTION}" in report.partition("Shown: ")[2]


@pytest.mark.parametrize(
    "different", [{"ApiId": "evil.example/"}, {"Stage": "../x"}, {"PatienceSeconds": "1e9"}, {"Function": "x"}]
)
def test_whoever_may_invoke_the_prover_sends_it_nowhere(prove: Prover, different: dict[str, str]) -> None:
    """One sentence, at once."""
    (name,) = different
    assert (prove(**different) or "").startswith(f"The proof's property {name} is wrong: got ")


def test_the_report_of_an_issuers_endpoint_names_its_links(issued: Deployed) -> None:
    """Those of its authorizer among them."""
    shown = issued.outputs["Report"].partition("Shown: ")[2]
    for link in ("authorizer", "issuer", "gateway to authorizer"):
        assert link in shown.partition(".")[0].split(", ")


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (uninvited_authorizer, "gateway to authorizer. A call with a wrong token got 503"),
        (
            lambda issued: with_environment(issued, authorizer_of(issued), lambda e: e.update(AUDIENCES="other")),
            "environment. The authorizer's environment variables differ from the template: AUDIENCES is 'other', "
            "expected 'client'.",
        ),
        pytest.param(
            lambda issued: with_environment(issued, authorizer_of(issued), lambda e: e.pop("ISSUER")),
            "environment. The authorizer fails: ",
            marks=pytest.mark.prove,
        ),
        pytest.param(
            lambda issued: with_environment(
                issued, authorizer_of(issued), lambda e: e.update(LOCAL_ISSUER_URL="http://127.0.0.1:1")
            ),
            "environment. The authorizer's environment variables differ from the template: LOCAL_ISSUER_URL is "
            "'http://127.0.0.1:1', expected None.",
            marks=pytest.mark.prove,
        ),
        pytest.param(
            lambda issued: other_authorizer(issued, CRASHING),
            "gateway to authorizer. A call with a wrong token got 503",
            marks=pytest.mark.prove,
        ),
        pytest.param(
            lambda issued: other_authorizer(issued, LETS_ALL_IN),
            "authorization. A call with a wrong token got 404",
            marks=pytest.mark.prove,
        ),
        pytest.param(
            lambda issued: without_permission(issued, "lambda:InvokeFunction", PROVISIONING),
            "function. The function cannot be invoked",
            marks=pytest.mark.prove,
        ),
    ],
    ids=["not let in", "variable changed", "variable removed", "issuer elsewhere", "crashes", "lets all in", "denied"],
)
def test_the_proof_names_what_is_wrong_with_an_authorizer(
    issued: Deployed, prove_issuer: Prover, break_it: Any, said: str
) -> None:
    """Each keeps everybody out, or lets everybody in."""
    with break_it(issued):
        failure = prove_issuer()
    assert f"Broken link: {said}" in (failure or "passed")
    assert prove_issuer.mended() is None


@pytest.mark.parametrize(
    ("kind", "of", "said"),
    [
        ("down", None, "openid-configuration: got"),
        pytest.param("html", "discovery", "openid-configuration: got", marks=pytest.mark.prove),
        pytest.param("garbage", "keys", "/keys: got", marks=pytest.mark.prove),
        ("no_keys", None, "None of the issuer's keys can be used: the key set is empty."),
        pytest.param("other_issuer", None, "issuer is 'https://issuer.example/_issuer/other'", marks=pytest.mark.prove),
    ],
)
def test_the_proof_names_an_issuer_that_is_not_ready(
    prove_issuer: Prover, tokens: Tokens, kind: str, of: str | None, said: str
) -> None:
    """With what was found, so that nobody searches the network for a misspelled issuer."""
    tokens.fail(kind, of)
    failure = prove_issuer() or "passed"
    assert f"Broken link: issuer. The issuer {tokens.issuer} cannot be used: " in failure
    assert said in failure
    tokens.mend()
    assert prove_issuer.mended() is None


KEYS_ONLY = {"Projection": {"ProjectionType": "KEYS_ONLY"}}


@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        (rule_off, "rule"),
        pytest.param(
            lambda historic: other_pattern(historic, source=["aws.other"]), "pattern", marks=pytest.mark.prove
        ),
        pytest.param(
            lambda historic: other_pattern(historic, detail={"eventType": ["DISCONNECTED"]}),
            "pattern",
            marks=pytest.mark.prove,
        ),
        pytest.param(lambda historic: other_target(historic, lambda _: None), "target", marks=pytest.mark.prove),
        pytest.param(
            lambda historic: other_target(historic, lambda t: {**t, "Arn": f"{t['Arn']}-other"}),
            "target",
            marks=pytest.mark.prove,
        ),
        pytest.param(
            lambda historic: other_target(historic, lambda t: {**t, "Input": "{}"}), "target", marks=pytest.mark.prove
        ),
        pytest.param(uninvited_rule, "rule permission", marks=pytest.mark.prove),
    ],
    ids=["disabled", "another source", "some events", "no target", "another target", "changed events", "not let in"],
)
def test_the_recorders_proof_names_what_keeps_events_away(
    historic: Deployed, prove_recorder: Prover, break_it: Any, link: str
) -> None:
    """Each of these deployed green once."""
    with break_it(historic):
        said = prove_recorder()
    assert f"Broken link: {link}." in (said or "passed")
    assert prove_recorder.mended() is None


@pytest.mark.prove
@pytest.mark.parametrize("index", [{"IndexName": "Another"}, KEYS_ONLY], ids=["another index", "keys only"])
def test_the_recorders_proof_names_an_index_that_no_look_up_can_read(
    historic: Deployed, prove_recorder: Prover, index: dict[str, Any]
) -> None:
    """Queries of it succeed all the same."""
    with other_table(historic) as sound:
        assert prove_recorder(Table=sound) is None
    with other_table(historic, **index) as broken:
        said = prove_recorder(Table=broken)
    assert "Broken link: index." in (said or "passed")

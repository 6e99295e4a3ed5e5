"""The app of this repository: what its context may say, and what it says to what it may not."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

import app
from local.cdk import CdkFailed, cdk
from tests.synth.apps import FLOW_ID, INSTANCE_ARN, INSTANCE_ID

OIDC = {"authorization": "oidc", "issuer": "https://login.example.com/tenant", "audience": "client"}
COGNITO = {"authorization": "cognito", "user_pool": "us-east-1_Ab1", "app_client": "7example3client9id0"}


def run(monkeypatch: pytest.MonkeyPatch, outdir: Path | None = None, /, **context: Any) -> int:
    """The app's exit status with this context."""
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    monkeypatch.setenv("CDK_DEFAULT_REGION", "us-east-1")
    return app.main(App(context=context, outdir=str(outdir) if outdir else None))


@pytest.mark.parametrize("instance", [INSTANCE_ID, INSTANCE_ARN, "local"])
def test_the_instance_may_be_an_id_an_arn_or_an_alias(monkeypatch: pytest.MonkeyPatch, instance: str) -> None:
    """Whatever people have at hand."""
    assert run(monkeypatch, instance=instance, credentials="cli") == 0


def test_values_of_a_file_are_taken_as_they_are_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In cdk.json a flag is no text, and nothing is not the same as none."""
    context: dict[str, Any] = {"history": False, "cloud_watch_role": True, "transcript_delay": 0}
    assert run(monkeypatch, tmp_path, instance="local", credentials="cli", **context) == 0
    template = json.loads((tmp_path / "PersistentChat.template.json").read_text(encoding="utf-8"))
    resources = template["Resources"].values()
    assert [one for one in resources if one["Type"] == "AWS::DynamoDB::Table"] == []
    assert len([one for one in resources if one["Type"] == "AWS::ApiGateway::Account"]) == 1
    told = [one["Properties"].get("Environment", {}).get("Variables", {}) for one in resources if "Properties" in one]
    assert [one["TRANSCRIPT_DELAY_SECONDS"] for one in told if "TRANSCRIPT_DELAY_SECONDS" in one] == ["0"]


def template_of(monkeypatch: pytest.MonkeyPatch, folder: Path, **context: Any) -> dict[str, Any]:
    """The resources that this context makes."""
    assert run(monkeypatch, folder, instance="local", credentials="cli", **context) == 0
    template = json.loads((folder / "PersistentChat.template.json").read_text(encoding="utf-8"))
    return dict(template["Resources"])


def test_users_of_an_issuer_may_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Several clients stand with commas between them, or in a list of cdk.json."""
    several = ("first, second", "first second"), (["one", "two"], "one two")
    for audience, words in (("client", "client"), *several):
        resources = template_of(monkeypatch, tmp_path / words, **{**OIDC, "audience": audience}).values()
        told = [
            one["Properties"].get("Environment", {}).get("Variables", {}) for one in resources if "Properties" in one
        ]
        (variables,) = (one for one in told if "ISSUER" in one)
        assert (variables["ISSUER"], variables["AUDIENCES"]) == (OIDC["issuer"], words)


@pytest.mark.parametrize(
    "user_pool", ["us-east-1_Ab1", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Ab1"]
)
def test_users_of_a_pool_may_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user_pool: str) -> None:
    """By its id or its ARN, as the console shows both."""
    resources = template_of(monkeypatch, tmp_path, **{**COGNITO, "user_pool": user_pool, "app_client": "a1,b2"})
    (authorizer,) = (one for one in resources.values() if one["Type"] == "AWS::ApiGateway::Authorizer")
    assert json.dumps(authorizer["Properties"]["ProviderARNs"]).count("userpool/us-east-1_Ab1") == 1
    assert '"APP_CLIENTS": "a1 b2"' in json.dumps(resources)


@pytest.mark.parametrize("flow", [FLOW_ID, f"{INSTANCE_ARN}/contact-flow/{FLOW_ID}"])
def test_chats_start_with_one_flow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flow: str) -> None:
    """By its id or its ARN, as the console shows both. Without the flow there is no such address."""
    for context, expected in (({"start": flow}, ["chat"]), ({}, [])):
        folder = tmp_path / str(len(context))
        resources = template_of(monkeypatch, folder, **context).values()
        flows = [one["Properties"]["Flows"] for one in resources if one["Type"] == "Custom::ConnectFlows"]
        assert flows == [{name: FLOW_ID} for name in expected]
        outputs = json.loads((folder / "PersistentChat.template.json").read_text(encoding="utf-8"))["Outputs"]
        assert ("StartUrl" in outputs) == bool(expected)


def test_pages_may_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of each origin between commas; without any, no page."""
    for origins, told in (("https://a.example, http://127.0.0.1:1", "https://a.example http://127.0.0.1:1"), ("", "")):
        resources = template_of(monkeypatch, tmp_path / str(len(told)), **OIDC, cors_allowed_origins=origins)
        assert ("CORS_ALLOWED_ORIGINS" in json.dumps(resources)) == bool(told)
        assert told in json.dumps(resources)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (
            {"instance": "local", **OIDC, "cors_allowed_origins": "https://a.example/chat"},
            "cors_allowed_origins: got 'https://a.example/chat', expected http(s)://host[:port]",
        ),
        (
            {"instance": "local", "customer_identity": "unchecked", "cors_allowed_origins": "https://a.example"},
            "cors_allowed_origins: got origins with CustomerIdentity.unchecked(), expected none.",
        ),
        ({"instance": "local", "start": "x"}, "start: got 'x' for 'chat', expected a flow id such as"),
        (
            {"instance": "local", "start": f"{INSTANCE_ARN}/contact-flow/{FLOW_ID}".replace("us-east-1", "us-west-2")},
            "whose region is 'us-west-2', expected 'us-east-1', the stack's.",
        ),
        (
            {"instance": FLOW_ID, "start": f"{INSTANCE_ARN}/contact-flow/{FLOW_ID}"},
            f"whose instance is '{INSTANCE_ID}', expected '{FLOW_ID}', the endpoint's.",
        ),
        (
            {"instance": "local", "start": FLOW_ID, "customer_identity": "unchecked"},
            "start: got a ChatStart with CustomerIdentity.unchecked(), expected customer_id() or attribute(...)",
        ),
        ({}, "Error: context: instance: got nothing, expected -c instance=<id, ARN or alias>."),
        ({"instance": "not valid!"}, "got 'not valid!', expected an instance id such as"),
        ({"instance": INSTANCE_ARN.replace("us-east", "us-west")}, "'us-west-1', expected 'us-east-1', the"),
        ({"instance": INSTANCE_ARN.replace("aws:", "aws-cn:", 1)}, "partition is 'aws-cn', expected 'aws', the"),
        ({"instance": "local", "authorization": "none"}, "authorization: got 'none', expected iam or oidc or cognito."),
        (
            {"instance": "local", "authorization": "oidc", "audience": "client"},
            "issuer: got nothing, expected -c issuer=<URL> with oidc.",
        ),
        ({"instance": "local", **OIDC, "issuer": "http://x"}, "issuer: got 'http://x', expected an https URL"),
        ({"instance": "local", **OIDC, "audience": "a,b c"}, "audience: got 'b c' in the list, expected a client id"),
        ({"instance": "local", **OIDC, "audience": "a,"}, "audience: got '' in the list, expected a text"),
        (
            {"instance": "local", "issuer": OIDC["issuer"]},
            "issuer: got a value with authorization=iam, expected it with -c authorization=oidc only.",
        ),
        (
            {"instance": "local", **COGNITO, "audience": "a"},
            "audience: got a value with authorization=cognito, expected it with -c authorization=oidc only.",
        ),
        (
            {"instance": "local", **COGNITO, "user_pool": "x"},
            "user_pool: got 'x', expected the id of a user pool, such",
        ),
        ({"instance": "local", **COGNITO, "app_client": "a b"}, "app_client: got a client with the id 'a b', expected"),
        ({"instance": "local", **OIDC, "isuer": "x"}, "isuer: got a key that nothing reads, expected issuer."),
        ({"instance": "local", "customer_identity": "x"}, "customer_identity: got 'x', expected customer_id or"),
        (
            {"instance": "local", "customer_identity": "attribute:HostedWidget-x"},
            "customer_identity: got 'HostedWidget-x', expected an",
        ),
        ({"instance": "local", "transcript_delay": "1m"}, "transcript_delay: got '1m', expected a whole number"),
        (
            {"instance": "local", "transcript_delay": "9999"},
            "transcript_delay: got '9999', expected a whole number of seconds, 0 to 3600.",
        ),
        ({"instance": "local", "cloud_watch_role": "yes"}, "cloud_watch_role: got 'yes', expected true or"),
        ({"instance": "local", "transcript_delay": 1.5}, "transcript_delay: got '1.5', expected a whole number"),
        ({"instance": "local", "histroy": "true"}, "histroy: got a key that nothing reads, expected history."),
        ({"instance": "local", "Cloud-Watch-Role": "true"}, "nothing reads, expected cloud_watch_role."),
        ({"instnce": "local"}, "instnce: got a key that nothing reads, expected instance."),
        ({"instance": "local", "credentials": "mine"}, "credentials: got 'mine', expected bootstrap or cli."),
    ],
)
def test_a_context_that_cannot_work_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], context: dict[str, str], said: str
) -> None:
    """What was got and what was expected; exit status 1."""
    assert run(monkeypatch, **context) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_all_mistakes_of_the_context_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever mends one must not find the next one behind it; and whatever the order of -c, it is the same error."""
    wrong = {
        "authorization": "none",
        "cloud_watch_role": "yes",
        "credentials": "mine",
        "customer_identity": "attribute:a b",
        "histroy": "true",
        "instance": INSTANCE_ARN.replace("connect:us-east-1", "lex:us-west-2"),
        "start": "x",
        "transcript_delay": "1m",
    }
    told = []
    for context in (wrong, dict(reversed(wrong.items()))):
        assert run(monkeypatch, **context) == 1
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    first, *lines = told[0].splitlines()
    assert first == "Error: context:"
    # Of the instance both the service and the region are wrong.
    keys = sorted([*wrong, "instance"])
    assert [line.removeprefix("- ").partition(": got ")[0] for line in lines] == keys


def test_all_mistakes_of_an_authorization_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also beside what is missing."""
    for context, keys in (
        ({"authorization": "oidc", "issuer": "http://x", "app_client": "a"}, ["app_client", "audience", "issuer"]),
        ({"authorization": "oidc"}, ["audience", "issuer"]),
        ({**OIDC, "issuer": "x", "audience": "a b,"}, ["audience", "audience", "issuer"]),
        ({"authorization": "cognito", "user_pool": "x", "issuer": "x"}, ["app_client", "issuer", "user_pool"]),
        ({"authorization": "cognito"}, ["app_client", "user_pool"]),
        ({**COGNITO, "user_pool": "x", "app_client": "a b,c d"}, ["app_client", "app_client", "user_pool"]),
    ):
        assert run(monkeypatch, instance="local", **context) == 1
        _, *lines = capsys.readouterr().err.splitlines()
        assert [line.removeprefix("- ").partition(": got ")[0] for line in lines] == keys, context


def test_keys_of_others_are_nobodys_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CDK adds many of its own, and a team has its own beside them."""
    keys = ["@aws-cdk/core:newStyleStackSynthesis", "aws:cdk:enable-path-metadata", "team", "stage", "author", "delay"]
    assert run(monkeypatch, instance="local", credentials="cli", **dict.fromkeys(keys, "true")) == 0


@pytest.mark.parametrize("instance", ["not valid!", "arn:aws:connect:us-east-1:123456789012:"])
def test_a_malformed_instance_shows_no_stack_trace_in_the_command_line(instance: str) -> None:
    """What a user sees who mistyped the instance."""
    with pytest.raises(CdkFailed) as failed:
        cdk("synth", "--quiet", "-c", f"instance={instance}", environment=os.environ)
    assert re.search(r"Error: context:(\n-)? instance: got", str(failed.value))
    assert f"got '{instance}'" in str(failed.value)
    assert "Traceback" not in str(failed.value)

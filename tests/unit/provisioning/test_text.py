"""What CloudFormation is told: as much as it takes, the important first, and nothing secret."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import text

# As the Provider framework's own code adds them on Node.js 24.
FRAMES = "".join(
    f"    at {place}\n"
    for place in (
        "invokeUserFunction (/var/task/framework.js:2:6)",
        "process.processTicksAndRejections (node:internal/process/task_queues:103:5)",
        "async onEvent (/var/task/framework.js:1:369)",
        "async Runtime.handler (/var/task/cfn-response.js:1:1837)",
    )
)
FUNCTION = "ContactCentre-ConnectPersistentChatProvisioningFunct-0123456789ab"[-64:]


def event(request: str = "Create", **more: Any) -> dict[str, Any]:
    """What CloudFormation asks, with names that are as long as they may be."""
    return {
        "RequestType": request,
        "ResourceType": "Custom::PersistentChatProof",
        "LogicalResourceId": "EndpointProof" * 8,
        "RequestId": "0f0f0f0f-0000-4000-8000-000000000000",
        "StackId": f"arn:aws:cloudformation:ap-southeast-1:123456789012:stack/{'S' * 128}/{'0' * 36}",
        **more,
    }


def answer_of(asked: dict[str, Any], message: str) -> bytes:
    """The answer that the Provider framework makes of a failure, in its words."""
    reason = f"Error: {message}\n\nLogs: /aws/lambda/{FUNCTION}\n\n{FRAMES}"
    physical = asked.get("PhysicalResourceId", "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED")
    named = {name: asked[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    document = {"Status": "FAILED", "Reason": reason, **named, "PhysicalResourceId": physical}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda tells a function."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "the-log")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)


# What is long in JSON, in UTF-8, and in both; a lone surrogate is what a log's bytes never decode to, but a body may.
TEXTS = st.text(st.sampled_from('a é€😀"\\\n\t\x00\x1b\ud800'), max_size=6000)


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@given(sentence=TEXTS, log=TEXTS)
def test_no_failure_is_longer_than_cloudformation_takes(request_type: str, sentence: str, log: str) -> None:
    """A longer one would be lost whole, with an error that explains nothing."""
    asked = event(request_type, **({"PhysicalResourceId": "p" * 80} if request_type == "Update" else {}))
    said = text.of_failure(asked, sentence, log)
    assert len(answer_of(asked, said)) <= 4096
    assert "the-log" in said


@given(report=TEXTS)
def test_no_report_is_longer_than_cloudformation_takes(report: str) -> None:
    """The same for an answer that succeeds."""
    said = text.of_report(event(), report)
    named = {name: event()[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    document = {"Status": "SUCCESS", "Reason": "SUCCESS", **named, "PhysicalResourceId": text.physical_id_of(event())}
    document = {**document, "Data": {"Report": said}}
    assert len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()) <= 4096


def test_the_room_is_used() -> None:
    """In a stack with a usual name there are more than 3,000 bytes for the evidence."""
    asked = event(StackId=f"arn:aws:cloudformation:us-east-1:123456789012:stack/PersistentChat/{'0' * 36}")
    said = text.of_failure({**asked, "LogicalResourceId": "EndpointProof1234ABCD"}, "It is broken.", "x" * 90 + "\n")
    assert "x" * 90 in said
    long = text.of_failure(
        {**asked, "LogicalResourceId": "EndpointProof1234ABCD"}, "It is broken.", f"{'l' * 90}\n" * 100
    )
    assert 3000 <= len(long.encode()) <= 3500


def test_the_sentence_comes_first_and_the_end_of_the_log_last() -> None:
    """What is cut is the middle: the beginning of a long log, and the end of a long sentence."""
    log = "START RequestId: 1\n" + "".join(f"line {number}\n" for number in range(1000)) + "END RequestId: 1\n"
    said = text.of_failure(event(), "The endpoint does not work. Broken link: function.", log)
    assert said.startswith("The endpoint does not work. Broken link: function. (log group the-log;")
    title, *lines = said.partition("\n")[2].splitlines()
    assert title == "The end of the function's log:"
    assert lines[-1] == "line 999"
    assert all(line.startswith("line ") for line in lines), "a line was cut in two"
    assert "RequestId" not in said
    long = text.of_failure(event(), "é" * 5000, log)
    assert long.startswith("éé")
    assert long.endswith("line 999")


def test_a_creation_names_what_keeps_its_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its roll-back deletes them; an update's does not, and an instance that is not fit needs no log."""
    assert "cdk deploy --no-rollback" in text.of_failure(event(), "It is broken.", "")
    assert "no-rollback" not in text.of_failure(event("Update"), "It is broken.", "")
    assert "no-rollback" not in text.of_failure(event(ResourceType="Custom::ConnectInstance"), "It is broken.", "")
    monkeypatch.delenv("AWS_LAMBDA_LOG_GROUP_NAME")
    assert "cdk deploy --no-rollback" in text.of_failure(event(), "It is broken.", "")
    assert text.of_failure(event("Update"), "It is broken.", "") == "It is broken."


@pytest.mark.parametrize(
    "secret",
    [
        "x-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLE/+=",
        "X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F",
        "Signature=0123456789abcdefEXAMPLE",
        "{'AWS_SECRET_ACCESS_KEY': 'EXAMPLE/+', 'AWS_SESSION_TOKEN': 'IQoEXAMPLE=='}",
        "Authorization: Bearer EXAMPLE.opaque",
        '{"ParticipantToken": "QVFJEXAMPLE="}',
        '{\\"ConnectionToken\\": \\"QVFJEXAMPLE=\\"}',
        "eyJraWQiOiJFWEFNUExFIn0.eyJzdWIiOiJFWEFNUExFIn0.c2ln-EXAMPLE",
    ],
)
def test_no_credential_is_shown(secret: str) -> None:
    """API Gateway shows a request whose signature does not hold, with the session's token; whoever sees the
    deployment's output must not get it."""
    said = text.of_failure(event(), f"answered with {secret} and more", f"a line\n{secret}\n")
    assert "EXAMPLE" not in said
    assert "[left out]" in said
    assert "and more" in said


def test_a_line_of_the_log_has_what_is_known_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the log sees the same as whoever deploys."""
    text.say(outcome="holds", detail="", functionLog="Bearer EXAMPLE")
    assert json.loads(capsys.readouterr().out) == {"outcome": "holds", "functionLog": "Bearer [left out]"}


def test_words_about_credentials_are_kept() -> None:
    """They are the evidence."""
    words = "AWS_SESSION_TOKEN is missing; the security token included in the request is invalid (participantToken)"
    assert text.without_secrets(words) == words


def test_whoever_asks_with_names_that_are_too_long_gets_a_sentence() -> None:
    """CloudFormation's are shorter; others may invoke the function too."""
    said = text.of_failure(event("Update", StackId="s" * 9000), "It is broken.", "the log")
    assert said.startswith("It is broken.")

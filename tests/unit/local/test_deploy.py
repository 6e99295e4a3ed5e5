"""`make deploy` and `make destroy`: what the command line is told, and how each ends."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from local import cdk, deploy
from local.cdk import CdkFailed
from local.cloud import Cloud, CloudError

URL = "https://a1.execute-api.us-east-1.amazonaws.com/v1/contact/persistent-contact-association/i/"


class Run:
    """`python -m local.deploy` with a command line that is played, on a cloud that is none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.called: list[tuple[str, ...]] = []
        self.fails: BaseException | None = None
        self.outputs = {"EndpointUrl": URL}
        self._patch = monkeypatch
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(cdk, "cdk", self._cdk)
        monkeypatch.setattr(deploy, "bootstrap", lambda cloud, say: self._cdk("bootstrap"))
        monkeypatch.setattr(Cloud, "at", self._at)

    def _at(self, port: int) -> Cloud:
        if isinstance(self.fails, CloudError):
            raise self.fails
        cloud = Cloud()
        cloud.url = f"http://127.0.0.1:{port}"
        return cloud

    def _cdk(self, *arguments: str, **_: Any) -> None:
        self.called.append(arguments)
        if arguments[0] != "bootstrap" and self.fails is not None:
            raise self.fails
        if arguments[0] == "deploy":
            outputs = Path(arguments[arguments.index("--outputs-file") + 1])
            outputs.write_text(json.dumps({"PersistentChat": self.outputs}), encoding="utf-8")

    def __call__(self, *arguments: str) -> int:
        self._patch.setattr(sys, "argv", ["local.deploy", "--port", "4566", *arguments])
        return deploy.main()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """One that succeeds."""
    return Run(monkeypatch, tmp_path)


def test_a_deployment_ends_with_the_address_on_this_machine(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Bootstrapped first; the address that the stack tells is one of AWS, where nothing was deployed."""
    assert run("deploy", "-c", "instance=local") == 0
    bootstrapped, deployed = run.called
    assert bootstrapped == ("bootstrap",)
    assert deployed[0] == "deploy"
    assert deployed[-2:] == ("-c", "instance=local")
    said = capsys.readouterr().out
    address = "http://127.0.0.1:4566/_aws/execute-api/a1/v1/contact/persistent-contact-association/i/<contact id>"
    assert said.splitlines()[-1].endswith(address)


def test_the_address_that_starts_chats_is_told_as_well(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Who calls has no other way to it: the output names a host of AWS. The endpoint's own stays the last line."""
    run.outputs["StartUrl"] = "https://a1.execute-api.us-east-1.amazonaws.com/v1/contact/chat"
    assert run("deploy") == 0
    start, endpoint = capsys.readouterr().out.splitlines()
    assert start.endswith(" http://127.0.0.1:4566/_aws/execute-api/a1/v1/contact/chat")
    assert endpoint.endswith("<contact id>")


def test_only_make_deploy_writes_the_outputs(run: Run, tmp_path: Path) -> None:
    """Else two who deploy from this folder at once would call each other's endpoint."""
    assert deploy.deploy_app(Cloud.at(1), [])["EndpointUrl"].startswith("http://127.0.0.1:1/")
    assert list(tmp_path.iterdir()) == []
    assert run("deploy") == 0
    written = json.loads((tmp_path / "cdk-outputs.json").read_text(encoding="utf-8"))
    assert written["PersistentChat"]["EndpointUrl"].startswith("http://127.0.0.1:4566/")


@pytest.mark.parametrize(("action", "answer"), [("deploy", ("--require-approval", "never")), ("destroy", ("--force",))])
def test_nobody_is_asked_anything(run: Run, action: str, answer: tuple[str, ...]) -> None:
    """The command line has no terminal there: a question would hang. And roles of the bootstrap stack are not taken."""
    assert run(action) == 0
    arguments = run.called[-1]
    assert arguments[0] == action
    assert set(answer) <= set(arguments)
    assert "credentials=cli" in arguments


def test_destroying_needs_no_bootstrap_and_tells_no_address(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """There is none any more."""
    assert run("destroy") == 0
    assert [arguments[0] for arguments in run.called] == ["destroy"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (CloudError("No local cloud answers."), 1, "Error: No local cloud answers.\n"),
        # What it printed has passed through already.
        (CdkFailed("printed"), 1, ""),
        # CloudFormation goes on without it.
        (
            KeyboardInterrupt(),
            130,
            "\nStopped. What was begun goes on in the local cloud for some seconds. "
            "Then deploy again, or make destroy.\n",
        ),
    ],
)
def test_each_failure_has_its_status_and_no_stack_trace(
    run: Run, capsys: pytest.CaptureFixture[str], failure: BaseException, status: int, said: str
) -> None:
    """make tells success by it."""
    run.fails = failure
    for action in ("deploy", "destroy"):
        assert run(action) == status
        assert capsys.readouterr().err == said

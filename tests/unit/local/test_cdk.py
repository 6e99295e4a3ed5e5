"""The CDK's command line as a child: what it prints is told, and it never outlives whoever asked."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from local import cdk as module
from local.cdk import CdkFailed, bootstrap, cdk, deploy, destroy
from local.cloud import Cloud
from local.page import ROOT


def a_cloud() -> Cloud:
    """One that is not asked anything."""
    cloud = Cloud()
    cloud.url = "http://127.0.0.1:4566"
    return cloud


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program in the command line's place."""

    def put(code: str) -> None:
        program = tmp_path / "cdk"
        program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(module, "_command", lambda folder, path: str(program))

    return put


def test_it_is_told_line_by_line_and_whole(command: Any) -> None:
    """A deployment takes a minute: whoever waits sees what happens, and a test reads all of it."""
    command("print('one'); print(); print('  two  '); print('three', file=sys.stderr)")
    said: list[str] = []
    printed = cdk("deploy", environment={}, say=said.append)
    assert sorted(printed.split()) == ["one", "three", "two"]
    assert sorted(said) == ["  two", "one", "three"]


@pytest.mark.parametrize("status", [1, 2, 130])
def test_a_failure_holds_what_was_printed(command: Any, status: int) -> None:
    """That is where the broken link is named."""
    command(f"print('Broken link: stage.'); sys.exit({status})")
    with pytest.raises(CdkFailed, match=r"Broken link: stage\."):
        cdk("deploy", environment={})


def test_a_report_of_pytest_leaves_out_how_the_command_line_was_run(command: Any) -> None:
    """Every test that needs the deployment reports its failure: the reason must not be lost in code of this package."""
    command("sys.exit(1)")
    with pytest.raises(CdkFailed) as failed:
        deploy(a_cloud())
    assert [entry.path for entry in failed.traceback.filter(failed)] == [Path(__file__)]


def test_a_report_of_pytest_shows_where_another_error_arose(command: Any) -> None:
    """It would be a mistake of this package: nothing of it is left out."""
    command("print('line')")

    def say(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="line") as failed:
        cdk("deploy", environment={}, say=say)
    assert Path(module.__file__) in [entry.path for entry in failed.traceback.filter(failed)]


def test_it_gets_these_variables_and_no_others(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own AWS account is one variable away; this environment's Node and Python come first."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    command("print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), sys.stdin.read()]))")
    arguments, variables, folder, typed = json.loads(cdk("synth", "Stack", environment={"A": "1", "PATH": "/theirs"}))
    assert arguments[:2] == ["synth", "Stack"]
    assert (variables["A"], "AWS_PROFILE" in variables) == ("1", False)
    assert variables["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/theirs"]
    assert (folder, typed) == (str(ROOT), "")
    assert "--ci" in arguments


def test_whatever_ends_the_waiting_ends_the_command_and_its_children(command: Any, tmp_path: Path) -> None:
    """Ctrl-C: an app that goes on would hold the terminal and its files."""
    alive, child = tmp_path / "alive", tmp_path / "child.py"
    alive.touch()
    child.write_text(
        f"import os, time\nwith open({str(alive)!r}, 'w') as file:\n    file.write(f'{{os.getpid()}}.')\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    command(
        f"import subprocess; subprocess.Popen([sys.executable, {str(child)!r}])\n"
        "print('begun', flush=True); time.sleep(600)"
    )

    def interrupt(line: str) -> None:
        until = time.monotonic() + 120
        while not alive.read_text(encoding="utf-8").endswith(".") and time.monotonic() < until:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cdk("deploy", environment={}, say=interrupt)
    child_process = int(alive.read_text(encoding="utf-8").removesuffix("."))
    # It may stay as a zombie until its parent asks for its status. A zombie does nothing.
    until = time.monotonic() + 60
    while _runs(child_process):
        assert time.monotonic() < until
        time.sleep(0.01)


def _runs(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(") ")[2][0] != "Z"


def test_a_bootstrap_is_of_this_clouds_account_and_asks_no_app(command: Any) -> None:
    """This project's own app would ask for an instance first."""
    command("print(json.dumps([sys.argv[1:], os.environ.get('AWS_ENDPOINT_URL')]))")
    cloud = a_cloud()
    said: list[str] = []
    bootstrap(cloud, said.append)
    arguments, url = json.loads(said[0])
    assert arguments[:4] == ["bootstrap", f"aws://{cloud.account}/{cloud.region}", "--app", ""]
    assert url == cloud.url


def test_a_deployment_returns_addresses_that_answer_here(command: Any, tmp_path: Path) -> None:
    """Nobody is asked anything, for there is no terminal. The app is that of the folder. Other outputs stay."""
    api = "https://a1.execute-api.us-east-1.amazonaws.com/v1/"
    outputs = {"One": {"Url": api, "Name": "a1.execute-api"}, "Two": {"Urls": f"{api},{api}"}}
    command(
        "path = sys.argv[sys.argv.index('--outputs-file') + 1]\n"
        f"open(path, 'w').write({json.dumps(outputs)!r})\n"
        "print(json.dumps([sys.argv[1:], os.getcwd(), os.environ['AWS_ENDPOINT_URL']]))"
    )
    said: list[str] = []
    here = "http://127.0.0.1:4566/_aws/execute-api/a1/v1/"
    found = deploy(a_cloud(), "--app", "python app.py", folder=tmp_path, say=said.append)
    assert found == {"One": {"Url": here, "Name": "a1.execute-api"}, "Two": {"Urls": f"{here},{here}"}}
    arguments, folder, url = json.loads(said[0])
    assert arguments[:3] == ["deploy", "--require-approval", "never"]
    assert "--app python app.py" in " ".join(arguments)
    # Two workers of pytest-xdist deploy from one folder at once.
    assert tmp_path not in Path(arguments[arguments.index("--output") + 1]).parents
    assert (folder, url) == (str(tmp_path), a_cloud().url)


def test_an_app_without_outputs_has_none(command: Any) -> None:
    """The command line then writes no file."""
    command("")
    assert deploy(a_cloud()) == {}


def test_nobody_is_asked_before_stacks_are_destroyed(command: Any) -> None:
    """The question would hang."""
    command("print(sys.argv[1:3])")
    said: list[str] = []
    destroy(a_cloud(), say=said.append)
    assert said == ["['destroy', '--force']"]


def a_program(path: Path) -> Path:
    """A command line that says where it is."""
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\nprint(__file__)\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_projects_own_command_line_comes_before_that_on_path(tmp_path: Path) -> None:
    """A project pins its version. A folder below the project is in the project."""
    on_path = a_program(tmp_path / "bin" / "cdk")
    environment = {"PATH": str(on_path.parent)}
    below = tmp_path / "project" / "app"
    below.mkdir(parents=True)
    assert cdk(environment=environment, folder=below).strip() == str(on_path)
    own = a_program(tmp_path / "project" / "node_modules" / ".bin" / "cdk")
    assert cdk(environment=environment, folder=below).strip() == str(own)


def test_without_a_command_line_it_says_what_to_install(tmp_path: Path) -> None:
    """It comes with npm, which no Python package can bring."""
    with pytest.raises(CdkFailed, match=rf"not found.*npm install --prefix {tmp_path} aws-cdk@2$"):
        cdk("deploy", environment={"PATH": str(tmp_path)}, folder=tmp_path)


def test_without_node_it_says_what_to_install(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a shell says that it does not know a program named node."""
    command("")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(
        CdkFailed, match=r"^Node was not found: got no node in /nowhere:/theirs\. Install it: pip install"
    ):
        cdk("deploy", environment={"PATH": "/theirs"})

"""The files that the forge reads: nobody else tries them before they are on its main branch."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
FORMS = ".github/ISSUE_TEMPLATE"
# By the schemas that check-jsonschema brings.
FILES = {
    "github-workflows": ".github/workflows/*.yml",
    "dependabot": ".github/dependabot.yml",
    "github-issue-config": f"{FORMS}/config.yml",
    "github-issue-forms": f"{FORMS}/[!c]*.yml",
}
CHECKOUT = "        with:\n          persist-credentials: false\n"


def mistakes(root: Path) -> str:
    """What is wrong with these files, or nothing."""
    found = []
    for schema, pattern in FILES.items():
        files = [str(path) for path in root.glob(pattern)]
        assert files
        checked = CliRunner().invoke(check_jsonschema, ["--builtin-schema", f"vendor.{schema}", *files])
        found += [checked.output] if checked.exit_code else []
    command = ["zizmor", "--quiet", "--offline", "--strict-collection", "--persona", "pedantic", "--no-progress"]
    command += ["--config", str(root / ".github/zizmor.yml"), str(root / ".github")]
    audited = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found += [audited.stdout + audited.stderr] if audited.returncode else []
    return "\n".join(found)


def test_each_file_fits_its_schema_and_has_no_known_weakness() -> None:
    """A workflow with a mistake does nothing, or gives a stranger's pull request our permissions."""
    assert mistakes(ROOT) == ""


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (".github/workflows/test.yml", "runs-on", "runs_on"),
        (".github/workflows/test.yml", CHECKOUT, ""),
        (".github/workflows/test.yml", "contents: read", "contents: write"),
        (".github/workflows/test.yml", "  pull_request:", "  pull_request_target:"),
        (".github/workflows/test.yml", "run: make changelog", "run: make changelog BASE=${{ github.head_ref }}"),
        (".github/workflows/newest.yml", "@5fda3b95a4ea91299a34e894583c3862153e4b97", "@v7"),
        (".github/dependabot.yml", "weekly", "often"),
        (f"{FORMS}/bug.yml", "type: dropdown", "type: menu"),
        (f"{FORMS}/config.yml", "about:", "text:"),
    ],
)
def test_a_mistake_is_noticed(file: str, before: str, after: str, tmp_path: Path) -> None:
    """A check that accepts everything is none."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert before in text
    (tmp_path / file).write_text(text.replace(before, after), encoding="utf-8")
    assert mistakes(tmp_path) != ""


@pytest.mark.parametrize(
    "file", [*sorted((ROOT / ".github/workflows").glob("*.yml")), ROOT / ".pre-commit-config.yaml"]
)
def test_what_is_run_is_a_target_of_make(file: Path) -> None:
    """What a workflow does has to work on everybody's machine; a target that was renamed must not live on here."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    run = re.findall(r"^[ -]*(?:run|entry): (.*)", file.read_text(encoding="utf-8"), re.M)
    assert run
    for command in run:
        assert command == ".ci/run" or command.split()[0] == "make", command
        assert command == ".ci/run" or command.split()[1] in targets, command

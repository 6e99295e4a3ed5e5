"""The tests of the rule and of the look-up notice every change: a mutation-testing tool makes them, one by one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = """
[tool.mutmut]
source_paths = ["association/rule.py", "association/latest_chat.py", "association/earlier_answer.py"]
also_copy = ["association", "aws", "connect", "history", "shared"]
# On a busy machine a test may take long. A mutant that is ended because of its time would count as not noticed.
timeout_constant = 20
pytest_add_cli_args_test_selection = ["tests"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""


@pytest.mark.prove
def test_no_changed_rule_passes_the_tests(tmp_path: Path) -> None:
    """A step that is left out, or a comparison that is weakened, fails a test."""
    for package in ("association", "aws", "connect", "history", "shared"):
        shutil.copytree(ROOT / "lambda" / package, tmp_path / package)
    (tmp_path / "tests").mkdir()
    for test in ("test_rule.py", "test_latest_chat.py", "test_earlier_answer.py"):
        shutil.copy(ROOT / "tests/unit/association" / test, tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")

    def mutmut(*arguments: str) -> str:
        command = [sys.executable, "-m", "mutmut", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    ran = mutmut("run").splitlines()[-2]
    results = mutmut("results", "--all", "true")
    print(ran)
    survivors = [line.strip() for line in results.splitlines() if not line.endswith(": killed")]
    assert survivors == []
    # A tool that made no mutants would find none that survived.
    assert results.count(": killed") > 250

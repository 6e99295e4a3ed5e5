"""What no virtual environment brings: it is installed where it may be, and else it is said how to get it."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import debian
from local.steps import StepFailed


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but the programs in this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(machine: Path, name: str, code: str = "") -> None:
    """A program."""
    program = machine / name
    program.write_text(f"#!{sys.executable}\nimport pathlib, sys\nhere = pathlib.Path({str(machine)!r})\n{code}\n")
    program.chmod(0o755)


PROGRAMS = {"curl": "curl", "r-base-core": "Rscript"}
# Brings the programs of the packages that are named.
APT_GET = f"""
programs = {PROGRAMS}
with (here / "told").open("a") as told: print(*sys.argv[1:], file=told)
for package in sys.argv[1:]:
    if program := programs.get(package):
        (here / program).write_text("#!/bin/sh\\n"); (here / program).chmod(0o755)
"""


def test_nothing_is_installed_if_nothing_is_missing(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs may come from anywhere."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for name in ("curl", "Rscript"):
        put(machine, name)
    put(machine, "apt-get", "sys.exit(1)")
    debian.bring(debian.CLIENTS)


# As the real one, it fails while another one runs.
BUSY = """
import time
(here / "busy").mkdir()
time.sleep(0.2)
(here / "busy").rmdir()
"""


def test_two_targets_install_one_after_the_other(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make clients` and `make browser` may run at the same time."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    put(machine, "apt-get", BUSY + APT_GET)
    wanted = [debian.Programs({package: [[program]]}, "") for package, program in PROGRAMS.items()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(debian.bring, wanted))
    assert len((machine / "told").read_text().splitlines()) == 4


def test_root_on_debian_gets_what_is_missing_and_no_more(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh machine runs `make clients` with nothing done before."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    put(machine, "curl")
    put(machine, "apt-get", APT_GET)
    debian.bring(debian.CLIENTS)
    update, install = (machine / "told").read_text().splitlines()
    assert update.split()[0] == "update"
    assert [word for word in install.split() if not word.startswith("-")] == [
        "install",
        "r-base-core",
        "r-cran-curl",
        "r-cran-jsonlite",
    ]


def test_an_r_without_a_package_is_not_enough(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own R; nobody but root may install."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    put(machine, "curl")
    put(machine, "Rscript", "sys.exit('curl' in sys.argv[-1])")
    put(machine, "apt-get", "sys.exit(1)")
    with pytest.raises(StepFailed, match=r"^r-cran-curl: not on this machine\. .*sudo apt-get install r-cran-curl\. "):
        debian.bring(debian.CLIENTS)


def test_another_system_is_told_what_to_install(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No apt-get, also for root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(StepFailed, match=r"^curl, r-base-core, .*Elsewhere: install curl and R"):
        debian.bring(debian.CLIENTS)


@pytest.mark.parametrize(
    ("code", "said"), [("sys.exit(100)", "ended with status 100"), ("sys.exit(0)", "curl, .*not on this machine")]
)
def test_an_installation_that_fails_fails_the_target(
    machine: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    """Never is a client left out in silence."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    put(machine, "apt-get", code)
    with pytest.raises(StepFailed, match=said):
        debian.bring(debian.CLIENTS)

"""Without Chromium, `make browser` fails and says what to install."""

import os
from pathlib import Path

import pytest

from local import chromium


def test_without_chromium_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """If the tests were left out silently, the target would pass."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(chromium, "commands", lambda: [["chromium", "--version"]])
    assert chromium.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: chromium-headless-shell: not on this machine. On Debian and Ubuntu: sudo apt-get ")
    assert said.endswith("Elsewhere: install Chromium or Chrome, or run playwright install chromium.\n")


def test_the_first_that_runs_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Any of its names will do. A program that fails is left out: for example, a snap's name without the snap."""
    for name, status in (("chromium", 1), ("google-chrome", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "commands", lambda: [[name, "--version"] for name in chromium.NAMES])
    assert chromium.find() == str(tmp_path / "google-chrome")

"""No disk is waited for: that it is, is a test of its own."""

import os
import stat

import pytest


@pytest.fixture(autouse=True)
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was brought to the disk: files and folders, in this order."""
    done: list[str] = []

    def sync(opened: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", sync)
    return done

"""`persistent-chat local`: it becomes the local cloud, which is another distribution."""

import os
import sys
from argparse import Namespace
from importlib import util

import pytest

from connect_persistent_chat.commands import local
from connect_persistent_chat.commands.command_failed import CommandFailed


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel alone stays small: the local cloud is an extra."""
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    install = r"not installed\. Install it: pip install 'connect-persistent-chat\[local\]'"
    with pytest.raises(CommandFailed, match=install):
        local.run(Namespace(port=4566))


def test_it_becomes_the_cloud_and_takes_no_module_of_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process between would have to pass signals on. An app's folder may have a module of any name."""
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: became.append([program, *arguments]))
    local.run(Namespace(port=0))
    assert became == [
        [sys.executable, sys.executable, "-P", "-m", "connect_persistent_chat_local", "--port", "0"],
    ]

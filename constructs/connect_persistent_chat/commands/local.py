"""`persistent-chat local`: starts the local cloud, which is the distribution connect-persistent-chat-local."""

import os
import sys
from typing import TYPE_CHECKING

from connect_persistent_chat.commands.command_failed import CommandFailed

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

_PACKAGE = "connect_persistent_chat_local"


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The command and its arguments."""
    does = "start the local cloud: a cloud on this machine, with Amazon Connect"
    command = commands.add_parser("local", help=does, description=f"S{does[1:]}. Ctrl-C ends it. It keeps nothing.")
    command.set_defaults(run=run)
    command.add_argument(
        "--port", type=int, default=4566, help="the port of the cloud; 0: any free port (default: 4566)"
    )


def run(options: "Namespace") -> int:
    """Replace this process with the local cloud. Raises CommandFailed."""
    from importlib.util import find_spec

    if find_spec(_PACKAGE) is None:
        raise CommandFailed(
            "The local cloud is not installed. Install it: pip install 'connect-persistent-chat[local]'"
        )
    # -P: modules of the current folder are not the cloud's.
    os.execv(sys.executable, [sys.executable, "-P", "-m", _PACKAGE, "--port", str(options.port)])  # noqa: S606 - ours

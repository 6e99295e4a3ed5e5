"""Programs that a virtual environment cannot contain, and the Debian packages that have them."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .steps import StepFailed


class Programs(NamedTuple):
    """For each package, commands: if one succeeds, the package is there. And how to get them on other systems."""

    probes: Mapping[str, Sequence[Sequence[str]]]
    elsewhere: str


CLIENTS = Programs(
    {
        "curl": [["curl", "--version"]],
        "r-base-core": [["Rscript", "--version"]],
        "r-cran-curl": [["Rscript", "-e", "library(curl)"]],
        "r-cran-jsonlite": [["Rscript", "-e", "library(jsonlite)"]],
    },
    "install curl and R, and in R install.packages(c('curl', 'jsonlite'))",
)
_INSTALL = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends"]


def missing(programs: Programs) -> list[str]:
    """The packages whose programs are not on this machine. A program counts, wherever it came from."""
    return [package for package, probes in programs.probes.items() if not any(map(succeeds, probes))]


def bring(programs: Programs) -> None:
    """As root on Debian, install what is missing. Otherwise raises StepFailed, which says how to get it."""
    lacking = missing(programs)
    if lacking and shutil.which("apt-get") and os.geteuid() == 0:
        # apt-get fails at once while another one runs. So all who come here lock this file.
        with Path(__file__).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _apt_get(["apt-get", "update", "--quiet"])
            _apt_get([*_INSTALL, *lacking])
        lacking = missing(programs)
    if lacking:
        raise StepFailed(
            f"{', '.join(lacking)}: not on this machine. On Debian and Ubuntu: sudo apt-get install "
            f"{' '.join(lacking)}. Elsewhere: {programs.elsewhere}."
        )


def succeeds(command: Sequence[str]) -> bool:
    """Whether the program is there, and the command ends with status 0."""
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def _apt_get(command: Sequence[str]) -> None:
    # It runs in this process's group. So Ctrl-C reaches it, too, and it has to end in order.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    )
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    if status != 0:
        raise StepFailed(f"{' '.join(command)}: ended with status {status}, expected 0. Its lines above say why.")

"""`make runtime`: brings the Python that AWS Lambda runs the functions on, as `.python3.14/python3.14`.

A python3.14 on PATH is used. On Debian one is taken from the packages of a later release, unpacked and not installed:
the machine stays as it is. Beside it stand the packages that the functions' tests and the benchmark's handlers need.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.text import say

ROOT = Path(__file__).resolve().parents[1]
VERSION = "3.14"
NAME = f"python{VERSION}"
FOLDER = ROOT / f".{NAME}"
# Debian's first release with this Python.
RELEASE = "forky"
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = ("PyJWT", "boto3", "cryptography", "hypothesis", "pytest")
NEEDED = (
    f"Python {VERSION} is needed. There is no {NAME} on PATH, and this machine is not Debian, whose packages have one. "
    f"Install it and run `make runtime` again."
)
# apt works in a folder of its own, and none of the machine's hooks run after it.
APT = """\
Dir "{folder}";
Dir::State::status "{folder}/status";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""
# A program starts its loader by an absolute path; here the loader is named, and told where its libraries are.
UNPACKED = """\
export PYTHONHOME="$here/debian/usr"
exec "$here"/debian/usr/lib*/ld-linux-*.so.* --argv0 "$0" --library-path "$(echo "$here"/debian/usr/lib/*-linux-gnu)" \\
  "$here/debian/usr/bin/{name}" "$@"
"""


def run(*command: str | Path) -> str:
    """A command's output; if it fails, an exit that shows what it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"Failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def on_path() -> str | None:
    """The interpreter itself that PATH leads to, by way of an environment or of a version manager, if it runs."""
    there = shutil.which(NAME)
    if there is None:
        return None
    code = "import os, sys; print(os.path.realpath(sys.executable))"
    done = subprocess.run([there, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def mirrors() -> list[str]:
    """The addresses that the machine's own apt uses, Debian's and perhaps others."""
    lists = [line.split("'")[1] for line in run("apt-get", "update", "--print-uris").splitlines()]
    return list(dict.fromkeys(address.partition("/dists/")[0] for address in lists))


def download(scratch: Path) -> None:
    """The packages of the interpreter and all that they need, from the first of the mirrors that has the release."""
    for folder in ("etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    (scratch / "status").touch()
    (scratch / "apt.conf").write_text(APT.format(folder=scratch), encoding="utf-8")
    apt = ("apt-get", "-c", str(scratch / "apt.conf"))
    for mirror in (found := mirrors()):
        source = f"deb [signed-by={KEYS}] {mirror} {RELEASE} main\n"
        (scratch / "etc/apt/sources.list").write_text(source, encoding="utf-8")
        update = subprocess.run([*apt, "update"], capture_output=True, text=True, check=False)
        if update.returncode == 0:
            break
    else:
        sys.exit(f"Debian's {RELEASE} is at none of {found}. Put {NAME} on PATH instead.\n{update.stderr}")
    run(*apt, "install", "--yes", "--download-only", NAME)


def unpack_debian() -> str:
    """The interpreter from Debian's packages: what runs it."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        say(f"downloading {NAME} from Debian's {RELEASE}, 27 MB")
        download(scratch)
        say("unpacking it")
        for package in sorted((scratch / "var/cache/apt/archives").glob("*.deb")):
            run("dpkg-deb", "--extract", package, FOLDER / "debian")
    return UNPACKED.format(name=NAME)


def bring() -> None:
    """Make the folder anew. What starts the interpreter is written last: where it is, all is there."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    if there := on_path():
        start = f'exec "{there}" "$@"\n'
    elif Path("/etc/debian_version").exists() and platform.freedesktop_os_release()["ID"] == "debian":
        start = unpack_debian()
    else:
        sys.exit(NEEDED)
    say("installing the packages of the tests")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
    wheels = ("--target", FOLDER / "packages", "--python-version", VERSION, "--only-binary=:all:")
    run(*pip, *wheels, "-c", ROOT / "constraints.txt", *PACKAGES)
    # sh knows its own place only by $0, which is a path: nobody calls this by PATH.
    begin = '#!/bin/sh\nhere=${0%/*}\nexport PYTHONPATH="$here/packages" PYTHONNOUSERSITE=1\n'
    unready = FOLDER / "unready"
    unready.write_text(begin + start, encoding="utf-8")
    unready.chmod(0o755)
    say("compiling its library and the packages")
    # Uncompiled, imports would be the most of what is measured.
    compiled = [path for path in (FOLDER / "packages", FOLDER / "debian/usr/lib" / NAME) if path.exists()]
    run(unready, "-m", "compileall", "-q", "-j", str(os.cpu_count()), *compiled)
    unready.rename(FOLDER / NAME)


if __name__ == "__main__":
    bring()

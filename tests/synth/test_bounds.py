"""What pyproject.toml declares is what works: the oldest versions that it allows, and wherever the package is put."""

import sys
from pathlib import Path

import pytest

from tests.distributions import ROOT, environment, install, oldest, run

pytestmark = pytest.mark.prove

# Between them every option of every construct. Warnings are left out: aws-cdk-lib 2.269's own assertions cannot read
# them ("Unknown interface: aws-cdk-lib.cloud_assembly_schema.MetadataEntry").
SUITES = (
    "snapshot",
    "history",
    "monitoring",
    "tls",
    "instance",
    "identity",
    "provisioning",
    "lambda_function",
    "reach",
)


@pytest.fixture(scope="module")
def python(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel with the oldest of all that it needs."""
    made = environment(tmp_path_factory.mktemp("oldest"))
    (wheel,) = distributions.glob("*.whl")
    install(made, f"{wheel}[commands]", *oldest(), *oldest("commands"))
    return made


def test_the_oldest_cdk_makes_the_same_templates(python: Path, tmp_path: Path) -> None:
    """An app that keeps its CDK gets the snapshots, to the letter."""
    install(python, "-c", ROOT / "constraints.txt", "pytest", "hypothesis")
    where = run(python, "-c", "import connect_persistent_chat; print(connect_persistent_chat.__file__)", cwd=ROOT)
    assert where.startswith(str(python.parents[1]))
    files = [f"tests/synth/test_{suite}.py" for suite in SUITES]
    said = run(python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not prove", *files, cwd=ROOT)
    assert " passed" in said
    allowed = "tests/synth/test_authorization.py"
    run(
        python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not warns and not pages", allowed, cwd=ROOT
    )


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_the_oldest_cdk_runs_the_examples(python: Path, example: str, tmp_path: Path) -> None:
    """An acknowledgement that the CDK refuses breaks an app while it is synthesized."""
    run(python, "-c", synthesizing(example, tmp_path / "out"), cwd=tmp_path)
    assert "Custom::PersistentChatProof" in template_in(tmp_path / "out")


def test_the_commands_start_with_the_oldest_of_their_extra(python: Path, tmp_path: Path) -> None:
    """What they do with it, they do on the local cloud, in tests/local/test_commands.py."""
    assert "--recorder" in run(python.with_name("persistent-chat"), "backfill", "--help", cwd=tmp_path)


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_wherever_it_is_put_an_app_gets_the_checkouts_template(distributions: Path, kind: str, tmp_path: Path) -> None:
    """From the wheel or the sdist, in a path with spaces, for nobody else to read, not to be written to, optimised.

    A template holds the hashes of the functions' code, so equal templates mean equal code.
    """
    place = tmp_path / "a place with spaces"
    place.mkdir()
    python = environment(place, borrowing=True)
    (distribution,) = distributions.glob(kind)
    install(python, "--no-deps", "--no-index", "--no-build-isolation", distribution, umask=0o077)
    (package,) = (place / "env").glob("lib/python*/site-packages/connect_persistent_chat")
    code = package / "lambda" / "association" / "handler.py"
    assert code.stat().st_mode & 0o077 == 0
    before = sources_in(package)
    for path in (*package.rglob("*"), package):
        path.chmod(path.stat().st_mode & 0o555)
    code_of_app = synthesizing("latest_chat.py", place / "out")
    run(python, "-O", "-c", code_of_app, cwd=place, umask=0o077)
    assert sources_in(package) == before
    published = [path for asset in (place / "out").glob("asset.*") for path in asset.rglob("handler.py")]
    assert {path.stat().st_mode & 0o004 for path in published} == {0o004}
    run(sys.executable, "-c", synthesizing("latest_chat.py", tmp_path / "ours"), cwd=tmp_path)
    assert template_in(place / "out") == template_in(tmp_path / "ours")


def sources_in(package: Path) -> dict[Path, bytes]:
    """The package's files, but not what Python itself compiles."""
    return {path: path.read_bytes() for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def synthesizing(example: str, out: Path) -> str:
    """The code of an example that leaves its templates in this folder."""
    app = (ROOT / "examples" / example).read_text(encoding="utf-8")
    return app.replace("App()", f"App(outdir={str(out)!r})")


def template_in(out: Path) -> str:
    """The one template of an example."""
    return (out / "ContactCentre.template.json").read_text(encoding="utf-8")

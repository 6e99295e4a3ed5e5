"""Modules of the CDK that an endpoint by itself does not need."""

import os
import subprocess
import sys
from pathlib import Path

from connect_persistent_chat import lazy

ROOT = Path(__file__).resolve().parents[2]


def test_an_endpoint_by_itself_imports_none_of_them(tmp_path: Path) -> None:
    """Together they would take a thirtieth of its synthesis (docs/decisions/synthesis-time.md)."""
    script = "import sys; sys.argv[1:] = ['1']; exec(open('bench/synthesize.py').read()); print(*sys.modules)"
    into = {**os.environ, "CDK_OUTDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=into, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    assert "aws_cdk.aws_apigateway" in imported
    assert not imported & {f"aws_cdk.aws_{name}" for name in lazy.__all__}

"""What other people's rules say of the template: nothing that is not explained where it stands."""

import json
from collections.abc import Callable
from pathlib import Path

import cfnlint
import pytest
from aws_cdk import App, CfnParameter, Fn, Stack, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from connect_persistent_chat import ConnectInstance, PersistentChatMonitoring
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, history, stack

# The CDK says of whole constructs that they wait for each other, also where a reference says so already.
EXPLAINED = {"W3005"}


def test_cfn_lint_finds_nothing_unexplained(tmp_path: Path) -> None:
    """CloudFormation's own schemas: errors, warnings and informations, for everything that there is."""
    here = stack("Linted", env=HERE)
    PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(here, history=history(here)))
    template = tmp_path / "template.json"
    template.write_text(json.dumps(Synthesized(here).template), encoding="utf-8")
    found = [match for match in cfnlint.lint_file(template) if match.rule.id not in EXPLAINED]
    assert [str(match) for match in found] == []


@pytest.mark.parametrize("pack", [AwsSolutionsChecks, ServerlessChecks])
@pytest.mark.parametrize(
    "instance",
    [
        lambda here: ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID),
        lambda here: ConnectInstance.from_instance_alias(here, "Instance", "local"),
        lambda here: ConnectInstance.from_instance_arn(here, "Instance", CfnParameter(here, "Arn").value_as_string),
        lambda here: ConnectInstance.from_instance_id(here, "Instance", Fn.import_value("instance-id")),
    ],
    ids=["id", "alias", "parameter", "import"],
)
def test_cdk_nag_finds_nothing_unexplained(
    pack: type, instance: Callable[[Stack], ConnectInstance], tmp_path: Path
) -> None:
    """Each exception stands on one construct, names one finding and gives its reason."""
    app = App(outdir=str(tmp_path))
    Validations.of(app).add_plugins(pack(app))
    here = stack("Nag", app=app, env=HERE)
    of = instance(here)
    kept = history(here, instance=of)
    origins = ["https://a.example", "https://b.example"]
    made = endpoint(here, instance=of, history=kept, cors_allowed_origins=origins, cloud_watch_role=True)
    PersistentChatMonitoring(here, "Monitoring", endpoint=made)
    app.synth()
    (report,) = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    assert report["violations"] == []
    assert report["suppressedViolations"], "the pack looked at nothing"

"""What other people's rules say of the template: nothing that is not explained where it stands."""

import json
from collections.abc import Callable
from pathlib import Path

import cfnlint
import pytest
from aws_cdk import App, CfnParameter, Fn, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from connect_persistent_chat import Authorization, ConnectInstance, PersistentChatMonitoring
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, history, stack

# The CDK says of whole constructs that they wait for each other, also where a reference says so already.
EXPLAINED = {"W3005"}


def test_cfn_lint_finds_nothing_unexplained(tmp_path: Path) -> None:
    """CloudFormation's own schemas: errors, warnings and informations, for everything that there is."""
    here = stack("Linted", env=HERE)
    people = Authorization.oidc("https://login.example.com", ["client"])
    made = endpoint(here, history=history(here), authorization=people)
    PersistentChatMonitoring(here, "Monitoring", endpoint=made)
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
    people = Authorization.oidc("https://login.example.com", ["client"])
    endpoint(here, "People", instance=of, authorization=people)
    PersistentChatMonitoring(here, "Monitoring", endpoint=made)
    # What is granted to others is explained on their policies, and needs no explanation of theirs.
    for grant in (made.grant_invoke, kept.grant_read):
        grant(iam.Role(here, f"Role{grant.__name__}", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))
        grant(iam.User(here, f"User{grant.__name__}"))
        grant(iam.Role.from_role_name(here, f"Imported{grant.__name__}", "backend"))
    app.synth()
    (report,) = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    assert report["violations"] == []
    assert report["suppressedViolations"], "the pack looked at nothing"


def test_a_wildcard_of_the_apps_own_beside_a_grant_is_still_found(tmp_path: Path) -> None:
    """The explanation of a grant names its one resource."""
    app = App(outdir=str(tmp_path))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    here = stack("Nag", app=app, env=HERE)
    role = iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    endpoint(here).grant_invoke(role)
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"]))
    with pytest.raises(RuntimeError, match="AwsSolutions-IAM5"):
        app.synth()
    reports = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    (report,) = (one for one in reports if one["pluginName"] == "AwsSolutions")
    assert [one["ruleName"] for one in report["violations"]] == ["AwsSolutions-IAM5[Resource::arn:aws:s3:::bucket/*]"]

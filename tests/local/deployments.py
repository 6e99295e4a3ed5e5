"""Stacks, synthesized in the tests' own process and deployed by the real command line."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, CfnOutput, CliCredentialsStackSynthesizer, Duration, Environment, Stack

from connect_persistent_chat import ConnectInstance, CustomerIdentity, PersistentChatEndpoint
from local.cdk import cdk
from local.cloud import Cloud

Fill = Callable[[Stack], None]


class Deployed:
    """A deployed stack."""

    def __init__(self, cloud: Cloud, name: str, outputs: Mapping[str, str]) -> None:
        self.cloud = cloud
        self.name = name
        self.outputs = outputs

    def physical_id(self, resource_type: str, part: str = "") -> str:
        """The physical id of the one resource of a type whose logical id begins with this part."""
        found = self.cloud.client("cloudformation").describe_stack_resources(StackName=self.name)
        (resource,) = (
            resource
            for resource in found["StackResources"]
            if resource["ResourceType"] == resource_type and resource["LogicalResourceId"].startswith(part)
        )
        return str(resource["PhysicalResourceId"])

    def template(self) -> dict[str, Any]:
        """The template as CloudFormation has it."""
        body = self.cloud.client("cloudformation").get_template(StackName=self.name)["TemplateBody"]
        parsed: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        return parsed


def synthesize(cloud: Cloud, out: Path, stacks: Mapping[str, Fill]) -> None:
    """Write the assembly of an app with these stacks."""
    app = App(outdir=str(out))
    for name, fill in stacks.items():
        stack = Stack(
            app,
            name,
            env=Environment(account=cloud.account, region=cloud.region),
            synthesizer=CliCredentialsStackSynthesizer(),
        )
        fill(stack)
    app.synth()


def deploy(cloud: Cloud, out: Path, stacks: Mapping[str, Fill]) -> dict[str, Deployed]:
    """Deploy these stacks. Raises CdkFailed, with all that the command line printed, if one fails."""
    synthesize(cloud, out, stacks)
    outputs = out / "outputs.json"
    cdk(
        *("deploy", "--all", "--app", str(out), "--require-approval", "never"),
        *("--concurrency", "4", "--outputs-file", str(outputs)),
        environment=cloud.environment(),
    )
    found = json.loads(outputs.read_text(encoding="utf-8")) if outputs.exists() else {}
    return {name: Deployed(cloud, name, found.get(name, {})) for name in stacks}


def destroy(cloud: Cloud, out: Path) -> str:
    """Destroy the stacks of this assembly; what the command line printed."""
    return cdk("destroy", "--all", "--force", "--app", str(out), environment=cloud.environment())


def endpoint(stack: Stack, id: str = "Endpoint", **properties: Any) -> PersistentChatEndpoint:
    """An endpoint for the cloud's own instance, with a proof that does not wait long."""
    properties.setdefault("proof_patience", Duration.seconds(10))
    properties.setdefault("customer_identity", CustomerIdentity.unchecked())
    if "instance" not in properties:
        properties["instance"] = ConnectInstance.from_instance_id(
            stack, f"{id}Instance", "11111111-1111-4111-8111-111111111111"
        )
    return PersistentChatEndpoint(stack, id, **properties)


def sound_stack(stack: Stack) -> None:
    """Two endpoints side by side: one by id for the tests to call, one by alias."""
    first = endpoint(stack, "First", throttle_rate_limit=1000, throttle_burst_limit=1000)
    instance = ConnectInstance.from_instance_alias(stack, "ByAlias", "local")
    second = endpoint(stack, "Second", instance=instance)
    CfnOutput(stack, "FirstUrl", value=first.url)
    CfnOutput(stack, "SecondUrl", value=second.url)

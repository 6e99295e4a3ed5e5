"""Findings of cdk-nag's packs that are meant to be so, each with a reason that can be checked."""

import json
from collections.abc import Mapping

from aws_cdk import Stack

from constructs import IConstruct

# Validations.ACKNOWLEDGED_RULES_METADATA_KEY, without a call of the CDK's engine.
_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Explain findings on this construct: `<pack>::<rule>` to reason.

    Written where `Validations.acknowledge` writes it and cdk-nag reads it. That method refuses the ids of wildcards
    before aws-cdk-lib 2.269, and an explanation for a linter must not break an app that has none.
    """
    construct.node.add_metadata(_ACKNOWLEDGED, dict(reasons))


def wildcard(stack: Stack, resource: str) -> str:
    """The finding that a policy's resource, an ARN with tokens, has a wildcard in it."""
    flat = resource if resource == "*" else _flat(stack.resolve(resource))
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{flat}]"


def role_for_contacts(stack: Stack, contact_arn: str) -> dict[str, str]:
    """Why every role that describes contacts and is traced has to allow what it does."""
    no_resource = "X-Ray's actions know no resource (Service Authorization Reference)."
    return {
        wildcard(
            stack, contact_arn
        ): "Contacts come and go: contact/* of the one instance is the narrowest resource for them.",
        wildcard(stack, "*"): no_resource,
        "Serverless::Serverless-LambdaStarPermissions": no_resource,
    }


def managed_policy(name: str) -> str:
    """The finding that a role has this managed policy of AWS."""
    return f"AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]"


def _flat(value: object) -> str:
    """A resolved value as cdk-nag writes it: references in angle brackets."""
    match value:
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(_flat(part) for part in parts)
        case {"Fn::Sub": inner} | {"Fn::ImportValue": inner}:
            return _flat(inner)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case dict() | list():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        case _:
            return str(value).replace("${", "<").replace("}", ">")

"""Findings of cdk-nag that are accepted, each with a reason that can be checked."""

import json
from collections.abc import Mapping

from aws_cdk import Stack

from constructs import IConstruct

# Equal to Validations.ACKNOWLEDGED_RULES_METADATA_KEY. To read that costs a call of the CDK's engine.
_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on this construct.

    cdk-nag reads this metadata, and `Validations.acknowledge` writes it too. But before aws-cdk-lib 2.269 that method
    refuses the ids of wildcards, and an app without a linter must not fail because of a linter.

    :param reasons: the reason for each `<pack>::<rule>`.
    """
    construct.node.add_metadata(_ACKNOWLEDGED, dict(reasons))


def wildcard(stack: Stack, resource: str) -> str:
    """The finding that a resource of a policy has a wildcard. The resource is an ARN, perhaps with tokens."""
    flat = resource if resource == "*" else _flat(stack.resolve(resource))
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{flat}]"


def role_for_contacts(stack: Stack, contact_arn: str) -> dict[str, str]:
    """The reasons for the wildcards of a role that describes contacts and writes traces."""
    narrowest = "Contacts come and go: contact/* of the one instance is the narrowest resource for them."
    no_resource = "X-Ray's actions know no resource (Service Authorization Reference)."
    return {
        wildcard(stack, contact_arn): narrowest,
        wildcard(stack, "*"): no_resource,
        "Serverless::Serverless-LambdaStarPermissions": no_resource,
    }


def managed_policy(name: str) -> str:
    """The finding that a role has this managed policy of AWS."""
    return f"AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]"


def _flat(value: object) -> str:
    """A resolved value in cdk-nag's form: references stand in angle brackets."""
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

"""The one function of a stack that checks instances and proves endpoints, behind the Provider framework."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr

from connect_persistent_chat import functions
from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.parameters import with_tokens_as
from constructs import Construct

_ID = "ConnectPersistentChatProvisioning"
# Of all policies in a role together, without white space (IAM and STS quotas).
_LARGEST_POLICIES = 10_240
# What an ARN that only the deployment knows has at least: arn:aws:sqs:eu-west-1:123456789012:a
_WHOLE = re.compile(r'"\$\{Token\[[^\]]*\]\}"')
_SHORTEST_ARN = "arn:aws:sqs:eu-west-1:123456789012:a"


class Provisioning(Construct):
    """The custom resources' function and its Provider; `of` gives the stack's only one."""

    function: Final[lambda_.Function]
    """What checks and proves."""

    service_token: Final[str]
    """What a custom resource names as its provider."""

    def __init__(self, stack: Stack, id: str) -> None:
        super().__init__(stack, id)
        # Of its policies, as far as they are known.
        self._characters = 0
        log = functions.log_group(self, "Log", logs.RetentionDays.ONE_MONTH, None)
        self._role = functions.role_for(
            self,
            "Role",
            "Checks Amazon Connect instances and proves persistent chat endpoints",
            log,
            {
                # Is it an update that is undone?
                "cloudformation:DescribeStacks": [stack.stack_id],
                # A part of asking about any instance, which can be narrowed to no resource.
                "ds:DescribeDirectories": ["*"],
            },
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description="Checks Amazon Connect instances and proves persistent chat endpoints",
            runtime=functions.RUNTIME,
            architecture=functions.ARCHITECTURE,
            code=functions.code_of(*functions.PROVISIONING_PACKAGES),
            handler="provisioning.router.handle",
            role=self._role,
            log_group=log,
            memory_size=256,
            timeout=Duration.minutes(14),
        )
        handler = [self.function.function_arn]
        provider_role = functions.role_for(
            self,
            "ProviderRole",
            "Calls the function that checks and proves",
            log,
            {"lambda:InvokeFunction": handler, "lambda:GetFunction": handler},
        )
        provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=self.function,
            log_group=log,
            # What the framework would add to it is every version of the function.
            framework_on_event_role=provider_role.without_policy_updates(),
        )
        # Asked for by each custom resource.
        self.service_token = provider.service_token
        self._acknowledge(stack)

    @classmethod
    def of(cls, stack: Stack) -> "Provisioning":
        """The stack's, made when first asked for."""
        existing = stack.node.try_find_child(_ID)
        return existing if isinstance(existing, Provisioning) else cls(stack, _ID)

    def policy_for(self, scope: Construct, permissions: Mapping[str, Sequence[str]]) -> iam.Policy:
        """A policy of its own for one custom resource, action to resources, on which the resource has to depend.

        All of a role's policies together may have 10,240 characters (IAM quotas), so that each is as short as it can
        be: one statement for what is allowed on the same resources. Statements in the role itself would close a
        dependency cycle: the function waits for that, and what it proves would have to exist before.
        """
        actions: dict[tuple[str, ...], list[str]] = {}
        for action, resources in permissions.items():
            actions.setdefault(tuple(resources), []).append(action)
        statements = [
            {"Effect": "Allow", "Action": together, "Resource": [*resources]} for resources, together in actions.items()
        ]
        self._characters += _length(statements)
        if self._characters > _LARGEST_POLICIES:
            raise ConfigurationError(
                scope.node.path,
                [
                    f"got so many instances, endpoints and histories in the stack {Stack.of(self).node.path!r} that "
                    f"the policies of the role that checks them have {self._characters} characters, expected at most "
                    f"{_LARGEST_POLICIES}, which is IAM's limit for a role. Move some of them into another stack."
                ],
            )
        document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})
        return iam.Policy(scope, "Policy", roles=[self._role], document=document)

    def _acknowledge(self, stack: Stack) -> None:
        framework = "The CDK's Provider framework chooses its function's runtime and memory size."
        no_resource = "ds:DescribeDirectories knows no resource (Service Authorization Reference)."
        acknowledge(
            self,
            {
                wildcard(stack, "*"): no_resource,
                "Serverless::Serverless-LambdaStarPermissions": no_resource,
                "Serverless::Serverless-LambdaDLQ": "CloudFormation is told of each failure, and nobody waits for a "
                "late answer.",
                "Serverless::Serverless-LambdaTracing": "It runs during deployments only; its log says what it did.",
                "AwsSolutions::AwsSolutions-L1": framework,
                "Serverless::Serverless-LambdaDefaultMemorySize": framework,
            },
        )


def _length(statements: Sequence[Mapping[str, object]]) -> int:
    """How many characters a policy has at least."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    # First those that stand for a whole ARN.
    return len(with_tokens_as("", _WHOLE.sub(f'"{_SHORTEST_ARN}"', text)))

"""The one function of a stack that checks instances and proves endpoints and histories."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr

from connect_persistent_chat import lambda_function
from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.tokens import with_tokens_as
from constructs import Construct

_ID = "ConnectPersistentChatProvisioning"
# The most characters of all policies of a role together, without white space (IAM and STS quotas).
_LARGEST_POLICIES = 10_240
# A token for a whole ARN counts as the shortest ARN.
_TOKEN_ARN = re.compile(r'"\$\{Token\[[^\]]*\]\}"')
_SHORTEST_ARN = "arn:aws:sqs:eu-west-1:123456789012:a"


class Provisioning(Construct):
    """The function of the custom resources, and its Provider. A stack has only one: use `of`."""

    function: Final[lambda_.Function]
    """The function that checks instances and proves endpoints."""

    service_token: Final[str]
    """The value of the property ServiceToken of the custom resources."""

    def __init__(self, stack: Stack, id: str) -> None:
        super().__init__(stack, id)
        # The characters of its policies so far. A token counts as the shortest text that it can be.
        self._characters = 0
        log = lambda_function.log_group(self, "Log", logs.RetentionDays.ONE_MONTH, None)
        self._role = lambda_function.role_for(
            self,
            "Role",
            "Checks Amazon Connect instances and proves persistent chat endpoints",
            log,
            {
                # Shows whether an update is rolled back.
                "cloudformation:DescribeStacks": [stack.stack_id],
                # DescribeInstance needs it, and it cannot be limited to a resource.
                "ds:DescribeDirectories": ["*"],
            },
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description="Checks Amazon Connect instances and proves persistent chat endpoints",
            runtime=lambda_function.RUNTIME,
            architecture=lambda_function.ARCHITECTURE,
            code=lambda_function.code_of(*lambda_function.PROVISIONING_PACKAGES),
            handler="provisioning.router.handle",
            role=self._role,
            log_group=log,
            memory_size=256,
            timeout=Duration.minutes(14),
        )
        handler = [self.function.function_arn]
        provider_role = lambda_function.role_for(
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
            # The framework would also allow it to invoke every version of the function.
            framework_on_event_role=provider_role.without_policy_updates(),
        )
        self.service_token = provider.service_token
        self._acknowledge(stack)

    @classmethod
    def of(cls, stack: Stack) -> "Provisioning":
        """The provisioning of this stack. The first call creates it."""
        existing = stack.node.try_find_child(_ID)
        return existing if isinstance(existing, Provisioning) else cls(stack, _ID)

    def policy_for(self, scope: Construct, permissions: Mapping[str, Sequence[str]]) -> iam.Policy:
        """A separate policy for one custom resource. The custom resource has to depend on it.

        All policies of a role together are limited to 10,240 characters (IAM quotas). To be short, the policy has one
        statement for all actions on the same resources. Statements in the role itself would make a dependency cycle:
        the function depends on its role, and the role would depend on the resources that the function proves.

        :param permissions: the actions, each with its resources.
        """
        actions: dict[tuple[str, ...], list[str]] = {}
        for action, resources in permissions.items():
            actions.setdefault(tuple(resources), []).append(action)
        statements = [
            {"Effect": "Allow", "Action": together, "Resource": [*resources]} for resources, together in actions.items()
        ]
        self._characters += _length(statements)
        if self._characters > _LARGEST_POLICIES:
            mistake = (
                f"got so many instances, endpoints and histories in the stack {Stack.of(self).node.path!r} that the "
                f"policies of the role that checks them have {self._characters} characters, expected at most "
                f"{_LARGEST_POLICIES}, which is IAM's limit for a role. Move some of them into another stack."
            )
            raise ConfigurationError(scope.node.path, [mistake])
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
                "Serverless::Serverless-LambdaDLQ": "CloudFormation gets each failure, and nobody waits for a late "
                "answer.",
                "Serverless::Serverless-LambdaTracing": "It runs during deployments only; its log says what it did.",
                "AwsSolutions::AwsSolutions-L1": framework,
                "Serverless::Serverless-LambdaDefaultMemorySize": framework,
            },
        )


def _length(statements: Sequence[Mapping[str, object]]) -> int:
    """The smallest number of characters that a policy can have."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    return len(with_tokens_as("", _TOKEN_ARN.sub(f'"{_SHORTEST_ARN}"', text)))

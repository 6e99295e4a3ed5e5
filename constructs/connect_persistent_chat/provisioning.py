"""The one function of a stack that checks instances and proves endpoints, behind the Provider framework."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr

from connect_persistent_chat import functions
from connect_persistent_chat.acknowledgments import acknowledge, managed_policy, wildcard
from constructs import Construct

_ID = "ConnectPersistentChatProvisioning"


class Provisioning(Construct):
    """The custom resources' function and its Provider; `of` gives the stack's only one."""

    def __init__(self, stack: Stack, id: str) -> None:
        super().__init__(stack, id)
        log = functions.log_group(self, "Log", logs.RetentionDays.ONE_MONTH, RemovalPolicy.DESTROY)
        own_stack = stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{stack.stack_name}/*")
        self._role = functions.role_for(
            self,
            "Role",
            "Checks Amazon Connect instances and proves persistent chat endpoints",
            log,
            # Is it an update that is undone?
            {"cloudformation:DescribeStacks": [own_stack]},
        )
        self._function = lambda_.Function(
            self,
            "Function",
            description="Checks Amazon Connect instances and proves persistent chat endpoints",
            runtime=functions.RUNTIME,
            architecture=functions.ARCHITECTURE,
            code=functions.code_of("provisioning"),
            handler="provisioning.router.handle",
            role=self._role,
            log_group=log,
            memory_size=256,
            timeout=Duration.minutes(14),
        )
        self._provider = cr.Provider(self, "Provider", on_event_handler=self._function, log_group=log)
        # Asked for by each custom resource.
        self._service_token = self._provider.service_token
        self._acknowledge(stack, own_stack)

    @classmethod
    def of(cls, stack: Stack) -> "Provisioning":
        """The stack's, made when first asked for."""
        existing = stack.node.try_find_child(_ID)
        return existing if isinstance(existing, Provisioning) else cls(stack, _ID)

    @property
    def service_token(self) -> str:
        """What a custom resource names as its provider."""
        return self._service_token

    @property
    def function(self) -> lambda_.Function:
        """What checks and proves."""
        return self._function

    def policy_for(self, scope: Construct, permissions: Mapping[str, Sequence[str]]) -> iam.Policy:
        """A policy of its own for one custom resource, action to resources, on which the resource has to depend.

        Statements in the role itself would close a dependency cycle: the function waits for that, and what it
        proves would have to exist before.
        """
        return iam.Policy(scope, "Policy", roles=[self._role], document=functions.policy(permissions))

    def _acknowledge(self, stack: Stack, own_stack: str) -> None:
        no_dead_letters = "CloudFormation is told of each failure, and nobody waits for a late answer."
        no_tracing = "It runs during deployments only; its log says what it did."
        acknowledge(
            self._role,
            {wildcard(stack, own_stack): "The end of a stack's ARN is made by CloudFormation."},
        )
        acknowledge(
            self._function,
            {
                "Serverless::Serverless-LambdaDLQ": no_dead_letters,
                "Serverless::Serverless-LambdaTracing": no_tracing,
            },
        )
        framework = "The CDK's Provider framework "
        acknowledge(
            self._provider.node.find_child("framework-onEvent"),
            {
                managed_policy("service-role/AWSLambdaBasicExecutionRole"): framework
                + "gives its function the basic execution role.",
                wildcard(stack, f"{self._function.function_arn}:*"): framework
                + "may invoke every version of its one handler.",
                "AwsSolutions::AwsSolutions-L1": framework + "chooses its own Node.js runtime.",
                "Serverless::Serverless-LambdaDLQ": no_dead_letters,
                "Serverless::Serverless-LambdaTracing": no_tracing,
                "Serverless::Serverless-LambdaDefaultMemorySize": framework + "chooses its own memory size.",
            },
        )

"""The history of chats: a table with the sessions of each customer, and the recorder that fills it."""

import re
from typing import Final

from aws_cdk import Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from connect_persistent_chat import lambda_function
from connect_persistent_chat.acknowledgments import acknowledge, role_for_contacts
from connect_persistent_chat.alarms import alarm_for, mistakes_in_topic
from connect_persistent_chat.deployment.instance import ConnectInstance, name_of
from connect_persistent_chat.deployment.proof import PATIENCE, Proof, ProofScope, ProvedFunction, ProvedHistory
from connect_persistent_chat.grants import grant
from connect_persistent_chat.history.interface import IChatHistory
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.lambda_function import seconds_of
from connect_persistent_chat.messages import shown
from connect_persistent_chat.parameters import AT_LEAST_ONE, Limits, Parameters, limits_of, refuse_metric, seconds
from connect_persistent_chat.shared import probes, recording, schema, variables
from connect_persistent_chat.stacks import elsewhere, mistakes_in_place, unnamed_in
from connect_persistent_chat.tokens import is_placeholder, is_token, with_tokens_as
from constructs import Construct

# Each token in the ARN is replaced by the word "token" before.
_TABLE_ARN = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:(\d{12}|token):(table/[A-Za-z0-9_.-]{3,255}|token)")
_AN_ARN = (
    "the ARN of a DynamoDB table such as arn:aws:dynamodb:us-east-1:123456789012:table/Chats (a name of 3 to 255 "
    "letters, digits, hyphens, dots and underscores, and no index or stream after it)"
)
_DEFAULT_EVENT_DELAY_SECONDS = 3
LONGEST_EVENT_DELAY_SECONDS = 60
_DAY_SECONDS = 86_400
_DEFAULT_RETENTION_SECONDS = 730 * _DAY_SECONDS
# Amazon Connect keeps contacts for 24 months (Administrator Guide). Older chats cannot be continued.
_LONGEST_RETENTION_SECONDS = 731 * _DAY_SECONDS
_ROLE = "Records the chats of an Amazon Connect instance"
# The limits for every user of a history, and below the limits for its owner only.
_READ_LIMITS = {"event_delay": seconds(0, LONGEST_EVENT_DELAY_SECONDS, unit="seconds")}
_LIMITS = {
    "reserved_concurrent_executions": AT_LEAST_ONE,
    "retention": Limits("1 to 731 days", _DAY_SECONDS, _LONGEST_RETENTION_SECONDS, "seconds"),
    "proof_patience": PATIENCE,
    "proof": limits_of(ProofScope.WHOLE, ProofScope.REPORT_ONLY),
}


class _History(Construct):
    """A history that endpoints can read. It is an `IChatHistory`."""

    customer_identity: Final[CustomerIdentity]
    """How the customer of a contact is found."""

    table: dynamodb.ITable
    """The table, with one item for each session: see docs/history.md."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        stack: Stack,
        customer_identity: CustomerIdentity,
        event_delay: Duration | None,
        instance: ConnectInstance | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._stack = stack
        self._instance = instance
        self.customer_identity = customer_identity
        self._event_delay = event_delay

    @property
    def index_arn(self) -> str:
        """The ARN of the index that look-ups read."""
        return f"{self.table.table_arn}/index/{schema.INDEX}"

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow this identity to look up sessions, by the index and by their keys.

        :param grantee: a role, a user or another identity of this account.

        Raises ConfigurationError if the permission would have no effect: the identity is of another account or stage,
        or it accepts no permissions, such as an imported role with `mutable=False`.
        """
        given = Parameters(_History.grant_read, locals(), where=self)
        arns = [self.table.table_arn, self.index_arn]
        return grant(given, grantee, self._stack, [probes.QUERY, probes.GET_ITEM], arns)

    def environment(self) -> dict[str, str]:
        """The environment variables for an endpoint's function."""
        return {
            **_table_environment(self._stack, self.table),
            variables.EVENT_DELAY_SECONDS: seconds_of(self._event_delay, _DEFAULT_EVENT_DELAY_SECONDS),
        }

    def mistakes_with(self, stack: Stack, instance: ConnectInstance, identity: CustomerIdentity) -> list[str]:
        """The reasons why an endpoint cannot use this history. Empty if it can.

        :param stack: the endpoint's stack.
        :param instance: the endpoint's instance.
        :param identity: how the endpoint finds the customer of a contact.
        """
        arn = self.table.table_arn
        mistakes = (
            elsewhere("history", "a history", self._stack, stack)
            or unnamed_in("history", "a history", arn, stack)
            or mistakes_in_place("history", arn, stack)
        )
        mistakes += unnamed_in("history", "an event_delay", self._event_delay, stack)
        if not identity.checked:
            mistakes.append(
                "history: got a history for an endpoint with CustomerIdentity.unchecked(), expected an endpoint with "
                "customer_id() or attribute(...). Without a customer it cannot know whose last chat to find."
            )
        elif not identity.may_be(self.customer_identity):
            mistakes.append(
                f"history: got a history with the identity {self.customer_identity.value}, expected the endpoint's own "
                f"customer_identity, {identity.value}."
            )
        if self._instance is not None and not self._instance.may_be(instance):
            mistakes.append(
                f"history: got a history of the instance {name_of(self._instance)}, expected a history of the "
                f"endpoint's instance, {name_of(instance)}. Use the same ConnectInstance for both."
            )
        return mistakes


class ChatHistory(_History):
    """The ended chat sessions of each customer of an instance. With them an endpoint can continue the latest session
    when a request names only the current contact.

    The recorder stores contact events. If the deployment succeeds, it has proved that the recorder has the permissions
    that it needs. Several endpoints can use a history, also in other stacks. See docs/history.md for its contents and
    limits.

    :param instance: the instance whose chats are recorded.
    :param customer_identity: how the customer of a contact is found. It has to be the same as for the endpoints that
        use the history, and not `unchecked()`. Default: `CustomerIdentity.customer_id()`, the contact's CustomerId.
    :param retention: how long a session is kept after its end, from 1 to 731 days. DynamoDB deletes it up to a few days
        later. Default: 730 days, because Amazon Connect keeps contacts as long.
    :param event_delay: how long after a chat's start a look-up waits for the event of that chat, from 0 seconds to 1
        minute. Earlier events have then arrived too. Default: 3 seconds.
    :param topic: the topic that gets a message if events could not be recorded. Default: none.
    :param reserved_concurrent_executions: the largest number of events that are recorded at once, at least 1.
        Other events wait in Lambda's queue, for up to 6 hours. The account's other functions share the executions that
        are left. Default: no limit of its own.
    :param removal_policy: what happens to the table when the stack is deleted. Default: it stays.
    :param log_retention: how long the recorder's log is kept. Default: three months.
    :param log_removal_policy: what happens to the log when the stack is deleted. Default: it is deleted.
    :param proof: whether the deployment fails if the history does not work: `ProofScope.WHOLE` or
        `ProofScope.REPORT_ONLY`. Default: `ProofScope.WHOLE`, it fails.
    :param proof_patience: how long the deployment's proof tries again before it fails, from 1 second to 10 minutes.
        Default: 3 minutes.

    Raises ConfigurationError, with every mistake in it, if a value cannot work.
    """

    table: dynamodb.ITable
    """The table, with one item for each session: see docs/history.md."""

    function: Final[lambda_.Function]
    """The recorder."""

    role: Final[iam.Role]
    """The recorder's role."""

    log: Final[logs.LogGroup]
    """The recorder's log: one JSON line for each event."""

    dead_letter_queue: Final[sqs.Queue]
    """The queue of the events that could not be recorded. They are kept for 14 days."""

    alarm: Final[cloudwatch.Alarm]
    """The alarm that is on while events are in the dead-letter queue."""

    proof_report: Final[str]
    """The result of the deployment's proof in a few sentences, also what it did not show. A token at synthesis."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        instance: ConnectInstance,
        customer_identity: CustomerIdentity | None = None,
        retention: Duration | None = None,
        event_delay: Duration | None = None,
        topic: sns.ITopic | None = None,
        reserved_concurrent_executions: int | None = None,
        removal_policy: RemovalPolicy | None = None,
        log_retention: logs.RetentionDays | None = None,
        log_removal_policy: RemovalPolicy | None = None,
        proof: ProofScope | None = None,
        proof_patience: Duration | None = None,
    ) -> None:
        given = Parameters(ChatHistory.__init__, locals(), {**_LIMITS, **_READ_LIMITS})
        stack = given.stack()
        identity = given.taken("customer_identity", customer_identity) or CustomerIdentity.customer_id()
        if given.right("instance"):
            given.add(*instance.mistakes_in(stack))
        if given.right("customer_identity"):
            given.add(*_mistakes_in_identity(identity))
            given.add(*unnamed_in("customer_identity", "a name", identity.value, stack))
        if topic is not None and given.right("topic"):
            given.add(*mistakes_in_topic(topic, stack))
        given.refuse()
        super().__init__(scope, id, stack, identity, event_delay, instance)
        self.table = self._build_table(removal_policy or RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        environment = {
            variables.INSTANCE_ID: instance.instance_id,
            variables.CONNECT_ENDPOINT_URL: lambda_function.endpoint_url("connect", stack),
            variables.CUSTOMER_IDENTITY: identity.value,
            **_table_environment(stack, self.table),
            variables.RETENTION_SECONDS: seconds_of(retention, _DEFAULT_RETENTION_SECONDS),
        }
        permissions = {
            probes.DESCRIBE_CONTACT: [instance.contact_arn],
            probes.GET_ITEM: [self.table.table_arn],
            probes.PUT_ITEM: [self.table.table_arn],
        }
        self.dead_letter_queue = self._build_queue()
        self.log = lambda_function.log_group(self, "Log", log_retention, log_removal_policy)
        self.role = lambda_function.role_for(self, "Role", _ROLE, self.log, permissions, traced=True)
        self.function = lambda_function.function_for(
            self,
            "Recorder",
            description="Records the chats of an Amazon Connect instance by their contact events",
            packages=lambda_function.RECORDER_PACKAGES,
            environment=environment,
            role=self.role,
            log=self.log,
            after=instance,
            memory_size=256,
            timeout=Duration.seconds(30),
            reserved_concurrent_executions=reserved_concurrent_executions,
            # Lambda tries an event three times, with minutes between, and then sends it here.
            dead_letter_queue=self.dead_letter_queue,
        )
        rule = self._build_rule()
        self.alarm = alarm_for(
            self,
            "Unrecorded",
            self.metric_dead_letters(period=Duration.minutes(1)),
            1,
            f"{self.node.path}: contact events could not be recorded. Mend the cause, which the log of "
            f"{self.function.function_name} tells; then run persistent-chat backfill, and purge the queue.",
            topic,
        )
        self.proof_report = Proof(
            self,
            "Proof",
            instance=instance,
            function=ProvedFunction(self.function.function_arn, environment),
            actions=list(permissions),
            patience=proof_patience,
            after=[self.role, rule],
            proof_scope=proof or ProofScope.WHOLE,
            history=ProvedHistory(self.table.table_name, self.table.table_arn, rule.rule_arn),
        ).report
        acknowledge(self.role, role_for_contacts(stack, instance.contact_arn))

    @classmethod
    def from_table_arn(
        cls,
        scope: Construct,
        id: str,
        table_arn: str,
        *,
        customer_identity: CustomerIdentity | None = None,
        event_delay: Duration | None = None,
    ) -> IChatHistory:
        """The history of another stack, found by the ARN of its table.

        Synthesis cannot check that the history belongs to the endpoint's instance and has this identity. If not,
        look-ups find nothing.

        :param table_arn: the ARN of the table. It can be a token.
        :param customer_identity: the same as in the stack that makes the history. Default:
            `CustomerIdentity.customer_id()`.
        :param event_delay: the same as for a `ChatHistory`, 0 to 60 seconds. Default: 3 seconds.

        Raises ConfigurationError if it is not the ARN of a table, or if a region or account that is known at synthesis
        is not the stack's.
        """
        limits = {"table_arn": Limits(_AN_ARN), **_READ_LIMITS}
        given = Parameters(cls.from_table_arn, locals(), limits)
        # This stack does not name the table. The stacks that read the history do.
        stack = given.stack(names_all=False)
        identity = given.taken("customer_identity", customer_identity) or CustomerIdentity.customer_id()
        if given.right("table_arn"):
            given.add(*_mistakes_in_arn(table_arn, stack))
        if given.right("customer_identity"):
            given.add(*_mistakes_in_identity(identity))
        given.refuse()
        made = _History(scope, id, stack, identity, event_delay)
        made.table = dynamodb.Table.from_table_arn(made, "Table", _readable(table_arn, stack))
        return made

    def metric_dead_letters(self, *, statistic: str | None = None, period: Duration | None = None) -> cloudwatch.Metric:
        """The number of events in the dead-letter queue.

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `Maximum`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(ChatHistory.metric_dead_letters, self, locals())
        statistic = statistic or "Maximum"
        return self.dead_letter_queue.metric_approximate_number_of_messages_visible(statistic=statistic, period=period)

    def metric_errors(self, *, statistic: str | None = None, period: Duration | None = None) -> cloudwatch.Metric:
        """The number of failed attempts to record an event.

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `Sum`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(ChatHistory.metric_errors, self, locals())
        return self.function.metric_errors(statistic=statistic, period=period)

    def _build_table(self, removal_policy: RemovalPolicy) -> dynamodb.Table:
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=schema.CUSTOMER, type=text),
            sort_key=dynamodb.Attribute(name=schema.SESSION, type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=schema.EXPIRES,
            removal_policy=removal_policy,
        )
        # A local index: a global index has no consistent read, so it could miss the newest chat.
        table.add_local_secondary_index(
            index_name=schema.INDEX,
            sort_key=dynamodb.Attribute(name=schema.UNTIL, type=number),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=list(schema.INDEXED),
        )
        return table

    def _build_queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        reason = "It is the dead-letter queue."
        acknowledge(
            queue, {"AwsSolutions::AwsSolutions-SQS3": reason, "Serverless::Serverless-SQSRedrivePolicy": reason}
        )
        return queue

    def _build_rule(self) -> events.Rule:
        return events.Rule(
            self,
            "Events",
            description="Contact events of Amazon Connect, for the recorder of chats",
            # No narrower pattern: the keys of an event have two spellings, so the recorder itself checks the rest.
            event_pattern=events.EventPattern(source=[recording.SOURCE], detail_type=list(recording.DETAIL_TYPES)),
            targets=[targets.LambdaFunction(self.function, dead_letter_queue=self.dead_letter_queue)],
        )


def _mistakes_in_identity(identity: CustomerIdentity) -> list[str]:
    if identity.checked:
        return []
    return [
        "customer_identity: got unchecked(), expected customer_id() or attribute(...): a history is kept by customer."
    ]


def _mistakes_in_arn(arn: str, stack: Stack) -> list[str]:
    """The reasons why endpoints of this stack cannot read the table. Empty if they can, or if the ARN is not known."""
    parts = arn.split(":")
    if is_placeholder(arn) or (is_token(arn) and len(parts) != 6):
        return []
    if not _TABLE_ARN.fullmatch(with_tokens_as("token", arn)):
        return [f"table_arn: got {shown(arn)}, expected {_AN_ARN}."]
    return mistakes_in_place("table_arn", arn, stack)


def _readable(arn: str, stack: Stack) -> str:
    """The ARN of a table in a form that the CDK can split into its parts."""
    if is_placeholder(arn):
        return stack.format_arn(service="dynamodb", resource="table", resource_name="not-looked-up-yet")
    before, _, resource = arn.rpartition(":")
    # The CDK finds the table's name after a slash.
    whole = not before or not is_token(resource) or "/" in resource
    return arn if whole else f"{before}:table/{Fn.select(1, Fn.split('/', resource))}"


def _table_environment(stack: Stack, table: dynamodb.ITable) -> dict[str, str]:
    return {
        variables.HISTORY_TABLE: table.table_name,
        variables.HISTORY_ENDPOINT_URL: lambda_function.endpoint_url("dynamodb", stack),
    }

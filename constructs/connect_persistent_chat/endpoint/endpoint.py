"""The endpoint: REST API, association function, permissions, and the proof that they work together."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat import lambda_function
from connect_persistent_chat.acknowledgments import acknowledge, role_for_contacts, wildcard
from connect_persistent_chat.deployment.flows import CheckedFlows, flow_arns
from connect_persistent_chat.deployment.instance import ConnectInstance
from connect_persistent_chat.deployment.proof import (
    PATIENCE,
    Proof,
    ProofScope,
    ProvedFunction,
    ProvedGateway,
    ProvedHistory,
)
from connect_persistent_chat.endpoint import oidc, rest_api, wire
from connect_persistent_chat.endpoint.authorization import Authorization
from connect_persistent_chat.endpoint.chat_start import ASSOCIATION_BURST, ASSOCIATION_RATE, ChatStart
from connect_persistent_chat.endpoint.cors import Cors
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.grants import grant, policies_of
from connect_persistent_chat.history.interface import IChatHistory
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.lambda_function import number_of, seconds_of
from connect_persistent_chat.lazy import cloudwatch
from connect_persistent_chat.parameters import (
    RATE,
    REQUESTS,
    Parameters,
    limits_of,
    refuse_metric,
    seconds,
)
from connect_persistent_chat.shared import probes, variables
from connect_persistent_chat.stacks import unnamed_in
from connect_persistent_chat.tokens import is_token
from constructs import Construct

# API Gateway stops waiting after 29 s (Amazon API Gateway quotas). The function has to answer before.
GATEWAY_PATIENCE_SECONDS = 29
# The time that the function needs beyond the deadline: to start, and to write the answer.
FUNCTION_MARGIN_SECONDS = 3
# CreatePersistentContactAssociation's default quota (Amazon Connect service quotas).
QUOTA_RATE = 5
QUOTA_BURST = 8
# Each checked request calls DescribeContact twice, and the default burst of DescribeContact is 15.
QUOTA_BURST_CHECKED = 7
DEFAULT_DEADLINE_SECONDS = 8
DEFAULT_TRANSCRIPT_DELAY_SECONDS = 60
LONGEST_DELAY_SECONDS = 3600


class PersistentChatEndpoint(Construct):
    """A guarded HTTP endpoint for CreatePersistentContactAssociation of one instance.

    `POST <url><contact id>` with the body of Amazon Connect's own request makes the contact continue a past chat. If
    the deployment succeeds, it has proved that the endpoint works: see docs/proof.md.

    :param instance: the instance whose chats are continued.
    :param customer_identity: how the endpoint finds the customer of a contact. Both contacts have to belong to the same
        customer. Default: `CustomerIdentity.customer_id()`, the contact's CustomerId.
    :param authorization: which callers are allowed to call. Default: `Authorization.iam()`.
    :param history: a `ChatHistory` of the instance. With it, a request without SourceContactId continues the customer's
        session that ended last. Default: none, each request names its source.
    :param start: a `ChatStart`. With it, the endpoint also starts chats: `PUT <stage>/contact/chat`. Default: none.
    :param transcript_delay: how long after a chat's end the endpoint waits for the transcript, from 0 seconds to 1
        hour. Connect needs 30 to 60 seconds. Not used with `CustomerIdentity.unchecked()`. Default: 60 seconds.
    :param cors_allowed_origins: the origins of pages that are allowed to call from browsers, each in the form
        `https://chat.example.com`, or `*` alone for all. Default: none.
    :param deadline: the longest time until a request is answered, from 1 to 25 seconds. API Gateway stops waiting
        after 29. Default: 8 seconds.
    :param throttle_rate_limit: requests in a second, for all callers together, more than 0. Default: 5, the quota of
        CreatePersistentContactAssociation. Each checked request describes two contacts, so 5 requests use the whole
        quota of DescribeContact, 10 a second. With `start` the default is 3, because starts use this quota too.
    :param throttle_burst_limit: requests at once, for all callers together, at least 1. Default: 7, which fits the
        burst of DescribeContact, 15; 8 with `CustomerIdentity.unchecked()`; 4 with `start`.
    :param log_retention: how long the access log and the function's log are kept. Default: three months.
    :param log_removal_policy: what happens to the logs when the stack is deleted. Default: they are deleted.
    :param cloud_watch_role: whether to create the account-wide role with which API Gateway writes logs. An account
        needs one in each region. It stays when the stack is deleted. Default: false, the account has it already.
    :param security_policy: the TLS policy of the API. Allowed are the policies of a regional API with TLS 1.2 or newer:
        `TLS_1_2`, and the newer policies without `EDGE` in their names. A change takes about 15 minutes. Meanwhile the
        API answers, and AWS refuses another change of it. Default: TLS 1.2 or newer with forward secrecy
        (`TLS13_1_2_PFS_PQ_2025_09`).
    :param proof: what the deployment proves, and whether the deployment fails if a link is broken. Default:
        `ProofScope.WHOLE`: everything is proved, and the deployment fails.
    :param proof_patience: how long the deployment's proof tries again before it fails, from 1 second to 10 minutes. A
        new policy or stage takes some time to have an effect. Default: 3 minutes.

    Raises ConfigurationError, with every mistake in it, if a value cannot work.
    """

    api: Final[apigateway.RestApi]
    """The REST API."""

    url: Final[str]
    """The endpoint's address. Append the contact id to it."""

    function: Final[lambda_.Function]
    """The association function."""

    role: Final[iam.Role]
    """The association function's role."""

    function_log: Final[logs.LogGroup]
    """The association function's log: one JSON line for each request, see docs/security.md."""

    access_log: Final[logs.LogGroup]
    """API Gateway's access log: one JSON line for each request."""

    authorizer_function: Final[lambda_.Function | None]
    """The function that checks ID tokens. None without `Authorization.oidc`. In its metrics, each refused token is an
    error."""

    authorizer_log: Final[logs.LogGroup | None]
    """The log of `authorizer_function`: one JSON line for each request, see docs/security.md."""

    proof_report: Final[str]
    """The result of the deployment's proof in a few sentences, also what it did not show. A token at synthesis."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        instance: ConnectInstance,
        customer_identity: CustomerIdentity | None = None,
        authorization: Authorization | None = None,
        history: IChatHistory | None = None,
        start: ChatStart | None = None,
        deadline: Duration | None = None,
        transcript_delay: Duration | None = None,
        cors_allowed_origins: Sequence[str] | None = None,
        throttle_rate_limit: float | None = None,
        throttle_burst_limit: int | None = None,
        log_retention: logs.RetentionDays | None = None,
        log_removal_policy: RemovalPolicy | None = None,
        cloud_watch_role: bool | None = None,
        security_policy: apigateway.SecurityPolicy | None = None,
        proof: ProofScope | None = None,
        proof_patience: Duration | None = None,
    ) -> None:
        given = Parameters(PersistentChatEndpoint.__init__, locals(), _LIMITS)
        stack = given.stack()
        identity = given.taken("customer_identity", customer_identity) or CustomerIdentity.customer_id()
        authorization = given.taken("authorization", authorization) or Authorization.iam()
        cors = Cors(given.texts("cors_allowed_origins"))
        environment: dict[str, str] = {}
        authorizer_environment: Mapping[str, str] = {}
        if given.right("instance"):
            given.add(*instance.mistakes_in(stack))
        if given.right("authorization"):
            given.add(*authorization.mistakes_in(stack))
        given.add(*unnamed_in("customer_identity", "a name", identity.value, stack))
        if given.right("customer_identity", "authorization"):
            given.add(*_contradictions(authorization, identity))
            given.add(*cors.mistakes_in(authorization, identity))
        if history is not None and given.right("history", "instance", "customer_identity"):
            given.add(*history.mistakes_with(stack, instance, identity))
        if start is not None and given.right("start", "instance", "customer_identity", "authorization"):
            given.add(*start.mistakes_with(stack, instance, identity, authorization))
        if given.right("instance", "customer_identity", "authorization", "history", "start"):
            delay = given.taken("transcript_delay", transcript_delay)
            environment = {
                variables.INSTANCE_ID: instance.instance_id,
                variables.CONNECT_ENDPOINT_URL: lambda_function.endpoint_url("connect", stack),
                variables.DEADLINE_SECONDS: seconds_of(given.taken("deadline", deadline), DEFAULT_DEADLINE_SECONDS),
                variables.TRANSCRIPT_DELAY_SECONDS: seconds_of(delay, DEFAULT_TRANSCRIPT_DELAY_SECONDS),
                variables.CUSTOMER_IDENTITY: identity.value,
                **authorization.environment(),
                **cors.environment(),
                **(history.environment() if history is not None else {}),
                **(start.environment() if start is not None else {}),
            }
            given.add(*lambda_function.mistakes_in_size(environment))
            authorizer_environment = authorization.authorizer_environment(instance.instance_id)
            given.add(*lambda_function.mistakes_in_size(authorizer_environment))
        given.refuse()
        quota_burst = QUOTA_BURST_CHECKED if identity.checked else QUOTA_BURST
        usual = (QUOTA_RATE, quota_burst) if start is None else (ASSOCIATION_RATE, ASSOCIATION_BURST)
        rate, burst = throttle_rate_limit or usual[0], throttle_burst_limit or usual[1]
        permissions = _permissions(instance, identity, history, start)
        function_seconds = math.ceil(number_of(deadline, DEFAULT_DEADLINE_SECONDS)) + FUNCTION_MARGIN_SECONDS

        super().__init__(scope, id)
        self._authorization = authorization
        self._warn(identity, cors, rate, burst, quota_burst)
        if start is not None:
            start.warn(self, rate, burst)
        # The deployment checks this before it makes the function and the API.
        checked = instance if start is None else CheckedFlows(self, "Flows", instance, start.flow_ids)
        self.function_log = lambda_function.log_group(self, "FunctionLog", log_retention, log_removal_policy)
        self.role = lambda_function.role_for(self, "Role", _ROLE, self.function_log, permissions, traced=True)
        self.function = lambda_function.function_for(
            self,
            "Function",
            description="Makes a chat of an Amazon Connect instance continue a past one"
            if start is None
            else "Starts chats of an Amazon Connect instance, and makes them continue past ones",
            packages=lambda_function.ASSOCIATION_PACKAGES if start is None else lambda_function.START_PACKAGES,
            environment=environment,
            role=self.role,
            log=self.function_log,
            after=checked,
            # Lambda gives more CPU with more memory, and a cold start needs CPU.
            memory_size=512,
            timeout=Duration.seconds(function_seconds),
        )
        self.authorizer_log = (
            lambda_function.log_group(self, "AuthorizerLog", log_retention, log_removal_policy)
            if authorizer_environment
            else None
        )
        self.authorizer_function = (
            None
            if self.authorizer_log is None
            else oidc.build_function(self, authorizer_environment, self.authorizer_log, instance)
        )
        self.access_log = lambda_function.log_group(self, "AccessLog", log_retention, log_removal_policy)
        methods = [wire.association(rate, burst, has_history=history is not None)]
        if start is not None:
            methods.append(wire.chat_start(start, names_customer=authorization.is_iam))
        self.api = rest_api.build(
            self,
            self.access_log,
            checked,
            methods,
            security_policy,
            cloud_watch_role=bool(cloud_watch_role),
            logs_authorizer=self.authorizer_function is not None,
        )
        self._methods = rest_api.add_methods(
            self, self.api, self.function, authorization, self.authorizer_function, cors, methods
        )
        self.url = self.api.url + wire.RESOURCE_PATH.format(InstanceId=instance.instance_id, InitialContactId="")
        stage = self.api.deployment_stage
        self.proof_report = Proof(
            self,
            "Proof",
            instance=instance,
            function=ProvedFunction(self.function.function_arn, environment),
            actions=list(permissions),
            patience=proof_patience,
            # The stage waits for the API's deployment, and the deployment waits for everything in it.
            after=[self.role, *self._methods, stage, *([self.authorizer_function] if self.authorizer_function else [])],
            proof_scope=proof or ProofScope.WHOLE,
            authorizer=None
            if self.authorizer_function is None
            else ProvedFunction(self.authorizer_function.function_arn, authorizer_environment),
            gateway=ProvedGateway(self.api, stage, self._methods, authorization.is_iam),
            history=None if history is None else ProvedHistory(history.table.table_name, history.table.table_arn),
        ).report
        acknowledge(self, {**role_for_contacts(stack, instance.contact_arn), **_NO_DEAD_LETTERS})

    @property
    def start_url(self) -> str:
        """The address that starts a chat, with PUT. Raises ConfigurationError if the endpoint has no `start`."""
        if len(self._methods) == 1:
            raise ConfigurationError(
                f"{self.node.path}: start_url", ["got an endpoint that starts no chats, expected one with start=..."]
            )
        return self.api.url + wire.START_RESOURCE_PATH

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow this identity to call the endpoint and, with `start`, to start chats, and nothing else of the API.

        :param grantee: a role, a user or another identity of this account.

        Raises ConfigurationError if the endpoint's callers are not AWS identities, or if the permission would have no
        effect: the identity is of another account or stage, or it accepts no permissions, such as an imported role with
        `mutable=False`.
        """
        given = Parameters(PersistentChatEndpoint.grant_invoke, locals(), where=self)
        if not self._authorization.is_iam:
            given.add(
                "got an endpoint whose callers have tokens, expected one with Authorization.iam(). Callers with "
                "tokens need no grant: remove this call."
            )
        stack, arns = Stack.of(self), [method.method_arn for method in self._methods]
        made = grant(given, grantee, stack, ["execute-api:Invoke"], arns)
        for policy in policies_of(grantee.grant_principal):
            acknowledge(policy, {wildcard(stack, arns[0]): _NARROWEST})
        return made

    def metric_count(self, *, statistic: str | None = None, period: Duration | None = None) -> "cloudwatch.Metric":
        """The number of requests, preflights included.

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `SampleCount`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(PersistentChatEndpoint.metric_count, self, locals())
        return self.api.deployment_stage.metric_count(statistic=statistic, period=period)

    def metric_client_error(
        self, *, statistic: str | None = None, period: Duration | None = None
    ) -> "cloudwatch.Metric":
        """The number of requests that were refused (4xx).

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `Sum`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(PersistentChatEndpoint.metric_client_error, self, locals())
        return self.api.deployment_stage.metric_client_error(statistic=statistic, period=period)

    def metric_server_error(
        self, *, statistic: str | None = None, period: Duration | None = None
    ) -> "cloudwatch.Metric":
        """The number of requests that failed (5xx).

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `Sum`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(PersistentChatEndpoint.metric_server_error, self, locals())
        return self.api.deployment_stage.metric_server_error(statistic=statistic, period=period)

    def metric_latency(self, *, statistic: str | None = None, period: Duration | None = None) -> "cloudwatch.Metric":
        """The time until the answer, in milliseconds, preflights included.

        :param statistic: a statistic of CloudWatch, such as `Sum`, `Average` or `p99`. Default: `Average`.
        :param period: 1, 5, 10 or 30 seconds, or whole minutes. Default: 5 minutes.

        Raises ConfigurationError for another period, or for a wrong type.
        """
        refuse_metric(PersistentChatEndpoint.metric_latency, self, locals())
        return self.api.deployment_stage.metric_latency(statistic=statistic, period=period)

    def _warn(self, identity: CustomerIdentity, cors: Cors, rate: float, burst: float, quota_burst: int) -> None:
        known = not (is_token(rate) or is_token(burst))
        if known and (rate > QUOTA_RATE or burst > quota_burst):
            Annotations.of(self).add_warning_v2(
                "connect-persistent-chat:throttle-over-quota",
                f"The throttle allows {rate:g} requests a second and {burst} at once. Amazon Connect's default quotas "
                f"allow {QUOTA_RATE} and {quota_burst}. Requests over them get 429 from Connect. Ask for higher quotas "
                "of CreatePersistentContactAssociation and DescribeContact in the Service Quotas console, under Amazon "
                "Connect, for this account and region.",
            )
        self._authorization.warn(self)
        cors.warn(self, self._authorization)
        if not identity.checked:
            Annotations.of(self).add_warning_v2(
                "connect-persistent-chat:unchecked-customer",
                "With CustomerIdentity.unchecked(), everybody who is allowed to invoke the endpoint can continue any "
                "customer's chat. Give invoke permission only to backends that make sure that both contacts belong to "
                "the same customer.",
            )


_ROLE = "Continues past chats of an Amazon Connect instance"
_NO_DEAD_LETTERS = {"Serverless::Serverless-LambdaDLQ": "Its callers wait for the answer: nothing is called late."}
_NARROWEST = "The path holds the contact, and contacts come and go: the method's own path is the narrowest resource."
_LIMITS = {
    "deadline": seconds(1, GATEWAY_PATIENCE_SECONDS - FUNCTION_MARGIN_SECONDS - 1),
    "transcript_delay": seconds(0, LONGEST_DELAY_SECONDS, unit="seconds"),
    "proof_patience": PATIENCE,
    "throttle_rate_limit": RATE,
    "throttle_burst_limit": REQUESTS,
    "security_policy": rest_api.TLS_LIMITS,
    "proof": limits_of(*ProofScope),
}


def _contradictions(authorization: Authorization, identity: CustomerIdentity) -> list[str]:
    """The reasons why the callers of this authorization cannot be trusted without a check. Empty if they can."""
    if identity.checked or not (authorization.knows_person or authorization.lets_browsers_speak_for_any):
        return []
    given, who = "iam(allow_identity_pools=True)", "browser"
    if authorization.knows_person:
        given, who = "an authorization that knows the person who calls", "user"
    return [
        f"customer_identity: got unchecked() with {given}, expected customer_id() or attribute(...): otherwise any "
        f"{who} could open any customer's chat."
    ]


def _permissions(
    instance: ConnectInstance, identity: CustomerIdentity, history: IChatHistory | None, start: ChatStart | None
) -> dict[str, list[str]]:
    """The actions that the function calls, with their resources."""
    # The association needs both resources (Service Authorization Reference).
    permissions = {probes.CREATE_ASSOCIATION: [instance.instance_arn, instance.contact_arn]}
    if identity.checked:
        permissions[probes.DESCRIBE_CONTACT] = [instance.contact_arn]
    if start is not None:
        permissions[probes.START_CHAT] = [*flow_arns(instance, start.flow_ids), instance.contact_arn]
    if history is not None:
        permissions[probes.QUERY] = [history.index_arn]
        permissions[probes.GET_ITEM] = [history.table.table_arn]
    return permissions

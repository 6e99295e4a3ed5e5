"""Alarms and a dashboard for an endpoint. The figures come from its logs and from AWS, not from its function's code."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from connect_persistent_chat.alarms import alarm_for, mistakes_in_topic
from connect_persistent_chat.endpoint.endpoint import PersistentChatEndpoint
from connect_persistent_chat.parameters import AT_LEAST_ONE, Parameters, seconds
from connect_persistent_chat.shared import reasons
from connect_persistent_chat.stacks import elsewhere
from connect_persistent_chat.tokens import measured
from constructs import Construct

_PERIOD = Duration.minutes(5)
_DEFAULT_SLOW_MILLISECONDS = 3_000
_LIMITS = {
    **dict.fromkeys(("server_errors", "probing", "without_customer", "refused", "throttled"), AT_LEAST_ONE),
    # CloudWatch measures in milliseconds. AWS Lambda stops a function after 900 seconds.
    "slow": seconds(0.001, 900, unit="millis"),
}


class PersistentChatMonitoring(Construct):
    """Eight alarms and a dashboard for one endpoint.

    Alarms: the endpoint fails (5xx); somebody tries contacts of others; chats have no customer; many requests are
    refused, by any rule; calls are throttled; the slowest answers are slow; the function crashes; the function is
    throttled. A period is 5 minutes. A period without calls gives no alarm.

    :param endpoint: the endpoint that is watched.
    :param topic: the topic that gets a message when an alarm begins and when it ends. Default: nobody gets a message.
    :param server_errors: the number of 5xx in a period that gives an alarm, at least 1. Default: 1.
    :param probing: an alarm comes if at least this many requests in a period ask for contacts of others, at least 1.
        Default: 10.
    :param without_customer: an alarm comes if at least this many requests in a period are refused because a contact has
        no customer, at least 1. Perhaps the code that starts the chats no longer sets the customer. Default: 5.
    :param refused: the number of refusals in a period by all rules of the endpoint together that gives an alarm, at
        least 1. Default: 50.
    :param throttled: the number of 429 in a period that gives an alarm, of the API and of Connect, at least 1.
        Default: 10.
    :param slow: the time of the slowest hundredth of the answers (p99) that gives an alarm after three such periods
        in a row, from 0.001 to 900 seconds. Default: 3 seconds.

    Raises ConfigurationError, with every mistake in it.
    """

    alarms: Final[list[cloudwatch.Alarm]]
    """The alarms."""

    dashboard: Final[cloudwatch.Dashboard]
    """The dashboard."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        endpoint: PersistentChatEndpoint,
        topic: sns.ITopic | None = None,
        server_errors: int | None = None,
        probing: int | None = None,
        without_customer: int | None = None,
        refused: int | None = None,
        throttled: int | None = None,
        slow: Duration | None = None,
    ) -> None:
        given = Parameters(PersistentChatMonitoring.__init__, locals(), _LIMITS)
        stack = given.stack()
        if given.right("endpoint"):
            given.add(*elsewhere("endpoint", "an endpoint", Stack.of(endpoint), stack, referred=True))
        if topic is not None and given.right("topic"):
            given.add(*mistakes_in_topic(topic, stack))
        given.refuse()
        super().__init__(scope, id)
        self._endpoint = endpoint
        self._topic = topic
        self._namespace = f"PersistentChat/{Names.unique_resource_name(self, max_length=80)}"
        self.alarms = []
        refused_line = _equals("verdict", "refused")
        probing_line = logs.FilterPattern.any(*(_equals("rule", rule) for rule in sorted(reasons.PROBING)))
        refusals = self._count("refused", endpoint.function_log, refused_line)
        self._count("refused_by", endpoint.function_log, refused_line, by="rule")
        probes = self._count("probing", endpoint.function_log, probing_line)
        unnamed = self._count("without_customer", endpoint.function_log, _equals("rule", reasons.NO_CUSTOMER))
        throttles = self._count("throttled", endpoint.access_log, _equals("status", "429"))
        self._alarm("ServerErrors", endpoint.metric_server_error(), server_errors or 1, "The endpoint fails (5xx).")
        self._alarm("Probing", probes, probing or 10, "Somebody tries contacts of other customers, or ids at random.")
        no_customer = "Chats carry no customer. Look at what sets it where they start."
        self._alarm("WithoutCustomer", unnamed, without_customer or 5, no_customer)
        self._alarm("Refused", refusals, refused or 50, "Many requests are refused. The dashboard tells by which rule.")
        self._alarm(
            "Throttled", throttles, throttled or 10, "More calls come than the throttle or Connect's quota allows."
        )
        slowest = endpoint.metric_latency(statistic="p99", period=_PERIOD)
        too_slow = (None if slow is None else measured(slow, "millis")) or _DEFAULT_SLOW_MILLISECONDS
        self._alarm("Slow", slowest, too_slow, "The slowest hundredth of the answers is slow.", periods=3)
        function = endpoint.function
        self._alarm("FunctionErrors", function.metric_errors(period=_PERIOD), 1, "The function crashes.")
        self._alarm("FunctionThrottles", function.metric_throttles(period=_PERIOD), 1, "Lambda throttles the function.")
        self.dashboard = self._build_dashboard(throttles)

    def _count(
        self, name: str, log: logs.ILogGroup, pattern: logs.JsonPattern, by: str | None = None
    ) -> cloudwatch.Metric:
        """The number of matching lines in a log. With `by` there is a metric for each value of this field."""
        counted = logs.MetricFilter(
            self,
            f"Count{name.title().replace('_', '')}",
            log_group=log,
            filter_pattern=pattern,
            metric_namespace=self._namespace,
            metric_name=name,
            metric_value="1",
            # A metric with dimensions cannot have a default value.
            default_value=0 if by is None else None,
            dimensions=None if by is None else {by: f"$.{by}"},
        )
        return counted.metric(statistic="Sum", period=_PERIOD)

    def _alarm(self, id: str, metric: cloudwatch.IMetric, threshold: float, description: str, periods: int = 1) -> None:
        text = f"{self._endpoint.node.path}: {description}"
        self.alarms.append(alarm_for(self, id, metric, threshold, text, self._topic, periods))

    def _build_dashboard(self, throttles: cloudwatch.Metric) -> cloudwatch.Dashboard:
        endpoint, function = self._endpoint, self._endpoint.function
        dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.days(1))
        refusals_by_rule = cloudwatch.MathExpression(
            expression=f"SEARCH('{{{self._namespace},rule}} MetricName=\"refused_by\"', 'Sum', 300)",
            label="${PROP('Dim.rule')}",
            using_metrics={},
            period=_PERIOD,
        )
        dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self.alarms, width=24, height=3))
        calls = [endpoint.metric_count(), endpoint.metric_client_error(), endpoint.metric_server_error(), throttles]
        dashboard.add_widgets(
            self._graph("Calls and how they ended", calls), self._graph("Refusals, by rule", [refusals_by_rule])
        )
        times = [endpoint.metric_latency(statistic=statistic) for statistic in ("p50", "p90", "p99")]
        runs = [function.metric_invocations(), function.metric_errors(), function.metric_throttles()]
        dashboard.add_widgets(self._graph("How long answers took (ms)", times), self._graph("The function", runs))
        dashboard.add_widgets(
            cloudwatch.LogQueryWidget(
                title="The latest refusals and failures",
                log_group_names=[
                    log.log_group_name for log in (endpoint.function_log, endpoint.authorizer_log) if log is not None
                ],
                query_lines=[
                    "fields @timestamp, verdict, rule, status, caller, initialContactId, sourceContactId, detail",
                    'filter verdict in ["refused", "failed"]',
                    "sort @timestamp desc",
                    "limit 50",
                ],
                width=24,
                height=8,
            )
        )
        return dashboard

    def _graph(self, title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=metrics, width=12, height=6)


def _equals(field: str, value: str) -> logs.JsonPattern:
    return logs.FilterPattern.string_value(f"$.{field}", "=", value)

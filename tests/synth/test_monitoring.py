"""Alarms that tell what is wrong, and a dashboard a person can read; made of metrics that the logs really feed."""

import json
import re
from typing import Any

import pytest
from aws_cdk import Duration
from aws_cdk import aws_sns as sns

from connect_persistent_chat import ConfigurationError, PersistentChatMonitoring
from connect_persistent_chat.monitoring import PROBING_RULES
from connect_persistent_chat.source import SOURCE
from tests.synth.apps import HERE, Synthesized, endpoint, stack


@pytest.fixture(scope="module")
def monitored() -> Synthesized:
    """One endpoint, watched, with a topic."""
    here = stack(env=HERE)
    PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(here), topic=sns.Topic(here, "Topic"))
    return Synthesized(here)


def alarm(made: Synthesized, name: str) -> dict[str, Any]:
    """The alarm of this id."""
    return made.named("AWS::CloudWatch::Alarm", f"Monitoring{name}")


def test_each_thing_that_can_go_wrong_has_its_alarm(monitored: Synthesized) -> None:
    """No calls is no alarm; the topic hears of beginning and end."""
    alarms = monitored.all("AWS::CloudWatch::Alarm")
    (topic,) = monitored.all("AWS::SNS::Topic")
    assert len(alarms) == 6
    for resource in alarms.values():
        properties = resource["Properties"]
        assert properties["TreatMissingData"] == "notBreaching"
        assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": topic}]
        assert properties["AlarmDescription"].startswith("Stack/Endpoint: ")
    assert alarm(monitored, "ServerErrors")["MetricName"] == "5XXError"
    assert alarm(monitored, "Slow")["MetricName"] == "Latency"
    assert (alarm(monitored, "Slow")["ExtendedStatistic"], alarm(monitored, "Slow")["Threshold"]) == ("p99", 3000)
    assert alarm(monitored, "FunctionErrors")["MetricName"] == "Errors"
    assert alarm(monitored, "FunctionThrottles")["MetricName"] == "Throttles"
    assert alarm(monitored, "Probing")["MetricName"] == "probing"


def test_the_figures_come_from_the_logs(monitored: Synthesized) -> None:
    """One filter a rule on the function's log, and one for 429 on the access log; nothing in the request path."""
    filters = [resource["Properties"] for resource in monitored.all("AWS::Logs::MetricFilter").values()]
    patterns = {one["FilterPattern"]: one["LogGroupName"] for one in filters}
    (function_log,) = (key for key in monitored.all("AWS::Logs::LogGroup") if "EndpointFunctionLog" in key)
    (access_log,) = (key for key in monitored.all("AWS::Logs::LogGroup") if "EndpointAccessLog" in key)
    assert patterns['{ $.rule = "another_customer" }'] == {"Ref": function_log}
    (any_rule,) = (pattern for pattern in patterns if "||" in pattern)
    for rule in ("another_customer", "another_caller", "unknown_contact", "identity_pool"):
        assert f'$.rule = "{rule}"' in any_rule
    assert patterns['{ $.status = "429" }'] == {"Ref": access_log}
    assert {one["MetricTransformations"][0]["DefaultValue"] for one in filters} == {0}


def test_the_metrics_of_two_endpoints_are_told_apart() -> None:
    """API Gateway tells them apart by the API's name and the stage, and by the method only if that is paid for."""
    here = stack(env=HERE)
    metrics = [
        metric
        for made in (endpoint(here, "First"), endpoint(here, "Second"))
        for metric in (
            made.metric_count(),
            made.metric_client_error(),
            made.metric_server_error(),
            made.metric_latency(),
        )
    ]
    dimensions = [here.resolve(metric.dimensions) for metric in metrics]
    kinds = [metric.metric_name for metric in metrics]
    assert kinds == ["Count", "4XXError", "5XXError", "Latency"] * 2
    assert {tuple(sorted(one)) for one in dimensions} == {("ApiName", "Stage")}
    assert [metric.statistic for metric in metrics] == ["SampleCount", "Sum", "Sum", "Average"] * 2
    assert {metric.period.to_minutes() for metric in metrics} == {5}
    names = {api["Properties"]["Name"] for api in Synthesized(here).all("AWS::ApiGateway::RestApi").values()}
    assert {one["ApiName"] for one in dimensions} == names
    assert len(names) == 2


def test_every_refusal_that_hides_or_denies_something_is_counted() -> None:
    """The names stand in the function's code; a new one that nobody counts would be an alarm that never rings."""
    code = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "association").glob("*.py"))
    found = set(re.findall(r'answers\.(?:not_found|denied)\(\s*"(\w+)"', code))
    # A contact that carries nobody is a mistake where chats start, not somebody who tries.
    assert sorted(found - {"no_customer"}) == list(PROBING_RULES)


def test_two_endpoints_are_told_apart() -> None:
    """Their figures must not add up to one."""
    here = stack(env=HERE)
    for name in ("First", "Second"):
        PersistentChatMonitoring(here, f"{name}Monitoring", endpoint=endpoint(here, name))
    filters = Synthesized(here).all("AWS::Logs::MetricFilter").values()
    namespaces = {one["Properties"]["MetricTransformations"][0]["MetricNamespace"] for one in filters}
    assert len(namespaces) == 2


def test_the_dashboard_shows_the_endpoint(monitored: Synthesized) -> None:
    """Calls, refusals by rule, latency, the function, and the latest refusals."""
    body = json.dumps(monitored.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for title in (
        "Calls and how they ended",
        "by rule",
        "How long answers took (ms)",
        "The function",
        "latest refusals",
    ):
        assert title in body
    assert "DashboardName" not in monitored.only("AWS::CloudWatch::Dashboard")


def test_limits_reach_the_alarms_and_mistakes_are_said() -> None:
    """A limit of nothing would always be over."""
    here = stack(env=HERE)
    made = endpoint(here)
    watch = PersistentChatMonitoring(
        here, "Monitoring", endpoint=made, server_errors=5, probing=6, throttled=7, slow=Duration.seconds(1)
    )
    assert len(watch.alarms) == 6
    template = Synthesized(here)
    thresholds = [alarm(template, name)["Threshold"] for name in ("ServerErrors", "Probing", "Throttled", "Slow")]
    assert thresholds == [5, 6, 7, 1000]
    with pytest.raises(ConfigurationError, match=r"server_errors: got 0.*probing: got -1.*slow: got 0"):
        PersistentChatMonitoring(here, "Wrong", endpoint=made, server_errors=0, probing=-1, slow=Duration.seconds(0))

"""Alarms that tell what is wrong, and a dashboard a person can read; made of metrics that the logs really feed."""

import json
import re
from typing import Any, get_args

import pytest
from aws_cdk import Duration
from aws_cdk import aws_sns as sns

from association import log, refusal
from association.refusal import Refusal
from connect_persistent_chat import Authorization, ConfigurationError, PersistentChatMonitoring
from shared import reasons
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
    assert len(alarms) == 8
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
    counted = {"Probing": "probing", "WithoutCustomer": "without_customer", "Refused": "refused"}
    for name, metric in {**counted, "Throttled": "throttled"}.items():
        assert alarm(monitored, name)["MetricName"] == metric
        assert alarm(monitored, name)["Namespace"] == "PersistentChat/StackMonitoring5BBF178E"


def matches(pattern: str, line: dict[str, Any]) -> bool:
    """Whether a line of JSON matches a filter's pattern, of which this library needs equality and `||` only.

    Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters".
    """
    terms = re.fullmatch(r"\{ (.*) \}", pattern)
    assert terms is not None, pattern
    equal = [re.fullmatch(r'\(?\$\.(\w+) = "(\w+)"\)?', term) for term in terms[1].split(" || ")]
    return any(line.get(one[1]) == one[2] for one in equal if one is not None or pytest.fail(pattern))


def refused_line(refused: Refusal, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the function's log has of a refusal."""
    line = log.Line("request")
    line.refused(refused)
    line.write()
    written: dict[str, Any] = json.loads(capsys.readouterr().out)
    return written


def test_the_figures_come_from_the_logs(monitored: Synthesized, capsys: pytest.CaptureFixture[str]) -> None:
    """Each filter is held against lines as they are written; nothing is counted in the request path."""
    filters = [resource["Properties"] for resource in monitored.all("AWS::Logs::MetricFilter").values()]
    logs_of = {one["MetricTransformations"][0]["MetricName"]: one["LogGroupName"]["Ref"] for one in filters}
    patterns = {one["MetricTransformations"][0]["MetricName"]: one["FilterPattern"] for one in filters}
    for name, log_group in logs_of.items():
        assert log_group.startswith("EndpointAccessLog" if name == "throttled" else "EndpointFunctionLog")
    both = {"refused", "refused_by"}
    hidden = [(refusal.not_found(reason), both | {"probing"}) for reason in get_args(reasons.NotFound)]
    expected = [
        *((one, both | {"without_customer"} if one.reason == "no_customer" else counted) for one, counted in hidden),
        *((refusal.denied(reason, ""), both | {"probing"}) for reason in get_args(reasons.Denied)),
        (refusal.cannot("same_session", ""), both),
        (refusal.failed("connect_failed", "detail"), set()),
    ]
    for refused, counted in expected:
        line = refused_line(refused, capsys)
        assert {name for name, pattern in patterns.items() if matches(pattern, line)} == counted, refused.reason
    access = json.loads(monitored.only("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"])
    throttled = {**access, **dict.fromkeys([k for k, v in access.items() if v == "$context.status"], "429")}
    assert [name for name, pattern in patterns.items() if matches(pattern, throttled)] == ["throttled"]
    assert [name for name, pattern in patterns.items() if matches(pattern, access)] == []


def test_the_dashboard_shows_what_an_authorizer_says_of_its_failures() -> None:
    """The endpoint's function hears nothing of a call that its authorizer refuses, or fails at."""
    here = stack(env=HERE)
    made_here = endpoint(here, authorization=Authorization.oidc("https://login.example.com", ["client"]))
    PersistentChatMonitoring(here, "Monitoring", endpoint=made_here)
    made = Synthesized(here)
    (log,) = (key for key in made.all("AWS::Logs::LogGroup") if "AuthorizerLog" in key)
    assert json.dumps({"Ref": log}) in json.dumps(made.only("AWS::CloudWatch::Dashboard")["DashboardBody"])


def test_refusals_are_told_apart_by_rule(monitored: Synthesized) -> None:
    """One filter gives a metric for each rule that occurs, and the dashboard finds them all."""
    (by_rule,) = (
        one["Properties"]["MetricTransformations"][0]
        for one in monitored.all("AWS::Logs::MetricFilter").values()
        if one["Properties"]["MetricTransformations"][0]["MetricName"] == "refused_by"
    )
    assert by_rule["Dimensions"] == [{"Key": "rule", "Value": "$.rule"}]
    # CloudWatch takes no default for a metric with dimensions.
    assert "DefaultValue" not in by_rule
    body = json.dumps(monitored.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    assert "PersistentChat/StackMonitoring5BBF178E,rule" in body


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


def test_two_endpoints_are_told_apart() -> None:
    """Their figures must not add up to one."""
    here = stack(env=HERE)
    for name in ("First", "Second"):
        PersistentChatMonitoring(here, f"{name}Monitoring", endpoint=endpoint(here, name))
    filters = Synthesized(here).all("AWS::Logs::MetricFilter").values()
    namespaces = {one["Properties"]["MetricTransformations"][0]["MetricNamespace"] for one in filters}
    assert len(namespaces) == 2


def test_two_monitorings_of_one_endpoint_count_each_for_itself() -> None:
    """Two filters that write into one metric would count every line twice."""
    here = stack(env=HERE)
    made = endpoint(here)
    for id in ("First", "Second"):
        PersistentChatMonitoring(here, id, endpoint=made)
    filters = Synthesized(here).all("AWS::Logs::MetricFilter").values()
    metrics = [one["Properties"]["MetricTransformations"][0] for one in filters]
    written = [(one["MetricNamespace"], one["MetricName"]) for one in metrics]
    assert len(set(written)) == len(written) == 10


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
        here,
        "Monitoring",
        endpoint=made,
        server_errors=5,
        probing=6,
        throttled=7,
        without_customer=8,
        refused=9,
        slow=Duration.seconds(1),
    )
    assert len(watch.alarms) == 8
    template = Synthesized(here)
    names = ("ServerErrors", "Probing", "Throttled", "WithoutCustomer", "Refused", "Slow")
    assert [alarm(template, name)["Threshold"] for name in names] == [5, 6, 7, 8, 9, 1000]
    with pytest.raises(ConfigurationError, match=r"server_errors: got 0.*\n- probing: got -1.*\n- slow: got 0"):
        PersistentChatMonitoring(here, "Wrong", endpoint=made, server_errors=0, probing=-1, slow=Duration.seconds(0))


@pytest.mark.parametrize(("slow", "got"), [(Duration.millis(0.5), "0.0005"), (Duration.seconds(1e300), "1e+300")])
def test_no_limit_that_is_always_or_never_over_is_taken(slow: Duration, got: str) -> None:
    """The sentence does not say "more than 0" of what is more than 0."""
    here = stack(env=HERE)
    with pytest.raises(ConfigurationError, match=f"slow: got {re.escape(got)} seconds, expected 0.001 to 900 seconds."):
        PersistentChatMonitoring(here, "Wrong", endpoint=endpoint(here), slow=slow)

"""Alarms, and the topics that get their messages."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns

from connect_persistent_chat.stacks import unnamed_in
from connect_persistent_chat.tokens import is_known
from constructs import Construct


def alarm_for(
    scope: Construct,
    id: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    description: str,
    topic: sns.ITopic | None,
    periods: int = 1,
) -> cloudwatch.Alarm:
    """An alarm that begins when a metric reaches the threshold in so many periods. The topic gets both ends of it."""
    alarm = cloudwatch.Alarm(
        scope,
        id,
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    if topic is not None:
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))
    return alarm


def mistakes_in_topic(topic: sns.ITopic, stack: Stack) -> list[str]:
    """Why alarms of `stack` cannot use the topic. It may be of another account."""
    mistakes = unnamed_in("topic", "a topic", topic.topic_arn, stack)
    region = topic.env.region
    if mistakes or not is_known(region) or not is_known(stack.region) or region == stack.region:
        return mistakes
    return [f"topic: got a topic in region {region}, expected one in region {stack.region}, the stack's."]

"""Starts of chats: the allowed flows, and what callers may set."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Annotations, Duration, Fn, Stack

from connect_persistent_chat.deployment.instance import ConnectInstance, may_be_id
from connect_persistent_chat.endpoint.authorization import Authorization
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.messages import shown, shown_seconds
from connect_persistent_chat.parameters import RATE, REQUESTS, Limits, Parameters
from connect_persistent_chat.shared import variables, wire
from connect_persistent_chat.stacks import mistakes_in_place, unnamed_in
from connect_persistent_chat.tokens import is_known, is_placeholder, is_token, measured, with_tokens_as
from constructs import Construct

# A proof tries all flows at once, and the default burst of StartChatContact is 8.
MOST_FLOWS = 10
_NAME = "[0-9A-Za-z_-]{1,64}"
_FLOW = "/contact-flow/"
_ID = "22222222-2222-4222-8222-222222222222"
_A_FLOW = (
    f"a flow id such as {_ID}, or the flow's ARN, "
    f"arn:aws:connect:<region>:<account>:instance/<instance id>{_FLOW}<flow id>"
)
# A star stands for a token.
_ARN = re.compile(rf"(?:(?:arn|\*):[^:/]+:(?:connect|\*):[^:/]*:[^:/]*:instance/([^/]+)|\*){_FLOW}([^/:]+)")
_ARN_OF_TOKEN = re.compile(r"(?:arn|\*):[^:/]+:(?:connect|\*):[^:/]*:[^:/]*:\*")
# Amazon Connect's default quotas: StartChatContact, and DescribeContact, which associations use as well.
_QUOTA_RATE, _QUOTA_BURST = 5, 8
_DESCRIBE_RATE, _DESCRIBE_BURST = 10, 15
# How often an association calls DescribeContact. A start usually calls it once.
_DESCRIBED_BY_ASSOCIATION = 2
DEFAULT_RATE, DEFAULT_BURST = 4, 7
# The throttle of associations with `start`. So there are 3 x 2 + 4 calls of DescribeContact a second, and 4 x 2 + 7 at
# once.
ASSOCIATION_RATE, ASSOCIATION_BURST = 3, 4
_LIMITS = {
    "chat_duration": Limits(
        f"whole minutes, from {wire.LEAST_DURATION_MINUTES} (1 hour) to {wire.MOST_DURATION_MINUTES} (7 days)",
        wire.LEAST_DURATION_MINUTES * 60,
        wire.MOST_DURATION_MINUTES * 60,
    ),
    "throttle_rate_limit": RATE,
    "throttle_burst_limit": REQUESTS,
}


class ChatStart:
    """Lets the endpoint also start chats: `PUT <stage>/contact/chat`. The request and the answer are those of
    Amazon Connect's own StartChatContact.

    The customer of the new chat is the person who calls. With `Authorization.iam()` it is the CustomerId that the
    backend sends.

    :param flows: the flows that a chat may start with, by names that you choose: 1 to 10. A name has 1 to 64 letters,
        digits, hyphens and underscores. A flow is an id or an ARN of a flow of the endpoint's instance. It can be a
        token. A caller sends a name, an id or an ARN as ContactFlowId. If there is only one flow, a caller may leave
        ContactFlowId out.
    :param attributes: the names of the contact attributes that a caller may set, each of 1 to 128 letters, digits,
        hyphens and underscores. The attribute that names the customer is not allowed, in upper or lower case. Default:
        none.
    :param continue_latest: whether a new chat continues the customer's latest chat if the caller names no past chat. It
        has no effect without a `history`. Default: true.
    :param stamp_authentication: whether the contact says that its customer was authenticated
        (`connect:CustomerAuthentication`), so that a flow needs no sign-in of its own. It needs an authorization that
        knows the person who calls. Default: false.
    :param chat_duration: how long the chat lasts at most: whole minutes, from 1 hour to 7 days. Default: none, Amazon
        Connect ends the chat after 25 hours.
    :param throttle_rate_limit: starts in a second, for all callers together, more than 0. Default: 4. The quota of
        StartChatContact is 5.
    :param throttle_burst_limit: starts at once, for all callers together, at least 1. Default: 7. The quota of
        StartChatContact is 8.

    Raises ConfigurationError, with every mistake in it, if a value cannot work.
    """

    flow_ids: Final[Mapping[str, str]]
    """The ids of the flows by their names, in lower case. An id that only the deployment knows is a token."""

    attributes: Final[Sequence[str]]
    """The names of the attributes that a caller may set."""

    throttle_rate_limit: Final[float]
    """Starts in a second."""

    throttle_burst_limit: Final[float]
    """Starts at once."""

    def __init__(
        self,
        flows: Mapping[str, str],
        *,
        attributes: Sequence[str] | None = None,
        continue_latest: bool | None = None,
        stamp_authentication: bool | None = None,
        chat_duration: Duration | None = None,
        throttle_rate_limit: float | None = None,
        throttle_burst_limit: int | None = None,
    ) -> None:
        given = Parameters(ChatStart.__init__, locals(), _LIMITS)
        if given.right("flows"):
            given.add(*_mistakes_in_flows(flows))
        given.add(*_mistakes_in_attributes(given.texts("attributes")))
        seconds = (
            measured(chat_duration, "seconds") if chat_duration is not None and given.right("chat_duration") else None
        )
        if seconds is not None and seconds % 60:
            given.add(f"chat_duration: got {shown_seconds(seconds)}, expected {_LIMITS['chat_duration'].expected}.")
        given.refuse()
        self._flows = dict(flows)
        self._continues_latest = continue_latest is not False
        self._stamps = bool(stamp_authentication)
        self._minutes = None if seconds is None else int(seconds // 60)
        self.flow_ids = {name: _id_in(flow) for name, flow in flows.items()}
        self.attributes = list(attributes or ())
        self.throttle_rate_limit = throttle_rate_limit or DEFAULT_RATE
        self.throttle_burst_limit = throttle_burst_limit or DEFAULT_BURST

    def environment(self) -> Mapping[str, str]:
        """The environment variables of the function for starts."""
        minutes = {} if self._minutes is None else {variables.CHAT_DURATION_MINUTES: str(self._minutes)}
        return {
            variables.START_FLOWS: json.dumps(self.flow_ids),
            variables.START_ATTRIBUTES: json.dumps(self.attributes),
            variables.CONTINUE_LATEST: str(self._continues_latest).lower(),
            variables.STAMP_AUTHENTICATION: str(self._stamps).lower(),
            **minutes,
        }

    def mistakes_with(
        self, stack: Stack, instance: ConnectInstance, identity: CustomerIdentity, authorization: Authorization
    ) -> list[str]:
        """The reasons why an endpoint of this stack cannot start chats in this way. Empty if it can.

        :param stack: the endpoint's stack.
        :param instance: the endpoint's instance.
        :param identity: how the endpoint finds the customer of a contact.
        :param authorization: which callers are allowed.
        """
        mistakes = []
        if not identity.checked:
            mistakes.append(
                "start: got a ChatStart with CustomerIdentity.unchecked(), expected customer_id() or attribute(...): "
                "otherwise nobody checks whose past chat a new chat continues."
            )
        if authorization.lets_browsers_speak_for_any:
            mistakes.append(
                "start: got a ChatStart with iam(allow_identity_pools=True), expected an authorization that knows the "
                "person who calls, or iam() for backends: otherwise any browser could open any customer's chat."
            )
        if self._stamps and authorization.is_iam:
            mistakes.append(
                "start: got stamp_authentication=True with Authorization.iam(), expected an authorization that knows "
                "the person who calls. IAM authenticates your backend, and not its customer."
            )
        mistakes += [
            f"start: got the attribute {shown(name)}, expected attributes without the one that names the customer. "
            "Leave this attribute out: the endpoint itself writes the customer."
            for name in self.attributes
            if f"{variables.ATTRIBUTE_PREFIX}{name}".lower() == identity.value.lower()
        ]
        for flow in self._flows.values():
            mistakes += unnamed_in("start", "a flow", flow, stack)
            mistakes += mistakes_in_place("start", flow, stack)
            mistakes += _mistakes_in_instance(flow, instance)
        return mistakes

    def warn(self, scope: Construct, association_rate: float, association_burst: float) -> None:
        """Warn if the throttles allow more than Amazon Connect's default quotas.

        :param association_rate: associations in a second.
        :param association_burst: associations at once.
        """
        rates = (self.throttle_rate_limit, association_rate)
        bursts = (self.throttle_burst_limit, association_burst)
        if any(map(is_token, (*rates, *bursts))):
            return
        rate, burst = (start + _DESCRIBED_BY_ASSOCIATION * other for start, other in (rates, bursts))
        over_starts = rates[0] > _QUOTA_RATE or bursts[0] > _QUOTA_BURST
        if over_starts or rate > _DESCRIBE_RATE or burst > _DESCRIBE_BURST:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:start-throttle-over-quota",
                f"The throttles allow {rates[0]:g} starts a second and {bursts[0]:g} at once. Starts and associations "
                f"together need {rate:g} calls of DescribeContact a second and {burst:g} at once. Amazon "
                f"Connect's default quotas allow {_QUOTA_RATE} and {_QUOTA_BURST} starts, and {_DESCRIBE_RATE} and "
                f"{_DESCRIBE_BURST} calls of DescribeContact. Lower the throttles, or ask for higher quotas of "
                "StartChatContact and DescribeContact in the Service Quotas console, under Amazon Connect, for this "
                "account and region.",
            )


def _mistakes_in_flows(flows: Mapping[str, str]) -> list[str]:
    mistakes = []
    if not 1 <= len(flows) <= MOST_FLOWS:
        mistakes.append(f"flows: got {len(flows)} flows, expected 1 to {MOST_FLOWS}.")
    mistakes += [
        f"flows: got the name {shown(name)}, expected 1 to 64 letters, digits, hyphens and underscores that are known "
        "at synthesis."
        for name in flows
        if not re.fullmatch(_NAME, name)
    ]
    return mistakes + [
        f"flows: got {shown(flow)} for {shown(name)}, expected {_A_FLOW}."
        for name, flow in flows.items()
        if not _may_be_flow(flow)
    ]


def _may_be_flow(flow: str) -> bool:
    """Whether this can be a flow's id or ARN, judged by the parts that are known."""
    if may_be_id(flow):
        return True
    text = with_tokens_as("*", flow)
    found = _ARN.fullmatch(text)
    if found is None:
        return is_token(flow) and _ARN_OF_TOKEN.fullmatch(text) is not None
    return may_be_id(flow.rpartition(_FLOW)[2])


def _id_in(flow: str) -> str:
    """The id in a flow's id or ARN."""
    if _FLOW in flow:
        flow = flow.rpartition(_FLOW)[2]
    elif is_token(flow):
        # The template has to find the id. The text is split at "/contact-flow/", which an id does not have. So the text
        # is there twice with "/contact-flow/" between: then the second part is the id in both cases.
        return Fn.select(1, Fn.split(_FLOW, f"{flow}{_FLOW}{flow}"))
    # Only ids in lower case match the ARNs of permissions. A token cannot be changed.
    return flow.lower() if is_known(flow) else flow


def _mistakes_in_instance(flow: str, instance: ConnectInstance) -> list[str]:
    found = _ARN.fullmatch(with_tokens_as("*", flow))
    got, expected = found[1] if found else None, instance.instance_id
    if got is None or "*" in got or not is_known(got) or not is_known(expected) or got.lower() == expected:
        return []
    return [f"start: got {shown(flow)}, whose instance is {shown(got)}, expected {expected!r}, the endpoint's."]


def _mistakes_in_attributes(names: Sequence[str]) -> list[str]:
    return [
        f"attributes: got {shown(name)} in the list, expected 1 to 128 letters, digits, hyphens and underscores that "
        "are known at synthesis."
        for name in names
        if not is_placeholder(name) and not re.fullmatch(variables.ATTRIBUTE_PATTERN, name)
    ]

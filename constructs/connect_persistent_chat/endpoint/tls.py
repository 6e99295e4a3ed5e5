"""The TLS policy of the REST API."""

from aws_cdk import aws_apigateway as apigateway

DEFAULT = apigateway.SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09
# A policy of before 2025; the newer ones have a longer name in CloudFormation.
_LEGACY = "TLS_"
_NEWER = "SecurityPolicy_"
_OF_EDGES = "_EDGE"
# A regional API takes no policy of an edge-optimized one. TLS 1.0 is broken, and an API that ever had a newer policy
# cannot go back to it (API Gateway Developer Guide, "Security policies for REST APIs").
_TAKEN = tuple(
    policy
    for policy in apigateway.SecurityPolicy
    if policy is not apigateway.SecurityPolicy.TLS_1_0 and not policy.value.endswith(_OF_EDGES)
)


EXPECTED = f"a policy of a regional API with TLS 1.2 or newer: {', '.join(one.name for one in _TAKEN)}"


def mistakes_in(policy: apigateway.SecurityPolicy) -> list[str]:
    """Why the API cannot have this policy; empty if it can."""
    return [] if policy in _TAKEN else [f"security_policy: got {policy.name}, expected {EXPECTED}."]


def set_policy(api: apigateway.CfnRestApi, policy: apigateway.SecurityPolicy) -> None:
    """Give the API this policy, and the access mode that goes with it."""
    if policy.value.startswith(_LEGACY):
        api.security_policy = policy.value
        # Empty, not left out: otherwise an API that had a newer policy keeps its mode, and the update is refused.
        api.endpoint_access_mode = ""
    else:
        api.security_policy = f"{_NEWER}{policy.value}"
        api.endpoint_access_mode = "BASIC"

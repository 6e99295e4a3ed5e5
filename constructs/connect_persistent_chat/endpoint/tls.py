"""The TLS policy of the REST API."""

from aws_cdk import aws_apigateway as apigateway

DEFAULT = apigateway.SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09
# A regional API cannot have a policy of an edge-optimized API. TLS 1.0 is broken, and an API that once had a newer
# policy cannot go back to it (API Gateway Developer Guide, "Security policies for REST APIs").
_ALLOWED = tuple(
    policy
    for policy in apigateway.SecurityPolicy
    if policy is not apigateway.SecurityPolicy.TLS_1_0 and not policy.value.endswith("_EDGE")
)
EXPECTED = f"a SecurityPolicy of a regional API with TLS 1.2 or newer: {', '.join(policy.name for policy in _ALLOWED)}"


def mistakes_in(policy: apigateway.SecurityPolicy) -> list[str]:
    """The mistake if the API cannot have this policy."""
    return [] if policy in _ALLOWED else [f"security_policy: got {policy.name}, expected {EXPECTED}."]


def set_policy(api: apigateway.CfnRestApi, policy: apigateway.SecurityPolicy) -> None:
    """Set this policy and the access mode that it needs."""
    if policy.value.startswith("TLS_"):
        api.security_policy = policy.value
        # Without this, an API that had a newer policy would keep its mode, and AWS would refuse the update.
        api.endpoint_access_mode = ""
    else:
        # CloudFormation uses longer names for the policies of 2025 and later.
        api.security_policy = f"SecurityPolicy_{policy.value}"
        api.endpoint_access_mode = "BASIC"

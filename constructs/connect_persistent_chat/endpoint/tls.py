"""The TLS policy of the REST API."""

from aws_cdk import aws_apigateway as apigateway

DEFAULT = apigateway.SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09
# A regional API cannot have a policy of an edge-optimized one. TLS 1.0 is broken, and an API that once had a newer
# policy cannot go back to it (API Gateway Developer Guide, "Security policies for REST APIs").
_TAKEN = tuple(
    policy
    for policy in apigateway.SecurityPolicy
    if policy is not apigateway.SecurityPolicy.TLS_1_0 and not policy.value.endswith("_EDGE")
)
EXPECTED = f"a SecurityPolicy of a regional API with TLS 1.2 or newer: {', '.join(one.name for one in _TAKEN)}"


def mistakes_in(policy: apigateway.SecurityPolicy) -> list[str]:
    """The mistake if the API cannot have this policy."""
    return [] if policy in _TAKEN else [f"security_policy: got {policy.name}, expected {EXPECTED}."]


def set_policy(api: apigateway.CfnRestApi, policy: apigateway.SecurityPolicy) -> None:
    """Give the API this policy, and the access mode that goes with it."""
    if policy.value.startswith("TLS_"):
        api.security_policy = policy.value
        # If it were left out, an API that had a newer policy would keep its mode, and the update would be refused.
        api.endpoint_access_mode = ""
    else:
        # CloudFormation has longer names for the policies of 2025 and later.
        api.security_policy = f"SecurityPolicy_{policy.value}"
        api.endpoint_access_mode = "BASIC"

"""Permissions for identities: an identity gets its permission, or a sentence says why it cannot."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from connect_persistent_chat.kinds import parts_of
from connect_persistent_chat.parameters import Parameters
from connect_persistent_chat.stacks import elsewhere, unnamed_in
from connect_persistent_chat.tokens import is_known, is_placeholder
from constructs import Construct


def grant(given: Parameters, grantee: iam.IGrantable, stack: Stack, actions: list[str], arns: list[str]) -> iam.Grant:
    """Allow the argument `grantee` these actions on a resource of `stack`. Raises ConfigurationError if it cannot.

    :param arns: the ARN of the resource, and ARNs of its parts.
    """
    if given.right("grantee"):
        given.add(*_mistakes_in(grantee.grant_principal, arns[0], stack))
    given.refuse()
    principal = grantee.grant_principal
    made = iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=arns)
    if not (_is_looked_up(principal) or (made.success and not _ignores_grants(principal))):
        given.add(
            "grantee: got an identity that accepts no permissions, expected a role, a user or a group that does. "
            "If you import a role, leave mutable=False out."
        )
    given.refuse()
    return made


def policies_of(principal: iam.IPrincipal) -> list[iam.Policy]:
    """All policies under a principal in the construct tree, also the policy of a new grant."""
    constructs = [part for part in parts_of(principal) if isinstance(part, Construct)]
    return [child for part in constructs for child in part.node.find_all() if isinstance(child, iam.Policy)]


def _is_looked_up(principal: iam.IPrincipal) -> bool:
    """Whether this is a role that the CDK will look up before the next pass of synthesis."""
    return is_placeholder(getattr(principal, "role_arn", ""))


def _ignores_grants(principal: iam.IPrincipal) -> bool:
    """Whether a grant reports success, but the role gets no policy. The CDK's roles without policy updates do so."""
    made_here = isinstance(principal, Construct)
    is_construct = any(isinstance(part, Construct) for part in parts_of(principal))
    return is_construct and not made_here and not policies_of(principal)


def _mistakes_in(principal: iam.IPrincipal, resource: str, stack: Stack) -> list[str]:
    """Why a permission for this resource of `stack` would have no effect for this principal."""
    made_in = next((Stack.of(part) for part in parts_of(principal) if isinstance(part, Construct)), stack)
    # Some principals of the CDK have no such attribute. Before the look-up of a role, it is any account.
    account = made_in.account if _is_looked_up(principal) else getattr(principal, "principal_account", None)
    there, own = made_in.account, stack.account
    if any(isinstance(part, iam.UnknownPrincipal) for part in parts_of(principal)):
        return [
            "grantee: got a resource that was imported without its role, expected an identity that takes permissions. "
            "Import the resource with its role, or give the role itself."
        ]
    if account is not None and is_known(account) and is_known(own) and account != own:
        return [
            f"grantee: got an identity of the account {account}, expected one of the account {own}. A permission of "
            "this stack counts in its account only. Use a role of this account that the identity may assume."
        ]
    # The CDK writes the permission into the template of the identity's stack.
    if is_known(there) and is_known(own) and there != own:
        return [
            f"grantee: got an identity that was imported in the stack {made_in.node.path!r} of the account {there}, "
            f"expected an identity that was imported in a stack of the account {own}. The CDK writes the permission "
            "into the stack that imports."
        ]
    unnamed = unnamed_in("grantee", "an identity", resource, made_in)
    return elsewhere("grantee", "an identity", made_in, stack, referred=True) if unnamed else []

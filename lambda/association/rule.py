"""The rule: may this chat continue that one?"""

from association import answers
from association.request import AssociationRequest
from association.settings import Settings


def may_continue(request: AssociationRequest, settings: Settings) -> None:
    """Return if it may. Raises a Refusal otherwise.

    The instance has to be this endpoint's. CustomerIdentity "unchecked" trusts the caller with the contacts:
    nothing is described.
    """
    if request.instance_id != settings.instance_id:
        raise answers.not_found("another_instance")

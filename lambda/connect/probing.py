"""The probes of the permissions that every function of Amazon Connect needs: only a deployment asks for them."""

from collections.abc import Mapping
from functools import partial

from aws.probes import Probes, said
from connect.operations import Connect, association
from shared import probes, wire


def probes_of(connect: Connect, *actions: str) -> Probes:
    """Each action with contacts that cannot exist, in this instance and in one that the role does not name."""
    instances = {"": connect.instance_id, probes.ELSEWHERE: probes.NOWHERE}
    return {f"{where}{a}": partial(_tried, connect, a, id) for where, id in instances.items() for a in actions}


def _tried(connect: Connect, action: str, instance_id: str) -> Mapping[str, object]:
    nobody = probes.NOWHERE
    if action == probes.CREATE_ASSOCIATION:
        return said(connect.call(association(instance_id, nobody, nobody, wire.FROM_SEGMENT, nobody)))
    return said(connect.call(connect.description(instance_id, nobody)))

"""The probes of the permissions of Amazon Connect. Which requests they make is in test_probes.py of tests/unit/aws."""

from aws.no_answer import Unreachable
from connect import probing
from tests.unit.association.events import ScriptedClient, answer
from tests.unit.connect.test_operations import connect_with

ACTIONS = ("connect:CreatePersistentContactAssociation", "connect:DescribeContact")


def test_a_probe_reports_what_connect_said() -> None:
    """The proof decides what it means; nothing is hidden from it."""
    refused = answer(403, {"Message": "no"}, "AccessDeniedException")
    expected = {"answer": {"type": "AccessDeniedException", "status": 403, "message": "no"}}
    known = probing.probes_of(connect_with(ScriptedClient(refused)), *ACTIONS)
    assert list(known) == [*ACTIONS, *(f"elsewhere {action}" for action in ACTIONS)]
    assert [probe() for probe in known.values()] == [expected] * 4
    cut = probing.probes_of(connect_with(ScriptedClient(Unreachable("cut"))), ACTIONS[0])[ACTIONS[0]]()
    assert cut == {"answer": {"type": "unreachable", "status": 0, "message": "Unreachable: cut"}}

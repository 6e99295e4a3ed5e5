"""The probe of the permission to start chats. Its request breaks a rule of the API, because no chat may start.

API Reference, StartChatContact: PersistentChat and RelatedContactId exclude each other. Here both are sent, and both
name a contact that cannot exist.
"""

from collections.abc import Mapping
from functools import partial

from aws.answer import Answer, is_refused
from aws.probes import Probes, said
from connect.operations import Connect
from shared import probes, wire
from start import chat


def probes_of(connect: Connect, instance_id: str, flows: Mapping[str, str]) -> Probes:
    """Try each flow. For the negative control, try no flow in an instance that the role does not name."""
    return {
        probes.START_CHAT: partial(_tried, connect, instance_id, flows),
        f"{probes.ELSEWHERE}{probes.START_CHAT}": partial(_tried, connect, probes.NOWHERE, {"none": probes.NOWHERE}),
    }


def _tried(connect: Connect, instance_id: str, flows: Mapping[str, str]) -> dict[str, object]:
    """Connect's answer for each flow, by name. `answer`, as in every probe, is the first that is no mere refusal."""
    came = {name: _start(connect, instance_id, flow_id) for name, flow_id in flows.items()}
    worst = min(came, key=lambda name: came[name][1])
    answer = came[worst][0]
    answer = {**answer, "message": f"flow {worst}: {answer['message']}"}
    return {"answer": answer, "flows": {name: one for name, (one, _) in came.items()}}


def _start(connect: Connect, instance_id: str, flow_id: str) -> tuple[dict[str, object], bool]:
    """Connect's answer, and whether it refuses the request, as it should."""
    nobody = probes.NOWHERE
    fields = {
        "ContactFlowId": flow_id,
        "ParticipantDetails": {"DisplayName": probes.PROBE},
        "PersistentChat": {"RehydrationType": wire.FROM_SEGMENT, "SourceContactId": nobody},
        "RelatedContactId": nobody,
        # If a chat starts all the same, the next proof starts no second one.
        "ClientToken": f"{probes.PROBE}-{flow_id}",
    }
    outcome = chat.try_start(connect, instance_id, fields)
    if isinstance(outcome, Answer) and isinstance(outcome.result, Mapping):
        text = "a chat started, although the request breaks a rule of the API."
        # The proof ends this chat. So the endpoint's function needs no permission to end chats.
        contact_id = outcome.result["ContactId"]
        return {"type": probes.CHAT_STARTED, "status": 0, "message": text, "contactId": contact_id}, False
    return said(outcome)["answer"], isinstance(outcome, Answer) and is_refused(outcome)

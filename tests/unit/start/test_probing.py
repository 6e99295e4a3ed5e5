"""The proof of the permission to start chats: by a request of which no chat may come, and what is done if one does."""

import json
from typing import Any

from aws.http import Response
from local.connect.service import INSTANCE_ID
from shared.probes import NOWHERE
from tests.unit.association.events import answer
from tests.unit.start.conftest import Function
from tests.unit.start.world import ENVIRONMENT, HELP_ID, SEVERAL

START = "connect:StartChatContact"
DENIED = answer(403, {"Message": "no"}, "AccessDeniedException")
STARTED = answer(200, {"ContactId": "c", "ParticipantId": "p", "ParticipantToken": "s3cret"})


def probed(function: Function, probe: str = START) -> Any:
    """What the proof gets."""
    return function.handler.handle({"probe": probe}, None)


def test_the_request_excludes_itself_and_starts_nothing(function: Function) -> None:
    """With each flow; what Connect says to it shows that the role may ask."""
    function.use(SEVERAL)
    said = probed(function)
    assert said["answer"]["type"] == "InvalidRequestException"
    assert said["answer"]["status"] == 400
    assert set(said["flows"]) == {"sales", "help"}
    for sent in function.connect.starts:
        assert {sent["RelatedContactId"], sent["PersistentChat"]["SourceContactId"]} == {NOWHERE}
    assert function.connect.chats() == 0


def test_elsewhere_is_an_instance_that_the_role_does_not_name(function: Function) -> None:
    """The negative control: there it has to be denied."""
    function.connect.instead = lambda *_: DENIED
    said = probed(function, f"elsewhere {START}")
    assert (said["answer"]["status"], said["answer"]["type"]) == (403, "AccessDeniedException")
    assert [(sent["InstanceId"], sent["ContactFlowId"]) for sent in function.connect.starts] == [(NOWHERE, NOWHERE)]


def test_the_flow_that_is_denied_is_named(function: Function) -> None:
    """Whichever it is: one that is right must not hide it."""

    def only_sales(method: str, sent: dict[str, Any]) -> Response | None:
        return DENIED if sent["ContactFlowId"] == HELP_ID else None

    function.use(SEVERAL).connect.instead = only_sales
    said = probed(function)
    assert said["answer"] == {"type": "AccessDeniedException", "status": 403, "message": "flow help: no"}
    assert said["flows"]["sales"]["status"] == 400


def test_a_chat_that_starts_all_the_same_is_named_for_the_proof_to_end_it(function: Function) -> None:
    """Its status is none of an answer, so the proof fails; the token of the chat is told to nobody."""
    function.connect.instead = lambda *_: STARTED
    said = probed(function)
    assert (said["answer"]["type"], said["answer"]["status"]) == ("ChatStarted", 0)
    (of_flow,) = said["flows"].values()
    assert (of_flow["type"], of_flow["contactId"]) == ("ChatStarted", "c")
    assert function.connect.sent == [("PUT", "/contact/chat")]
    assert "s3cret" not in json.dumps(said)


def test_the_associations_probes_are_answered_as_well(function: Function) -> None:
    """With the settings of both."""
    assert probed(function, "settings")["settings"] == ENVIRONMENT
    assert probed(function, "connect:DescribeContact")["answer"]["status"] == 404
    assert probed(function, "x")["error"].endswith(f"{START}, elsewhere {START}")
    assert INSTANCE_ID in json.dumps(function.connect.sent)

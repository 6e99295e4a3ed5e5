from typing import Any

import pytest
from connect_persistent_chat_local.cdk import deploy
from connect_persistent_chat_local.chats import Chats
from connect_persistent_chat_local.clients import Answer, send
from connect_persistent_chat_local.cloud import Cloud
from connect_persistent_chat_local.tokens import Tokens

CUSTOMER = {"ParticipantDetails": {"DisplayName": "Customer"}}


@pytest.fixture(scope="session")
def start_url(local_cloud: Cloud) -> str:
    return deploy(local_cloud, "--app", "python app.py")["ContactCentre"]["StartUrl"]


def test_a_customer_who_comes_back_gets_their_own_chat(local_cloud: Cloud, start_url: str) -> None:
    chats, tokens = Chats(local_cloud), Tokens(local_cloud)

    def start(name: str, **fields: Any) -> Answer:
        token = f"Bearer {tokens.sign_in(name)}"
        return send(local_cloud, start_url, {**CUSTOMER, **fields}, method="PUT", token=token)

    first = start("ada").document["ContactId"]
    chats.end(first)  # the transcript is ready: two minutes pass on Connect's clock
    chats.told()  # the history has heard of it
    assert start("ada").document["ContinuedFromContactId"] == first
    past = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": first}
    assert start("bob", PersistentChat=past).status == 404


def test_connect_can_fail(local_cloud: Cloud, start_url: str) -> None:
    token = f"Bearer {Tokens(local_cloud).sign_in('ada')}"
    local_cloud.control("POST", "faults", {"operation": "StartChatContact", "kind": "throttle", "times": 9})
    answer = send(local_cloud, start_url, CUSTOMER, method="PUT", token=token)
    local_cloud.control("DELETE", "faults")
    assert (answer.status, "Retry-After" in answer.headers) == (429, True)

"""The chats of `persistent-chat verify`. Calls of Amazon Connect use the credentials of the person who runs it."""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from connect_persistent_chat.commands.called_endpoint import patient
from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.commands.retry import SDK_AT_FIRST, UNREADABLE
from connect_persistent_chat.commands.stopping import Stopping
from connect_persistent_chat.shared import wire

NAME = "persistent-chat verify"
_MOST_PAGES = 20
_MOST_LOOKS = 3
LOOK_SECONDS = 2
# Without a network each call takes 40 s until it fails, and nothing stops the end.
_LONGEST_END_SECONDS = 100
# From this status on nobody knows whether a chat began: behind a gateway that waits no longer, it may.
_UNCLEAR_STATUS = 500
_FLOW_ID = re.compile(r"[0-9a-fA-F-]{36}|arn:\S+")


def looks(most: int = _MOST_LOOKS) -> Iterator[int]:
    """Looks with pauses between them: what was done a moment ago may be seen later."""
    for look in range(most):
        time.sleep(LOOK_SECONDS if look else 0)
        yield look


class Chat(NamedTuple):
    """A chat that began."""

    id: str
    # Whoever has it takes part in the chat as its customer.
    token: str
    answer: Mapping[str, Any]


class MadeChats:
    """Every chat of a run. Its methods raise botocore's errors."""

    def __init__(
        self, session: boto3.session.Session, instance_id: str, attribute: str | None, say: Callable[[str], None]
    ) -> None:
        # Its direct calls show what Amazon Connect answers.
        self.client = session.client("connect", config=SDK_AT_FIRST)
        self.instance_id = instance_id
        # Amazon Connect's words on the flow of each chat.
        self.flow = ""
        self._attribute, self._say = attribute, say
        self.stopping = Stopping()
        # Only its own tokens authorize the participant service.
        self._participants = session.client(
            "connectparticipant", config=SDK_AT_FIRST.merge(Config(signature_version=UNSIGNED))
        )
        self._connections: dict[str, str] = {}
        self.running: list[str] = []
        # The starts without a clear answer, by their tokens.
        self._unclear: dict[str, Callable[[], Chat]] = {}
        # Whether the start that is under way may have begun a chat, whatever its last answer says.
        self._may_have_begun = False
        self.watch(self.client)

    def find_flow(self, flow: str) -> None:
        """Every chat has this flow: its name, id or ARN. Raises CommandFailed."""
        self.flow = flow
        if _FLOW_ID.fullmatch(flow):
            return
        pages = self.client.get_paginator("list_contact_flows").paginate(InstanceId=self.instance_id)
        found = [one["Id"] for page in pages for one in page["ContactFlowSummaryList"] if one.get("Name") == flow]
        if len(found) != 1:
            raise CommandFailed(
                f"--flow: {len(found)} flows of the instance have this name, expected one. Give the id of the flow."
            )
        (self.flow,) = found

    def begin(self, call: Callable[..., Mapping[str, Any]], **fields: Any) -> Chat:
        """A chat that this call starts. It is ended in any case."""
        fields = {"ContactFlowId": self.flow, "ParticipantDetails": {"DisplayName": NAME}, **fields}
        # If an answer is lost, the same token gets it again.
        fields.setdefault("ClientToken", str(uuid.uuid4()))

        def known() -> Chat:
            with self.stopping.held():
                self._may_have_begun = fields["ClientToken"] in self._unclear
                self._unclear[fields["ClientToken"]] = known
                try:
                    answer = call(**fields)
                except ClientError as error:
                    unclear = error.response["ResponseMetadata"]["HTTPStatusCode"] >= _UNCLEAR_STATUS
                    if not (unclear or self._may_have_begun):
                        del self._unclear[fields["ClientToken"]]
                    raise
                # Whoever answers: it is ended by this id, or told.
                contact = str(answer["ContactId"])
                if contact not in self.running:
                    self.running.append(contact)
                del self._unclear[fields["ClientToken"]]
            return Chat(contact, answer["ParticipantToken"], answer)

        return patient(known, self._say)

    def watch(self, client: Any) -> None:
        """The SDK itself repeats a start, and tells the last answer only. Look at each of this client's tries."""
        client.meta.events.register("response-received.connect.StartChatContact", self._heard)

    def _heard(self, response_dict: Mapping[str, Any] | None, **_: object) -> None:
        if response_dict is None or response_dict["status_code"] >= _UNCLEAR_STATUS:
            self._may_have_begun = True

    def start(self, customer: str, **fields: Any) -> Chat:
        """A chat of this customer, by Amazon Connect itself."""
        whose: dict[str, Any] = (
            {"Attributes": {self._attribute: customer}} if self._attribute else {"CustomerId": customer}
        )
        return self.begin(
            self.client.start_chat_contact,
            InstanceId=self.instance_id,
            # After that time Amazon Connect ends it, if this command is killed.
            ChatDurationInMinutes=wire.LEAST_DURATION_MINUTES,
            **whose,
            **fields,
        )

    def describe(self, contact: str, instance_id: str | None = None) -> tuple[dict[str, Any], datetime]:
        """A contact, and the time of Amazon Connect's clock."""
        answer = self.client.describe_contact(InstanceId=instance_id or self.instance_id, ContactId=contact)
        return answer["Contact"], parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def look_at_new(self, contact: str) -> tuple[dict[str, Any], bool]:
        """A contact that began a moment ago, and whether it was known at the first look."""
        for look in looks(_MOST_LOOKS - 1):
            try:
                return self.describe(contact)[0], look == 0
            except ClientError as error:
                if error.response["Error"].get("Code") != wire.RESOURCE_NOT_FOUND:
                    raise
        time.sleep(LOOK_SECONDS)
        return self.describe(contact)[0], False

    def customer_of(self, contact: Mapping[str, Any]) -> object:
        """Whom a described contact belongs to."""
        return contact.get("Attributes", {}).get(self._attribute) if self._attribute else contact.get("CustomerId")

    def related(self, contact: str, most: int = _MOST_LOOKS) -> tuple[str | None, bool]:
        """What a chat continues, and whether it was there at the first look."""
        for look in looks(most):
            if found := self.describe(contact)[0].get("RelatedContactId"):
                return str(found), look == 0
        return None, False

    def say(self, chat: Chat, text: str, token: str | None = None) -> None:
        """The customer says something."""
        more = {"ClientToken": token} if token else {}
        connection = self._connection(chat)
        self._participants.send_message(ContentType="text/plain", Content=text, ConnectionToken=connection, **more)

    def pages(self, chat: Chat) -> list[list[dict[str, Any]]]:
        """The transcript as the customer sees it, the newest page first."""
        pages: list[list[dict[str, Any]]] = []
        more: dict[str, str] = {}
        while len(pages) < _MOST_PAGES:
            page = self._participants.get_transcript(
                ConnectionToken=self._connection(chat),
                MaxResults=100,
                ScanDirection="BACKWARD",
                SortOrder="ASCENDING",
                **more,
            )
            pages.append(page["Transcript"])
            if not page.get("NextToken"):
                break
            more = {"NextToken": page["NextToken"]}
        return pages

    def _connection(self, chat: Chat) -> str:
        if chat.id not in self._connections:
            # Source: Administrator Guide, "Enable message streaming": a participant without a WebSocket.
            answer = self._participants.create_participant_connection(
                Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True, ParticipantToken=chat.token
            )
            self._connections[chat.id] = answer["ConnectionCredentials"]["ConnectionToken"]
        return self._connections[chat.id]

    def end(self, contact: str) -> None:
        """End a chat."""
        self.client.stop_contact(InstanceId=self.instance_id, ContactId=contact)
        self.running.remove(contact)

    def end_all(self) -> dict[str, str]:
        """End what still runs. Those that could not be ended, with the reasons."""
        until = time.monotonic() + _LONGEST_END_SECONDS
        left: dict[str, str] = {}
        self._end_running(left, until)
        # The same token gets the same chat, now with its id.
        with suppress(BotoCoreError, *UNREADABLE):
            for known in list(self._unclear.values()):
                if time.monotonic() > until:
                    break
                with suppress(ClientError, KeyboardInterrupt):
                    known()
        self._end_running(left, until)
        return left

    def _end_running(self, left: dict[str, str], until: float) -> None:
        for contact in [one for one in self.running if one not in left]:
            if time.monotonic() > until:
                left[contact] = f"calls took so long that the time for all chats, {_LONGEST_END_SECONDS} s, was over"
                continue
            try:
                self.end(contact)
            except (BotoCoreError, ClientError, *UNREADABLE) as error:
                if self._has_ended(contact):
                    self.running.remove(contact)
                else:
                    left[contact] = one_line(error)

    @property
    def unclear(self) -> int:
        """How many starts nobody answered: their chats may run."""
        return len(self._unclear)

    def _has_ended(self, contact: str) -> bool:
        try:
            return "DisconnectTimestamp" in self.describe(contact)[0]
        except (BotoCoreError, ClientError, *UNREADABLE):
            return False

"""What people say and do in chats. It goes into the transcript, and to the sockets of all participants.

| what happens | item of the transcript |
|---|---|
| somebody comes or goes | event.participant.joined, event.participant.left |
| an agent transfers the chat | event.transfer.succeeded |
| a past chat is shown, after the start | event.chat.rehydrated |
| the chat ends | event.chat.ended |
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.connect.contacts import Contact, Contacts
from local.connect.participants import CUSTOMER, Participant, Participants
from local.connect.transcripts import PREFIX, REHYDRATED, SYSTEM, Author, Item, Transcripts, item_of, text_of

AGENT = "AGENT"
PLAIN = "text/plain"
TYPING = f"{PREFIX}event.typing"
ENDED = f"{PREFIX}event.chat.ended"
_JOINED = f"{PREFIX}event.participant.joined"
_LEFT = f"{PREFIX}event.participant.left"
_TRANSFERRED = f"{PREFIX}event.transfer.succeeded"
# A receipt's content type, and the field that it sets in the metadata of its message.
RECEIPTS = {
    f"{PREFIX}event.message.delivered": "DeliveredTimestamp",
    f"{PREFIX}event.message.read": "ReadTimestamp",
}

# Sends an item, as JSON text, to the sockets of a participant.
Deliver = Callable[[Participant, str], None]


class Conversations:
    """The chats that run."""

    def __init__(self, contacts: Contacts, transcripts: Transcripts) -> None:
        self._contacts = contacts
        self._transcripts = transcripts
        self.participants = Participants()
        # Items go to nobody, until there are sockets.
        self.deliver: Deliver = lambda _, __: None

    def begin(
        self, contact: Contact, name: str, content_types: frozenset[str], initial: tuple[str, str] | None
    ) -> Participant:
        """Begin a chat. Returns its customer.

        :param initial: the content type and the content of the first message, if there is one.
        """
        customer = self.participants.add(contact.initial_id, CUSTOMER, name, content_types)
        if initial is not None:
            self._tell(contact, contact.initiated, customer.author, "MESSAGE", *initial)
        return customer

    def running(self, participant: Participant) -> Contact:
        """The segment that a participant is in now."""
        initial = self._contacts.find(participant.initial_id)
        assert initial is not None
        return self._latest(initial)

    def join(self, participant: Participant, now: datetime) -> None:
        """A participant connects. Only the first connection makes an item."""
        if not participant.joined:
            participant.joined = True
            self._tell(self.running(participant), now, participant.author, "EVENT", _JOINED)

    def add_agent(self, contact: Contact, name: str, now: datetime) -> Participant:
        """An agent takes part."""
        agent = self.participants.add(contact.initial_id, AGENT, name)
        self.join(agent, now)
        return agent

    def say(self, contact: Contact, author: Author, content_type: str, content: str, now: datetime) -> Item:
        """Somebody sends a message."""
        return self._tell(contact, now, author, "MESSAGE", content_type, content)

    def type(self, contact: Contact, author: Author, now: datetime) -> Item:
        """Somebody types. This item goes into no transcript."""
        item = item_of(now, author, "EVENT", TYPING)
        self._send(contact, item)
        return item

    def receive(self, reader: Participant, content_type: str, message_id: str, now: datetime) -> Item:
        """A message was delivered or read. If the id is not that of a message in the running chat, nothing changes."""
        contact = self.running(reader)
        message = self._transcripts.find(contact, message_id)
        if message is not None and message["Type"] == "MESSAGE":
            receipts = message.setdefault("MessageMetadata", {"MessageId": message_id, "Receipts": []})["Receipts"]
            mine = next((one for one in receipts if one["RecipientParticipantId"] == reader.author.id), None)
            if mine is None:
                receipts.append(mine := {"RecipientParticipantId": reader.author.id})
            mine[RECEIPTS[content_type]] = text_of(now)
            receipt = {"Type": "MESSAGEMETADATA", "MessageMetadata": message["MessageMetadata"]}
            self._send(contact, {**item_of(now, reader.author, "EVENT", content_type), **receipt})
        return item_of(now, reader.author, "EVENT", content_type)

    def rehydrate(self, contact: Contact, now: datetime, *, tell: bool) -> None:
        """From now on, the chat shows the past chat that it continues. With `tell`, the chat gets an event."""
        if self._transcripts.rehydrate(contact, now) and tell:
            # Assumption: if the past chat has nothing to show, there is no event.
            self._tell(self._latest(contact), now, SYSTEM, "EVENT", REHYDRATED)

    def leave(self, participant: Participant, now: datetime) -> None:
        """Somebody leaves. The chat goes on."""
        self._tell(self.running(participant), now, participant.author, "EVENT", _LEFT)
        self.participants.remove(participant)

    def end(self, participant: Participant, now: datetime) -> None:
        """The customer leaves, and the chat ends.

        Assumption: this holds even if an agent is there, and with any value of DisconnectOnCustomerExit.
        """
        contact = self.running(participant)
        self._tell(contact, now, participant.author, "EVENT", _LEFT)
        self.stop(contact, now)

    def stop(self, contact: Contact, now: datetime) -> None:
        """The chat ends with this segment, its last one. Raises ConnectError if the segment has ended already."""
        self._contacts.stop(contact, now)
        self._tell(contact, now, SYSTEM, "EVENT", ENDED)
        self.participants.end(contact.initial_id)
        self._transcripts.end(contact, now)

    def transfer(self, contact: Contact, now: datetime) -> Contact:
        """An agent transfers the chat. All agents leave, and the next segment begins."""
        self._tell(contact, now, SYSTEM, "EVENT", _TRANSFERRED)
        return self._follow(contact, now, self._contacts.transfer)

    def survey(self, contact: Contact, now: datetime) -> Contact:
        """The agent's side ends the chat. All agents leave, and a survey segment begins."""
        return self._follow(contact, now, self._contacts.survey)

    def _latest(self, contact: Contact) -> Contact:
        return self._contacts.session(contact)[-1]

    def _follow(self, contact: Contact, now: datetime, how: Callable[[Contact, datetime], Contact]) -> Contact:
        for agent in self.participants.of(contact.initial_id, AGENT):
            self.leave(agent, now)
        following = how(contact, now)
        self._transcripts.end(contact, now)
        return following

    def _tell(
        self, contact: Contact, now: datetime, author: Author, kind: str, content_type: str, content: str | None = None
    ) -> Item:
        item = self._transcripts.add(contact, now, author, kind, content_type, content)
        self._send(contact, item)
        return item

    def _send(self, contact: Contact, item: dict[str, Any]) -> None:
        text = json.dumps({**item, "ContactId": contact.id, "InitialContactId": contact.initial_id})
        for participant in self.participants.of(contact.initial_id):
            self.deliver(participant, text)

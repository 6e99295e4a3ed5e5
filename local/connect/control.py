"""`/_connect/…`: these calls play people and time, and show what Amazon Connect holds. AWS has no such API.

| call | what it does |
|---|---|
| POST contacts {"Channel", "CustomerId"?, "Attributes"?} | a contact of any channel |
| POST contacts/<id>/transfer, POST contacts/<id>/survey | the segment ends, the next begins |
| POST contacts/<id>/join {"DisplayName"?} | an agent takes part |
| POST contacts/<id>/say {"Content", "ContentType"?, "Role"?} | the agent, or with Role the flow or a bot, says this |
| POST contacts/<id>/type, POST contacts/<id>/leave | the agent types; the agent leaves |
| POST contacts/<id>/cut | the customer's sockets are cut |
| GET contacts/<id>/transcript | what the chat shows, the past first |
| GET chats, GET sockets | the running chats; how many sockets are open |
| POST transcripts {"seconds"} | how long after a contact's end its transcript is written |
| GET contacts/<id>/history | the past contacts that the chat shows, newest first |
| POST instances {"InstanceStatus"?, "TranscriptBuckets"?} | another instance, which may be a broken one |
| POST flows {"InstanceId"?, "Type"?, "State"?, "Status"?}, POST flows/<id> | another flow, or one that changes |
| POST limits {"chats"?} | how many chats may run in an instance at once; {}: any number |
| POST clock {"advance": seconds, "hold"?} | Connect's clock goes forward; it is held (true), or goes on (false) |
| POST faults {"operation", "kind", "times"?, "seconds"?, "status"?}, DELETE faults | adds a fault; ends all faults |
| POST events {"late"?, "repeated"?, "lost"?, "reordered"?, "spelling"?, "seed"?} | how contact events are delivered |
| POST events/raw {"detail"} | an event with this detail, even if the detail is wrong |
| GET events | how many were sent, lost, and are underway |
| POST quotas {"enabled"} | the request quotas on or off |
| GET associations, GET calls | every association; how often each operation was called |

`/_connect/agent` is the agent's window. It is a page on which a person makes some of these calls.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..control import BadCall, Call, Fields, follow, is_number_up_to, is_one_of, json_response
from . import sockets, window
from .contacts import CHANNELS, CHAT, Contact
from .conversations import AGENT, PLAIN
from .errors import ConnectError
from .events import SPELLINGS, Delivery
from .faults import KINDS, Fault
from .instances import STATUSES
from .model import values_of
from .participant_service import OPERATIONS as PARTICIPANT_OPERATIONS
from .participants import CUSTOMER, Participant
from .service import INSTANCE_ID, Connect, Response
from .transcripts import SYSTEM, Author

PREFIX = "/_connect/"
_LONGEST_ADVANCE_SECONDS = 10 * 366 * 86_400
_LONGEST_DELAY_SECONDS = 3600
# The service model allows no longer values in an answer.
_LONGEST_ATTRIBUTE = 32_767
_LONGEST_BUCKET = 128
_LONGEST_CONTENT = 12_288
# The authors who can speak, in addition to agents.
_ROLES = {"SYSTEM": SYSTEM, "CUSTOM_BOT": Author("CUSTOM_BOT", "BOT")}
_ATTRIBUTES = f"an object of strings of up to {_LONGEST_ATTRIBUTE} characters, no name empty"
_BUCKETS = f"a list of names of 1 to {_LONGEST_BUCKET} ASCII characters"


class Control:
    """Answers the calls of the table above."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._calls: list[Call] = [
            ("POST", r"contacts", self._start),
            ("POST", r"contacts/([^/]+)/transfer", self._transfer),
            ("POST", r"contacts/([^/]+)/survey", self._survey),
            ("POST", r"contacts/([^/]+)/join", self._join),
            ("POST", r"contacts/([^/]+)/say", self._say),
            ("POST", r"contacts/([^/]+)/type", self._type),
            ("POST", r"contacts/([^/]+)/cut", self._cut),
            ("POST", r"contacts/([^/]+)/leave", self._leave),
            ("GET", r"contacts/([^/]+)/transcript", self._transcript),
            ("GET", r"contacts/([^/]+)/history", self._history),
            ("GET", r"chats", self._chats),
            ("GET", r"sockets", self._sockets),
            ("POST", r"transcripts", self._set_transcripts),
            ("POST", r"instances", self._add_instance),
            ("POST", r"flows", self._set_flow),
            ("POST", r"flows/([^/]+)", self._set_flow),
            ("POST", r"limits", self._set_limits),
            ("POST", r"clock", self._advance),
            ("POST", r"faults", self._add_fault),
            ("DELETE", r"faults", self._clear_faults),
            ("POST", r"quotas", self._set_quotas),
            ("POST", r"events", self._set_delivery),
            ("GET", r"events", self._events),
            ("POST", r"events/raw", self._send_event),
            ("GET", r"associations", self._associations),
            ("GET", r"calls", self._counted),
        ]

    def answer(self, method: str, path: str, body: bytes) -> Response:
        """Follow a call. The path is the part after the prefix."""
        if (method, path) == ("GET", "agent"):
            return window.response()
        try:
            return follow(self._calls, PREFIX, method, path, body)
        except ConnectError as refused:
            return json_response(400, {"message": refused.message})

    def _start(self, fields: Fields) -> Callable[[], Any]:
        channel = fields.required("Channel", f"one of {', '.join(CHANNELS)}", lambda value: value in CHANNELS)
        customer = fields.take("CustomerId", "a string of 1 to 128 characters", _is_customer)
        attributes = fields.take("Attributes", _ATTRIBUTES, _is_attributes, {})
        instance = self._connect.instances.get(self._connect.instances.region, INSTANCE_ID)

        def act() -> dict[str, str]:
            contact = self._connect.contacts.start(
                instance,
                self._connect.clock.now(),
                channel=channel,
                customer_id=customer,
                attributes=attributes,
            )
            self._connect.contacts.announce(contact, contact.initiated)
            return {"ContactId": contact.id}

        return act

    def _transfer(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        conversations, contact = self._connect.conversations, self._running(contact_id)
        return lambda: {"ContactId": conversations.transfer(contact, self._connect.clock.now()).id}

    def _survey(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        conversations, contact = self._connect.conversations, self._running(contact_id)
        return lambda: {"ContactId": conversations.survey(contact, self._connect.clock.now()).id}

    def _join(self, fields: Fields, contact_id: str) -> Callable[[], Any]:
        contact = self._chat(contact_id)
        name = fields.take("DisplayName", "a string of 1 to 256 characters", _is_text_up_to(256), "Agent")
        conversations, now = self._connect.conversations, self._connect.clock.now()
        return lambda: {"ParticipantId": conversations.add_agent(contact, name, now).author.id}

    def _say(self, fields: Fields, contact_id: str) -> Callable[[], Any]:
        contact = self._chat(contact_id)
        content = fields.required("Content", f"a string of 1 to {_LONGEST_CONTENT} characters", _is_content)
        content_type = fields.take("ContentType", "a string of 1 to 100 characters", _is_text_up_to(100), PLAIN)
        role = fields.take("Role", f"one of {', '.join(_ROLES)}", is_one_of(tuple(_ROLES)))
        author = _ROLES[role] if role else self._agent(contact).author
        conversations, now = self._connect.conversations, self._connect.clock.now()
        return lambda: {"Id": conversations.say(contact, author, content_type, content, now)["Id"]}

    def _type(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        contact = self._chat(contact_id)
        agent, conversations = self._agent(contact), self._connect.conversations
        return lambda: {"Id": conversations.type(contact, agent.author, self._connect.clock.now())["Id"]}

    def _leave(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        agent, conversations = self._agent(self._chat(contact_id)), self._connect.conversations

        def act() -> dict[str, str]:
            conversations.leave(agent, self._connect.clock.now())
            return {}

        return act

    def _cut(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        contact, connect = self._known(contact_id), self._connect
        customers = connect.conversations.participants.of(contact.initial_id, CUSTOMER)
        return lambda: {"sockets": sum(connect.sockets.cut(customer) for customer in customers)}

    def _transcript(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        contact, transcripts = self._known(contact_id), self._connect.transcripts
        return lambda: {"Transcript": transcripts.past(contact) + transcripts.present(contact)}

    def _chats(self, _: Fields) -> Callable[[], Any]:
        return lambda: [
            {
                "ContactId": self._connect.conversations.running(customer).id,
                "InitialContactId": customer.initial_id,
                "DisplayName": customer.author.name,
                "Agents": [
                    agent.author.name
                    for agent in self._connect.conversations.participants.of(customer.initial_id, AGENT)
                ],
            }
            for customer in self._connect.conversations.participants.all(CUSTOMER)
        ]

    def _sockets(self, _: Fields) -> Callable[[], Any]:
        return lambda: {"open": self._connect.sockets.open}

    def _set_transcripts(self, fields: Fields) -> Callable[[], Any]:
        most = _LONGEST_DELAY_SECONDS
        seconds = fields.required("seconds", f"seconds from 0 to {most}", is_number_up_to(most))

        def act() -> dict[str, float]:
            self._connect.transcripts.seconds = seconds
            return {"seconds": seconds}

        return act

    def _history(self, _: Fields, contact_id: str) -> Callable[[], Any]:
        contact = self._known(contact_id)
        return lambda: {"ContactIds": self._connect.associations.shown_by(contact)}

    def _add_instance(self, fields: Fields) -> Callable[[], Any]:
        status = fields.take(
            "InstanceStatus", f"one of {', '.join(STATUSES)}", lambda value: value in STATUSES, "ACTIVE"
        )
        buckets = fields.take("TranscriptBuckets", _BUCKETS, _is_names, ["amazon-connect-transcripts"])
        instances, now = self._connect.instances, self._connect.clock.now()
        return lambda: {"InstanceId": instances.add(now, status=status, transcript_buckets=tuple(buckets)).id}

    def _set_flow(self, fields: Fields, flow_id: str | None = None) -> Callable[[], Any]:
        instances = self._connect.instances
        named = fields.take("InstanceId", "a string", lambda value: isinstance(value, str), INSTANCE_ID)
        changed = {}
        for name in ("Type", "State", "Status"):
            values = values_of(f"ContactFlow{name}")
            value = fields.take(name, f"one of {', '.join(values)}", is_one_of(values))
            if value is not None:
                changed[name.lower()] = value
        return lambda: {"ContactFlowId": instances.get(instances.region, named).set_flow(flow_id, **changed).id}

    def _set_limits(self, fields: Fields) -> Callable[[], Any]:
        chats = fields.take("chats", "a number of chats from 0", lambda value: type(value) is int and value >= 0)

        def act() -> dict[str, int | None]:
            self._connect.quotas.chats = chats
            return {"chats": chats}

        return act

    def _advance(self, fields: Fields) -> Callable[[], Any]:
        most = _LONGEST_ADVANCE_SECONDS
        seconds = fields.required("advance", f"seconds from 0 to {most}", is_number_up_to(most))
        hold = fields.take("hold", "true or false", lambda value: type(value) is bool)

        def act() -> dict[str, str]:
            try:
                self._connect.clock.advance(seconds)
            except OverflowError as error:
                raise BadCall(f"advance: got {seconds:g}, but {error}. Start another local cloud.") from None
            if hold is not None:
                self._connect.clock.hold(hold)
            self._connect.transcripts.write(self._connect.clock.now())
            return {"now": self._connect.clock.now().isoformat()}

        return act

    def _add_fault(self, fields: Fields) -> Callable[[], Any]:
        operations = (*self._connect.supported, *PARTICIPANT_OPERATIONS, *sockets.FAULTY)
        operation = fields.required("operation", f"one of {', '.join(operations)}", is_one_of(operations))
        kinds = sockets.KINDS if operation in sockets.FAULTY else KINDS
        kind = fields.required("kind", f"one of {', '.join(kinds)}", is_one_of(kinds))
        fault = Fault(
            operation,
            kind,
            fields.take("times", "a number of calls from 1", lambda value: type(value) is int and value >= 1),
            fields.take(
                "seconds",
                f"seconds from 0 to {_LONGEST_DELAY_SECONDS}",
                is_number_up_to(_LONGEST_DELAY_SECONDS),
                1 if kind == "latency" else 0,
            ),
            fields.take(
                "status",
                "a status from 500 to 599",
                lambda value: type(value) is int and 500 <= value <= 599,
                500,
            ),
        )

        def act() -> dict[str, str]:
            self._connect.faults.add(fault)
            return {}

        return act

    def _clear_faults(self, _: Fields) -> Callable[[], Any]:
        def act() -> dict[str, str]:
            self._connect.faults.clear()
            return {}

        return act

    def _set_quotas(self, fields: Fields) -> Callable[[], Any]:
        enabled = fields.required("enabled", "true or false", lambda value: isinstance(value, bool))

        def act() -> dict[str, bool]:
            self._connect.quotas.enabled = enabled
            return {"enabled": enabled}

        return act

    def _set_delivery(self, fields: Fields) -> Callable[[], Any]:
        share, is_share = "a share from 0 to 1", is_number_up_to(1)
        delivery = Delivery(
            late=fields.take(
                "late", f"seconds from 0 to {_LONGEST_DELAY_SECONDS}", is_number_up_to(_LONGEST_DELAY_SECONDS), 0
            ),
            repeated=fields.take("repeated", share, is_share, 0),
            lost=fields.take("lost", share, is_share, 0),
            reordered=fields.take("reordered", "true or false", lambda value: isinstance(value, bool), False),
            spelling=fields.take(
                "spelling",
                f"one of {', '.join(SPELLINGS)}, mixed",
                lambda value: value in (*SPELLINGS, "mixed"),
                "camel",
            ),
            seed=fields.take("seed", "a whole number", lambda value: type(value) is int),
        )
        if delivery.spelling == "mixed":
            delivery = replace(delivery, spelling=None)

        def act() -> dict[str, str]:
            self._connect.events.set(delivery)
            return {}

        return act

    def _send_event(self, fields: Fields) -> Callable[[], Any]:
        detail = fields.required("detail", "an object", lambda value: isinstance(value, dict))

        def act() -> dict[str, str]:
            self._connect.events.send(detail, self._connect.clock.now())
            return {}

        return act

    def _events(self, _: Fields) -> Callable[[], Any]:
        events = self._connect.events
        return lambda: {"sent": events.sent, "lost": events.lost, "underway": events.underway}

    def _associations(self, _: Fields) -> Callable[[], Any]:
        return lambda: [
            {
                "InitialContactId": association.initial_contact_id,
                "SourceContactId": association.source_contact_id,
                "ContinuedFromContactId": association.continued_from_contact_id,
                "ClientToken": association.client_token,
            }
            for association in self._connect.associations.all
        ]

    def _counted(self, _: Fields) -> Callable[[], Any]:
        return lambda: self._connect.calls

    def _known(self, contact_id: str) -> Contact:
        contact = self._connect.contacts.find(contact_id)
        if contact is None:
            raise BadCall(f"No such contact: {contact_id[:80]}.", 404)
        return contact

    def _agent(self, contact: Contact) -> Participant:
        agents = self._connect.conversations.participants.of(contact.initial_id, AGENT)
        if not agents:
            raise BadCall(f"No agent is in the chat {contact.id}. Let one join first.")
        return agents[-1]

    def _running(self, contact_id: str) -> Contact:
        contact = self._known(contact_id)
        if contact.ended:
            *_, latest = self._connect.contacts.session(contact)
            where = "" if latest.ended else f" It goes on as {latest.id}."
            raise BadCall(f"The contact {contact_id} has ended.{where}")
        return contact

    def _chat(self, contact_id: str) -> Contact:
        contact = self._running(contact_id)
        if contact.channel != CHAT:
            raise BadCall(f"The contact {contact_id} is no chat, but {contact.channel}.")
        return contact


def _is_text_up_to(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 1 <= len(value) <= longest


_is_content = _is_text_up_to(_LONGEST_CONTENT)


def _is_customer(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 128


def _is_attributes(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(item, str) and 1 <= len(name) <= _LONGEST_ATTRIBUTE and len(item) <= _LONGEST_ATTRIBUTE
        for name, item in value.items()
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) and item.isascii() and 1 <= len(item) <= _LONGEST_BUCKET for item in value
    )

"""The participants of chats, and the tokens by which the participant service knows them.

Source: Participant Service API, CreateParticipantConnection.
"""

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from local.connect.transcripts import Author, Item

CUSTOMER = "CUSTOMER"
_TOKEN_DAYS = 1
_ADDRESS_SECONDS = 100


@dataclass
class Participant:
    """A participant of a session, in all its segments."""

    # The session's initial contact.
    initial_id: str
    author: Author
    # The types of messages that the chat supports.
    content_types: frozenset[str]
    # The ParticipantToken, for CreateParticipantConnection.
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    # Whether the participant has ever connected.
    joined: bool = False
    # By operation and ClientToken: the fields of the first call, and the item that answers it.
    answered: dict[tuple[str, str], tuple[object, Item]] = field(default_factory=dict)


class Connection(NamedTuple):
    """A ConnectionToken or the address of a socket: its participant, and when it expires."""

    participant: Participant
    expiry: datetime


class Participants:
    """The participants of all running sessions. When a session ends, all of its tokens are forgotten."""

    def __init__(self) -> None:
        self._by_session: dict[str, list[Participant]] = {}
        # These three are by token: the participants, their connections, and the addresses of their sockets.
        self._by_token: dict[str, Participant] = {}
        self._connections: dict[str, Connection] = {}
        self._addresses: dict[str, Connection] = {}

    def add(
        self, initial_id: str, role: str, name: str, content_types: frozenset[str] = frozenset(), *, id: str = ""
    ) -> Participant:
        """Add a participant to a session."""
        participant = Participant(initial_id, Author(role, name, id or str(uuid.uuid4())), content_types)
        self._by_session.setdefault(initial_id, []).append(participant)
        self._by_token[participant.token] = participant
        return participant

    def of(self, initial_id: str, role: str | None = None) -> list[Participant]:
        """The participants of a session, or only those with one role, in the order in which they came."""
        return [one for one in self._by_session.get(initial_id, ()) if role in (None, one.author.role)]

    def all(self, role: str) -> list[Participant]:
        """The participants with one role, of all sessions."""
        return [one for participants in self._by_session.values() for one in participants if one.author.role == role]

    def remove(self, participant: Participant) -> None:
        """A participant leaves."""
        self._by_session[participant.initial_id].remove(participant)
        del self._by_token[participant.token]
        for held in (self._connections, self._addresses):
            for token in [token for token, one in held.items() if one.participant is participant]:
                del held[token]

    def end(self, initial_id: str) -> None:
        """All participants of a session leave."""
        for participant in self.of(initial_id):
            self.remove(participant)
        self._by_session.pop(initial_id, None)

    def find(self, token: str) -> Participant | None:
        """The participant who has this ParticipantToken."""
        return self._by_token.get(token)

    def connect(self, participant: Participant, now: datetime) -> tuple[str, datetime]:
        """A new ConnectionToken, and its expiry."""
        return _issue(self._connections, participant, now, now + timedelta(days=_TOKEN_DAYS))

    def address(self, participant: Participant, now: datetime) -> tuple[str, datetime]:
        """A new token that opens sockets, and its expiry. Assumption: it can open several sockets until then."""
        return _issue(self._addresses, participant, now, now + timedelta(seconds=_ADDRESS_SECONDS))

    def connected(self, token: str, now: datetime) -> Participant | None:
        """The participant who has this ConnectionToken."""
        return _valid(self._connections, token, now)

    def addressed(self, token: str, now: datetime) -> Participant | None:
        """The participant whose sockets this token opens."""
        return _valid(self._addresses, token, now)


def _issue(
    held: dict[str, Connection], participant: Participant, now: datetime, expiry: datetime
) -> tuple[str, datetime]:
    for token in [token for token, one in held.items() if one.expiry <= now]:
        del held[token]
    token = secrets.token_urlsafe(32)
    held[token] = Connection(participant, expiry)
    return token, expiry


def _valid(held: dict[str, Connection], token: str, now: datetime) -> Participant | None:
    found = held.get(token)
    return found.participant if found is not None and now < found.expiry else None

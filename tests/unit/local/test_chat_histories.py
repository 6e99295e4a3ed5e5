"""Random histories of chats, messages, transfers and continuations, against a model made only from AWS's documents.

The model has these rules of the Administrator Guide, "Enable persistent chat":

- The past chat has ended. Its transcript is written a while after its end.
- A chat continues one past chat, and does so once.
- ENTIRE_PAST_SESSION names a session's initial contact, and shows the whole session.
- FROM_SEGMENT shows a contact and the contacts before it.
- If a past chat continued an older chat, the older chat is shown too.
- At most 100 contacts are traversed.
"""

import random
from dataclasses import dataclass, field

import pytest

from local.connect.errors import ConnectError
from tests.unit.local.participating import Customer, World

WRITTEN_AFTER = 45
MOST_CONTACTS = 100
PEOPLE = ("ada", "bob", "cyd")


@dataclass
class Segment:
    """A contact."""

    id: str
    lines: list[str] = field(default_factory=list)
    ended: float | None = None


@dataclass(eq=False)
class Session:
    """A chat, as the documents describe it."""

    person: str
    customer: Customer
    segments: list[Segment]
    # The session that this one continues, and the number of the last segment of it that is shown.
    link: "tuple[Session, int] | None" = None
    # The past segments that this session shows, newest first.
    past: list[Segment] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether the session has not ended."""
        return self.segments[-1].ended is None

    def continue_(self, link: "tuple[Session, int]", now: float) -> None:
        """From now on, the session shows these contacts and the contacts that they continue, if they are written."""
        traversed: list[Segment] = []
        self.link = link
        before: tuple[Session, int] | None = link
        seen: list[Session] = [self]
        # Two running sessions can continue each other's past. A chain that comes back to a session ends there.
        while before is not None and before[0] not in seen:
            session, last = before
            seen.append(session)
            traversed += reversed(session.segments[: last + 1])
            before = session.link
        self.past = [
            one for one in traversed[:MOST_CONTACTS] if one.ended is not None and one.ended + WRITTEN_AFTER <= now
        ]

    def lines(self) -> list[tuple[str, str]]:
        """All messages that the session shows, oldest first, each with the id of its contact."""
        shown = [*reversed(self.past), *self.segments]
        return [(line, one.id) for one in shown for line in one.lines]


class History:
    """One history: the local Connect and the model take the same steps."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        # The model counts whole seconds, so Connect's clock moves only when this history moves it.
        self.now = 0.0
        clock = self.world.connect.clock
        self.began = clock.now()
        clock.now = lambda: self.began + (clock._ahead)  # type: ignore[method-assign]
        self.sessions: list[Session] = []
        self.said = 0

    def live(self, steps: int) -> None:
        """Take this many steps. After some of them, and at the end, look at every running chat."""
        actions = [self.start, self.start, self.say, self.say, self.say, self.agent, self.follow, self.end, self.end]
        for _ in range(steps):
            self.chance.choice([*actions, self.wait, self.wait, self.associate, self.associate])()
            if self.chance.random() < 0.1:
                self.look()
        self.look()

    def start(self) -> None:
        person = self.chance.choice(PEOPLE)
        source = self.pick([one for one in self.sessions if one.person == person])
        if source is None or self.chance.random() < 0.4:
            self.add(person, self.world.start(CustomerId=person))
            return
        number, how, allowed = self.continuation(source)
        persistent = {"RehydrationType": how, "SourceContactId": source.segments[number].id}
        try:
            customer = self.world.start(CustomerId=person, PersistentChat=persistent)
        except ConnectError:
            assert not allowed
            return
        assert allowed
        self.link(self.add(person, customer), source, number, how)

    def associate(self) -> None:
        current = self.pick(self.sessions)
        if current is None:
            return
        source = self.pick([one for one in self.sessions if one.person == current.person])
        assert source is not None
        number, how, allowed = self.continuation(source)
        allowed = allowed and source is not current and current.running and current.link is None
        try:
            self.world.continue_(current.segments[-1].id, source.segments[number].id, how)
        except ConnectError:
            assert not allowed
            return
        assert allowed
        self.link(current, source, number, how)

    def continuation(self, source: Session) -> tuple[int, str, bool]:
        """The number of a segment, a rehydration type, and whether the documents allow them for this source."""
        number = self.chance.randrange(len(source.segments))
        if self.chance.random() < 0.5:
            return number, "FROM_SEGMENT", source.segments[number].ended is not None
        number = 0 if self.chance.random() < 0.8 else number
        return number, "ENTIRE_PAST_SESSION", number == 0 and not source.running

    def link(self, current: Session, source: Session, number: int, how: str) -> None:
        last = number if how == "FROM_SEGMENT" else len(source.segments) - 1
        current.continue_((source, last), self.now)

    def add(self, person: str, customer: Customer) -> Session:
        self.sessions.append(Session(person, customer, [Segment(customer.contact)]))
        return self.sessions[-1]

    def say(self) -> None:
        session = self.pick_running()
        if session is not None:
            session.segments[-1].lines.append(self.line(session))
            session.customer.say(session.segments[-1].lines[-1])

    def agent(self) -> None:
        session = self.pick_running()
        if session is not None:
            path = f"contacts/{session.segments[-1].id}"
            self.world.control("POST", f"{path}/join")
            session.segments[-1].lines.append(self.line(session))
            self.world.control("POST", f"{path}/say", Content=session.segments[-1].lines[-1])

    def line(self, session: Session) -> str:
        self.said += 1
        return f"{session.person} {self.said}"

    def follow(self) -> None:
        session = self.pick_running()
        if session is not None:
            how = self.chance.choice(["transfer", "survey"])
            following = self.world.control("POST", f"contacts/{session.segments[-1].id}/{how}")["ContactId"]
            session.segments[-1].ended = self.now
            session.segments.append(Segment(following))

    def end(self) -> None:
        session = self.pick_running()
        if session is not None:
            if self.chance.random() < 0.5:
                session.customer("disconnect")
            else:
                self.world.stop(session.segments[-1].id)
            session.segments[-1].ended = self.now

    def wait(self) -> None:
        seconds = self.chance.choice([1, 10, 44, 45, 46, 100])
        self.now += seconds
        self.world.wait(seconds)

    def look(self) -> None:
        """Every running chat shows what the documents say: in order, each line once, and no line of another person."""
        for session in self.sessions:
            own = [one.id for one in session.segments]
            delivered = [item for item in self.world.delivered.get(own[0], []) if item["Type"] == "MESSAGE"]
            assert [item["Content"] for item in delivered] == [line for one in session.segments for line in one.lines]
            if not session.running:
                continue
            items = [item for item in session.customer.shown(self.chance.randint(1, 20)) if item["Type"] == "MESSAGE"]
            assert [
                (item["Content"], item["ContactId" if "ContactId" in item else "RelatedContactId"]) for item in items
            ] == session.lines()
            assert all(("ContactId" in item) == (item.get("ContactId") in own) for item in items)
            assert {item["Content"].split()[0] for item in items} <= {session.person}

    def pick(self, sessions: list[Session]) -> Session | None:
        return self.chance.choice(sessions) if sessions else None

    def pick_running(self) -> Session | None:
        return self.pick([one for one in self.sessions if one.running])


def lived(seed: int) -> History:
    """A finished history of 10 to 80 steps."""
    history = History(seed)
    history.live(random.Random(seed).randint(10, 80))
    return history


def test_what_is_shown_is_what_the_documents_say() -> None:
    """In a hundred histories. Enough of their chats continue another chat; otherwise this test would check nothing."""
    histories = [lived(seed) for seed in range(100)]
    sessions = [session for history in histories for session in history.sessions]
    assert sum(bool(session.past) for session in sessions) > 100
    assert max(len(session.past) for session in sessions) >= 5


@pytest.mark.prove
def test_what_is_shown_is_what_the_documents_say_in_five_thousand_histories() -> None:
    """These are other histories than the hundred above."""
    for seed in range(100, 5_100):
        try:
            lived(seed)
        except AssertionError as error:
            raise AssertionError(f"the history with seed {seed} failed") from error

"""Random histories of chats, and what the documented rules say of each request: for the rule alone, and for the cloud.

The ledger here knows nothing of the code that it judges.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from hypothesis import strategies as st

DELAY = 60
CUSTOMERS = st.sampled_from(["ann", "ann", "ann", "bob", "Ann", None])
CALLERS = st.sampled_from([None, None, None, "ann", "ann", "bob", ""])
TYPES = st.sampled_from(["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
# Which of the contacts so far, from the newest.
WHICH = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
ACTIONS = st.one_of(
    st.tuples(st.just("start"), CUSTOMERS),
    st.tuples(st.just("start"), CUSTOMERS),
    st.tuples(st.just("other"), CUSTOMERS),
    st.tuples(st.just("transfer"), WHICH),
    st.tuples(st.just("survey"), WHICH),
    st.tuples(st.just("stop"), WHICH),
    st.tuples(st.just("stop"), WHICH),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 59, 61, 600])),
    st.tuples(st.just("elsewhere"), CUSTOMERS, WHICH, TYPES),
    st.tuples(st.just("linked"), CUSTOMERS),
    st.tuples(st.just("again"), TYPES),
    st.tuples(st.just("again"), TYPES),
    st.tuples(st.just("ask"), WHICH, WHICH, TYPES, CALLERS),
    st.tuples(st.just("ask"), WHICH, WHICH, TYPES, CALLERS),
    st.tuples(st.just("come_back"), WHICH, TYPES, CALLERS),
    st.tuples(st.just("come_back"), WHICH, TYPES, CALLERS),
)
# Of an endpoint that starts chats as well.
BEGINNINGS = st.one_of(
    st.tuples(st.just("begin"), CUSTOMERS, WHICH, TYPES, CALLERS),
    st.tuples(st.just("begin_anew"), WHICH, TYPES, CALLERS),
    st.tuples(st.just("begin_anew"), WHICH, TYPES, CALLERS),
)


def histories(actions: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """A past session and a new chat to begin with, so that most come to the point, and then any actions."""
    return st.builds(
        lambda past, segments, back, later: [
            ("start", past),
            *(("transfer", 0) for _ in range(segments)),
            ("stop", 0),
            ("wait", 61),
            ("come_back", *back),
            *later,
        ],
        CUSTOMERS,
        st.integers(0, 2),
        st.tuples(WHICH, TYPES, CALLERS),
        st.lists(actions, min_size=1, max_size=14),
    )


HISTORIES = histories(ACTIONS)
WITH_BEGINNINGS = histories(st.one_of(ACTIONS, BEGINNINGS))


class World(Protocol):
    """Where a history happens."""

    def start(self, customer: str | None) -> str:
        """A chat."""

    def other(self, customer: str | None) -> str:
        """A contact that is no chat."""

    def next(self, contact: str, how: str) -> str:
        """Transfer or survey: the segment ends, and the next begins."""

    def stop(self, contact: str) -> None:
        """A segment ends."""

    def wait(self, seconds: float) -> None:
        """Time passes."""

    def elsewhere(self, customer: str | None, source: str, rehydration_type: str) -> tuple[str, str] | None:
        """A chat that continues another from its start, not by the endpoint: it, and what it continues."""

    def linked(self, customer: str | None, call: str) -> str:
        """A chat that is linked to a contact that is no chat."""

    def ask(self, current: str, source: str, rehydration_type: str, caller: str | None) -> tuple[int, str]:
        """The endpoint: 200 with the contact that is continued, or a status with the refusal."""


class StartingWorld(World, Protocol):
    """Where the endpoint starts chats as well."""

    def begin(
        self, customer: str | None, source: str, rehydration_type: str, caller: str | None
    ) -> tuple[int, str, str]:
        """The endpoint's start: 200, the contact that is continued, and the new one; or a status with the refusal."""


@dataclass
class Entry:
    """A contact."""

    customer: str | None
    chat: bool
    session: str
    ended: float | None = None
    continues: str | None = None
    # To a contact that is no chat; what Connect makes of that is documented nowhere.
    linked: bool = False


class Ledger:
    """Plays a history in a world, and holds every answer against the documented rules."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now = 0.0
        self._contacts: dict[str, Entry] = {}
        self.granted = 0
        self.begun = 0

    def play(self, history: list[tuple[Any, ...]]) -> None:
        """Each action in its turn; what cannot be done is passed over."""
        for name, *arguments in history:
            getattr(self, f"_{name}")(*arguments)

    def _pick(self, which: int) -> str:
        ids = list(self._contacts)
        return ids[-1 - which % len(ids)]

    def _start(self, customer: str | None) -> None:
        id = self._world.start(customer)
        self._contacts[id] = Entry(customer, True, id)

    def _other(self, customer: str | None) -> None:
        id = self._world.other(customer)
        self._contacts[id] = Entry(customer, False, id)

    def _transfer(self, which: int, how: str = "transfer") -> None:
        before = self._contacts[self._pick(which)]
        if before.ended is None:
            id = self._world.next(self._pick(which), how)
            before.ended = self._now
            self._contacts[id] = Entry(before.customer, before.chat, before.session)

    def _survey(self, which: int) -> None:
        self._transfer(which, "survey")

    def _stop(self, which: int) -> None:
        entry = self._contacts[self._pick(which)]
        if entry.ended is None:
            self._world.stop(self._pick(which))
            entry.ended = self._now

    def _wait(self, seconds: float) -> None:
        self._world.wait(seconds)
        self._now += seconds

    def _come_back(self, which: int, rehydration_type: str, caller: str | None) -> None:
        """The customer of a contact starts a chat and asks for it."""
        source = self._pick(which)
        self._start(self._contacts[source].customer)
        self._judge(list(self._contacts)[-1], source, rehydration_type, caller)

    def _elsewhere(self, customer: str | None, which: int, rehydration_type: str) -> None:
        made = self._world.elsewhere(customer, self._pick(which), rehydration_type)
        if made is not None:
            self._contacts[made[0]] = Entry(customer, True, made[0], continues=made[1])

    def _linked(self, customer: str | None) -> None:
        self._other(customer)
        id = self._world.linked(customer, list(self._contacts)[-1])
        self._contacts[id] = Entry(customer, True, id, linked=True)

    def _again(self, rehydration_type: str) -> None:
        """The chat that was joined last is asked for once more, whatever became of it since."""
        made = [(id, entry) for id, entry in self._contacts.items() if entry.continues is not None]
        if made:
            current_id, current = made[-1]
            assert current.continues is not None
            continued = self._contacts[current.continues]
            source_id = current.continues if rehydration_type == "FROM_SEGMENT" else continued.session
            self._judge(current_id, source_id, rehydration_type, None)

    def _ask(self, which: int, source_which: int, rehydration_type: str, caller: str | None) -> None:
        self._judge(self._pick(which), self._pick(source_which), rehydration_type, caller)

    def _begin(self, customer: str | None, which: int, rehydration_type: str, caller: str | None) -> None:
        """The endpoint starts a chat that continues a contact from its start; None: no customer is sent."""
        source_id = self._pick(which)
        source = self._contacts[source_id]
        world = cast(StartingWorld, self._world)
        status, said, new_id = world.begin(customer, source_id, rehydration_type, caller)
        customer = caller if customer is None else customer
        theirs = bool(customer) and customer == source.customer and caller in (None, customer)
        assert (status == 404) == (not theirs), (status, said)
        new = Entry(customer, True, new_id)
        if status != 200:
            assert status in (400, 404)
            assert new_id == ""
            assert not (theirs and self._surely_fit(new, source_id, source, rehydration_type)), said
            return
        assert self._fit(new, source_id, source, rehydration_type)
        continued = self._contacts[said]
        assert continued.customer == customer
        assert continued.session == source.session
        assert said == source_id or rehydration_type == "ENTIRE_PAST_SESSION"
        self._contacts[new_id] = replace(new, continues=said)
        self.begun += 1

    def _begin_anew(self, which: int, rehydration_type: str, caller: str | None) -> None:
        """The same of the contact's own customer, when the contact and its transcript are over."""
        self._stop(which)
        self._wait(DELAY + 1)
        self._begin(self._contacts[self._pick(which)].customer, which, rehydration_type, caller)

    def _judge(self, current_id: str, source_id: str, rehydration_type: str, caller: str | None) -> None:
        current, source = self._contacts[current_id], self._contacts[source_id]
        status, said = self._world.ask(current_id, source_id, rehydration_type, caller)
        one_customer = bool(current.customer) and current.customer == source.customer
        theirs = one_customer and caller in (None, current.customer)
        assert (status == 404) == (not theirs), (status, said)
        if status != 200:
            assert status in (400, 404)
            if theirs:
                assert not self._surely_fit(current, source_id, source, rehydration_type), said
                assert not self._same_again(current, source_id, source, rehydration_type), said
            return
        continued = self._contacts[said]
        assert continued.customer == current.customer == source.customer
        assert current.chat
        if current.continues is not None:
            # The same request again gets the same answer, also after a transfer and after the end.
            assert said == current.continues
            assert continued.session == source.session
            return
        assert self._fit(current, source_id, source, rehydration_type)
        assert continued.session == source.session
        assert continued.ended is not None
        assert said == source_id or rehydration_type == "ENTIRE_PAST_SESSION"
        current.continues = said
        self.granted += 1

    def _same_again(self, current: Entry, source_id: str, source: Entry, rehydration_type: str) -> bool:
        """What was answered before is answered again."""
        if current.continues is None or self._contacts[current.continues].customer != current.customer:
            return False
        if rehydration_type == "FROM_SEGMENT":
            return source_id == current.continues
        return self._contacts[current.continues].session == source.session

    def _fit(self, current: Entry, source_id: str, source: Entry, rehydration_type: str) -> bool:
        """What the endpoint may let through to Connect."""
        return (
            current.chat
            and current.ended is None
            and current.continues is None
            and source.chat
            and source.ended is not None
            # Connect's clock shows whole seconds.
            and self._now - source.ended > DELAY - 1
            and source.session != current.session
            and (rehydration_type == "FROM_SEGMENT" or source.session == source_id)
        )

    def _surely_fit(self, current: Entry, source_id: str, source: Entry, rehydration_type: str) -> bool:
        """What Connect then accepts as well: no segment in the way that runs, or that continues something."""
        siblings = [entry for entry in self._contacts.values() if entry.session == current.session]
        past = [entry for entry in self._contacts.values() if entry.session == source.session]
        return (
            self._fit(current, source_id, source, rehydration_type)
            and source.ended is not None
            and self._now - source.ended >= DELAY
            and all(entry.continues is None and not entry.linked for entry in siblings)
            and (rehydration_type == "FROM_SEGMENT" or all(entry.ended is not None for entry in past))
        )

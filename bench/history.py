"""What a history weighs, costs and takes: by DynamoDB's published rules, and on the local cloud."""

import math
import time
import uuid
from statistics import median
from typing import Any, NamedTuple

from bench import cost, measure
from history import item, table
from history.session import Fact, Segment, Session, joined
from local.chats import Chats
from local.cloud import Cloud
from local.connect.service import INSTANCE_ID, Connect
from recorder.event import read
from shared import schema
from shared.key import key_of

Item = dict[str, Any]
# Amazon Connect sends up to so many for a segment (Administrator Guide, "Contact event types" of chats).
EVENTS_A_SEGMENT = 7
_SESSIONS_EACH = 10
_DAY_MS = 86_400_000
_BATCH = 25
_TURNS = 4


def size_of(item: Item) -> int:
    """Bytes of an item, by the Developer Guide, "DynamoDB item sizes and formats"."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "N":
        return math.ceil(len(held.strip("0")) / 2) + 1
    if kind == "M":
        return 3 + sum(1 + len(name) + _value_size(inner) for name, inner in held.items())
    if kind == "SS":
        return sum(len(one) for one in held)
    return len(held)


def entry_of(item: Item) -> Item:
    """What the local index keeps of an item."""
    kept = (schema.CUSTOMER, schema.SESSION, schema.UNTIL, *schema.INDEXED)
    return {name: item[name] for name in kept if name in item}


def write_units(before: Item | None, after: Item) -> int:
    """Write request units of a put, the index's among them: a new place in it is a deletion and a write."""
    units = _per_kb(max(size_of(after), size_of(before or after)))
    entry = entry_of(after)
    if before is None:
        return units + _per_kb(size_of(entry))
    old = entry_of(before)
    if old[schema.UNTIL] != entry[schema.UNTIL]:
        return units + _per_kb(size_of(old)) + _per_kb(size_of(entry))
    return units + (_per_kb(size_of(entry)) if old != entry else 0)


def _per_kb(size: int) -> int:
    return math.ceil(size / 1024)


class Life(NamedTuple):
    """One session in the history, from its first event to its end."""

    # Each reads the item, consistently: one unit up to 4 KB.
    events: int
    writes: int
    write_units: int
    item: Item


def life(segments: int) -> Life:
    """A chat, its transfers, and its end, as the local Connect tells of them and the recorder joins them."""
    connect = Connect("123456789012", "us-east-1")
    told: list[Item] = []
    connect.events.deliver = told.append
    instance = connect.instances.get("us-east-1", INSTANCE_ID)
    contact = connect.contacts.start(instance, connect.clock.now(), customer_id="c")
    connect.contacts.announce(contact, connect.clock.now())
    for _ in range(segments - 1):
        connect.clock.advance(60)
        contact = connect.contacts.transfer(contact, connect.clock.now())
    connect.clock.advance(60)
    connect.contacts.stop(contact, connect.clock.now())
    session: Session | None = None
    key, writes, units, before = key_of(INSTANCE_ID, "c"), 0, 0, None
    for event in told:
        said = read(event, INSTANCE_ID, connect.clock.now().timestamp())
        assert said.initial_id is not None
        segment = Segment(said.began if said.ended is None else None, said.ended)
        after = joined(session, Fact(said.initial_id, said.contact_id, segment))
        if after != session:
            item = item_of(key, after)
            writes, units = writes + 1, units + write_units(before, item)
            session, before = after, item
    assert before is not None
    return Life(EVENTS_A_SEGMENT * segments, writes, units, before)


def item_of(key: str, session: Session) -> Item:
    """A session as the table keeps it."""
    expires = session.until // 1000 + 730 * 86_400
    return {**item.item_of(key, session), schema.EXPIRES: {"N": str(expires)}}


def monthly(customers: int, sessions_each: int, of: Life, *, months: int = 24) -> dict[str, float]:
    """Dollars a month when so many sessions are kept, each for so many months, and each is looked up once."""
    kept = customers * sessions_each
    a_month = kept / months
    # Index entries and items have an overhead of 100 bytes each, in what is stored (the same page).
    gigabytes = kept * (size_of(of.item) + size_of(entry_of(of.item)) + 200) / 1e9
    events = a_month * of.events
    parts = {
        "writes": a_month * of.write_units * cost.WRITE_UNITS_PER_MILLION / 1e6,
        "reads": a_month * (of.events + 1) * cost.READ_UNITS_PER_MILLION / 1e6,
        "storage": gigabytes * cost.TABLE_PER_GB_MONTH,
        "point-in-time recovery": gigabytes * cost.RECOVERY_PER_GB_MONTH,
        "recorder": events * cost.recorder_per_event(events),
        "alarm": cost.ALARM_PER_MONTH,
    }
    return {**parts, "all": sum(parts.values())}


class Place(NamedTuple):
    """A deployed history: its table, and the function of an endpoint that looks chats up in it."""

    table: str
    function: str


class Filled:
    """A deployed history with as many items as are wanted, and customers who come back."""

    def __init__(self, cloud: Cloud, place: Place, customers: int) -> None:
        self._cloud, self._chats = cloud, Chats(cloud)
        self._dynamodb = cloud.client("dynamodb")
        self._table = place.table
        configured = cloud.client("lambda").get_function_configuration(FunctionName=place.function)
        self.variables: dict[str, str] = configured["Environment"]["Variables"]
        # Those who did not come back yet, with their last chats.
        self._away = [(_customer(number), self._recorded(_customer(number))) for number in range(customers)]
        self._chats.told(within=120)
        self._recorded_items, self._older = customers, 0

    def _recorded(self, customer: str) -> str:
        """A chat that the recorder records."""
        chat = self._chats.start(customer)
        self._chats.end(chat, wait=0)
        return chat

    def grow(self, size: int) -> None:
        """Add older sessions, until each customer in turn has ten, up to so many items."""
        now = int(time.time() * 1000)
        while (left := size - self._recorded_items - self._older) > 0:
            items = []
            for number in range(self._older, self._older + min(left, _BATCH)):
                key = key_of(self._cloud.instance_id, _customer(number // (_SESSIONS_EACH - 1)))
                contact, ended = str(uuid.uuid4()), Segment(None, now - (1 + number % 700) * _DAY_MS)
                items.append(item_of(key, Session(contact, {contact: ended})))
            requests = [{"PutRequest": {"Item": item}} for item in items]
            self._dynamodb.batch_write_item(RequestItems={self._table: requests})
            self._older += len(items)

    def requests(self, count: int, *, named: bool) -> list[measure.Figures]:
        """So many customers come back; their requests name the chat to continue, or do not."""
        back, self._away = self._away[:count], self._away[count:]
        events = []
        for customer, last in back:
            event = measure.event_of(self._cloud, self._chats.start(customer), last)
            events.append(event if named else {**event, "body": "{}"})
        self._chats.told(within=120)
        return events

    def query(self, count: int) -> list[float]:
        """The emulator's own part of a look-up, of customers who are not back yet, in seconds."""
        taken = []
        for customer, _ in self._away[:count]:
            began = time.perf_counter()
            answer = self._dynamodb.query(
                TableName=self._table,
                IndexName=schema.INDEX,
                KeyConditionExpression="#customer = :customer",
                ExpressionAttributeNames={"#customer": schema.CUSTOMER},
                ExpressionAttributeValues={":customer": {"S": key_of(self._cloud.instance_id, customer)}},
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=table.MOST_ENTRIES,
            )
            taken.append(time.perf_counter() - began)
            assert len(answer["Items"]) == _SESSIONS_EACH, answer
        return taken


def _customer(number: int) -> str:
    return f"customer-{number}"


def growing(cloud: Cloud, place: Place, sizes: tuple[int, ...], customers: int) -> list[measure.Figures]:
    """A request with a look-up, one that names its source, and the emulator's Query, as the table grows.
    Of each the median, and the least."""
    filled, figures = Filled(cloud, place, 2 * customers * len(sizes)), []
    cloud.control("POST", "clock", {"advance": 120})
    for size in sizes:
        filled.grow(size)
        queries = filled.query(customers)
        walls: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(_TURNS):
            for named, taken in walls.items():
                events = filled.requests(customers // _TURNS, named=named)
                run = measure.run_handler(cloud, "this project", events, times=1, variables=filled.variables)
                # The first answer has linked the first event's chat already, so it is left out.
                taken += run["warm_walls"][1:]
        figures.append(
            {
                "size": size,
                "latest": median(walls[False]),
                "named": median(walls[True]),
                "query": median(queries),
                "least_latest": min(walls[False]),
                "least_named": min(walls[True]),
                "least_query": min(queries),
            }
        )
    return figures

"""Attacks on the deployed endpoint's starts: none succeeds, none gets a 5xx, and nothing starts that should not.

The attacker is one customer, and sends everything but what says so: the backend that signs, or the token.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from local.chats import Chats
from local.clients import Answer
from local.cloud import Cloud
from local.connect.instances import FLOW_ID
from local.tokens import Tokens
from shared.key import key_of
from tests.local.breaking import with_environment
from tests.local.callers import Door, lasting, new_customer, token_of
from tests.local.deployments import Deployed, everything_logged
from tests.local.recorded import Recorded
from tests.local.test_attacks_oidc import FORGED, SAYS

# Attackers are patient; these tests are not.
pytestmark = pytest.mark.usefixtures("without_quotas")

NEVER = "00000000-0000-4000-8000-000000000000"
PATH = "/contact/chat"
SOUND = {"ParticipantDetails": {"DisplayName": "Ann"}}
Fields = dict[str, Any]


class Caller(NamedTuple):
    """Somebody who may call, and is one customer."""

    door: Door
    # What a backend adds for its customer.
    said: Fields
    # Of a person; None: a backend signs.
    token: str | None

    def start(self, **fields: Any) -> Answer:
        """A start with these fields."""
        return self.send(json.dumps({**SOUND, **self.said, **fields}).encode())

    def start_with(self, more: str) -> Answer:
        """A start with whatever text behind its fields, before the object ends."""
        return self.send(f"{json.dumps({**SOUND, **self.said})[:-1]}, {more}}}".encode())

    def continuing(self, kind: Any, source: Any) -> Answer:
        """A start with a past chat."""
        return self.start(PersistentChat={"RehydrationType": kind, "SourceContactId": source})

    def send(self, body: bytes, method: str = "PUT", path: str = PATH, **options: Any) -> Answer:
        """Any bytes; no answer is a 5xx."""
        answer = self.door.send(path, body, method=method, token=self.token, **options)
        assert answer.status < 500, answer
        return answer


@pytest.fixture(scope="module", autouse=True)
def anew(starting: Deployed) -> None:
    """What other tests did to the issuer's keys is not remembered here."""
    start_anew(starting)


def start_anew(starting: Deployed) -> None:
    """Both authorizers forget the keys that they have in memory."""
    for id in ("SignedIn", "ByAttribute"):
        function = starting.physical_id("AWS::Lambda::Function", f"{id}AuthorizerFunction")
        with with_environment(starting, function, lambda _: None):
            pass


def caller(starting: Deployed, tokens: Tokens, kind: str, customer: str) -> Caller:
    """A customer behind a backend, or one who signed in: to this output's endpoint."""
    if kind == "StarterUrl":
        return Caller(Door(starting, kind), {"CustomerId": customer}, None)
    return Caller(Door(starting, kind), {}, tokens.sign(customer))


@pytest.fixture(params=["StarterUrl", "SignedInUrl"], ids=["iam", "oidc"])
def kind(request: pytest.FixtureRequest) -> str:
    """Where the attacker calls."""
    return str(request.param)


@pytest.fixture
def attacker(starting: Deployed, tokens: Tokens, kind: str) -> Caller:
    """A customer of the backend's, or one who signed in."""
    return caller(starting, tokens, kind, "attacker")


@pytest.fixture
def person(starting: Deployed, tokens: Tokens) -> Caller:
    """One who signed in."""
    return caller(starting, tokens, "SignedInUrl", "attacker")


@pytest.fixture
def by_attribute(starting: Deployed, tokens: Tokens) -> Caller:
    """One who signed in, where an attribute names the customer."""
    return caller(starting, tokens, "ByAttributeUrl", "attacker")


@contextmanager
def new_contacts(chats: Chats, expected: int = 0) -> Iterator[None]:
    """So many contacts begin meanwhile, as Amazon Connect's own search has it."""
    now = datetime.fromisoformat(chats.cloud.control("POST", "clock", {"advance": 0})["now"])
    within = (now - timedelta(days=1), now + timedelta(days=1))
    before = chats.count(*within)
    yield
    assert chats.count(*within) - before == expected


def assert_refused(answer: Answer, *statuses: int) -> None:
    """With one of these, in our words."""
    assert answer.status in statuses, answer
    assert answer.document["__type"] in (
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
        "AccessDeniedException",
    )
    assert "ParticipantToken" not in answer.document


def past(chats: Chats, customer: str | None, **fields: Any) -> str:
    """A chat that ended long enough ago."""
    contact = chats.start(customer, **fields)
    chats.end(contact)
    return contact


# Whose past it is ------------------------------------------------------------------------------------------------


def call_of(chats: Chats, customer: str) -> str:
    """A call that ended."""
    contact = str(chats.cloud.control("POST", "contacts", {"Channel": "VOICE", "CustomerId": customer})["ContactId"])
    chats.end(contact)
    return contact


def elsewhere(chats: Chats) -> str:
    """A past chat of the attacker's own, in another instance."""
    other = chats.cloud.control("POST", "instances", {})["InstanceId"]
    contact = chats.start("attacker", instance=other)
    chats.end(contact, instance=other)
    return contact


def ended_now(chats: Chats, customer: str) -> str:
    """A chat whose transcript is not written yet."""
    contact = chats.start(customer)
    chats.end(contact, wait=10)
    return contact


THEIRS: dict[str, tuple[str, Callable[[Chats], str]]] = {
    "the whole chat": ("ENTIRE_PAST_SESSION", lambda chats: chats.past("victim")[0]),
    "the first segment": ("FROM_SEGMENT", lambda chats: chats.past("victim")[0]),
    "a later segment": ("FROM_SEGMENT", lambda chats: chats.past("victim")[1]),
    "the survey as a whole": ("ENTIRE_PAST_SESSION", lambda chats: chats.past("victim")[2]),
    "a chat that runs": ("FROM_SEGMENT", lambda chats: chats.start("victim")),
    "a chat that ended a moment ago": ("FROM_SEGMENT", lambda chats: ended_now(chats, "victim")),
    "a call": ("FROM_SEGMENT", lambda chats: call_of(chats, "victim")),
    "nobody's chat": ("FROM_SEGMENT", lambda chats: past(chats, None)),
    "a name in another case": ("FROM_SEGMENT", lambda chats: past(chats, "Attacker")),
    "a name with a space": ("FROM_SEGMENT", lambda chats: past(chats, "attacker ")),
    "a name that looks alike": ("FROM_SEGMENT", lambda chats: past(chats, "\u0430ttacker")),
    "a name with an invisible letter": ("FROM_SEGMENT", lambda chats: past(chats, "attacker\u200b")),
    "another instance": ("FROM_SEGMENT", elsewhere),
}


@pytest.mark.parametrize(("rehydration_type", "source"), THEIRS.values(), ids=THEIRS.keys())
def test_another_customers_past(
    attacker: Caller, chats: Chats, rehydration_type: str, source: Callable[[Chats], str]
) -> None:
    """The attack that AWS's own sample allows. It looks like a contact that does not exist."""
    theirs = source(chats)
    with new_contacts(chats):
        answer = attacker.continuing(rehydration_type, theirs)
        assert_refused(answer, 404)
        assert lasting(answer) == lasting(attacker.continuing(rehydration_type, NEVER))


OWN: dict[str, tuple[str, Callable[[Chats], str]]] = {
    "a chat that runs": ("FROM_SEGMENT", lambda chats: chats.start("attacker")),
    "a chat that ended a moment ago": ("FROM_SEGMENT", lambda chats: ended_now(chats, "attacker")),
    "a call": ("FROM_SEGMENT", lambda chats: call_of(chats, "attacker")),
    "a survey as a whole": ("ENTIRE_PAST_SESSION", lambda chats: chats.past("attacker")[2]),
}


@pytest.mark.parametrize(("rehydration_type", "source"), OWN.values(), ids=OWN.keys())
def test_an_own_past_that_cannot_be_continued(
    attacker: Caller, chats: Chats, rehydration_type: str, source: Callable[[Chats], str]
) -> None:
    """The rule's refusal is the answer. No chat starts without what it was to continue."""
    own = source(chats)
    with new_contacts(chats):
        assert_refused(attacker.continuing(rehydration_type, own), 400)


SPELLINGS: dict[str, Callable[[str], Any]] = {
    "upper case": str.upper,
    "white space": lambda id: f" {id}",
    "a line end": lambda id: f"{id}\n",
    "NUL": lambda id: f"{id}\0",
    "full-width digits": lambda id: f"{id}\uff10",
    "an invisible letter": lambda id: f"{id}\u200b",
    "half a surrogate pair": lambda id: f"{id}\ud800",
    "a path": lambda id: f"{NEVER}/../{id}",
    "a query": lambda id: f"{id}?x=1",
    "percent-encoding": lambda id: f"%{ord(id[0]):x}{id[1:]}",
    "no hyphens": lambda id: id.replace("-", ""),
    "an ARN": lambda id: f"arn:aws:connect:us-east-1:123456789012:instance/i/contact/{id}",
    "a list": lambda id: [id],
    "an object": lambda id: {"SourceContactId": id},
    "nothing": lambda _: "",
    "null": lambda _: None,
    "true": lambda _: True,
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_past_in_another_spelling(attacker: Caller, chats: Chats, spelled: Callable[[str], Any]) -> None:
    """A contact has one spelling. Somebody else's and the own one get the same status."""
    theirs, own = past(chats, "victim"), past(chats, "attacker")
    with new_contacts(chats):
        answers = [attacker.continuing("FROM_SEGMENT", spelled(source)) for source in (theirs, own)]
        assert_refused(answers[0], 400, 404)
        assert answers[0].status == answers[1].status


def test_a_row_of_the_table_that_names_another_customers_chat(
    starting: Deployed, tokens: Tokens, chats: Chats, with_events: None, kind: str
) -> None:
    """Somebody wrote the victim's chat into the attacker's history: it is no past of the attacker's."""
    victim, name, recorded = new_customer(), new_customer(), Recorded(starting)
    theirs = chats.past(victim)
    chats.told()
    (item,) = recorded.sessions(victim).values()
    recorded.write({**item, "customer": key_of(starting.cloud.instance_id, name)})
    answer = caller(starting, tokens, kind, name).start()
    assert answer.status == 200
    assert not any(id in answer.body.decode() for id in theirs)
    assert "RelatedContactId" not in chats.describe(answer.document["ContactId"])
    assert caller(starting, tokens, kind, victim).start().document["ContinuedFromContactId"] == theirs[2]


# Who calls -------------------------------------------------------------------------------------------------------

OTHERS: list[Any] = [
    "victim",
    "Attacker",
    "ATTACKER",
    "attacker ",
    " attacker",
    "attacker\n",
    "attacker\0",
    "attacker\u200b",
    "\u0430ttacker",
    "\uff41ttacker",
    "attacke\u0280",
    "attacker,victim",
    "a" * 129,
    "\ud800",
    "",
    None,
    7,
    True,
    ["attacker"],
    {"sub": "attacker"},
]


@pytest.mark.parametrize("customer", OTHERS, ids=ascii)
@pytest.mark.parametrize("by", ["SignedInUrl", "ByAttributeUrl"])
def test_a_customer_who_is_not_the_caller(
    starting: Deployed, tokens: Tokens, chats: Chats, by: str, customer: Any
) -> None:
    """With and without a past chat of that customer: the token says who it is, and nothing else does."""
    attacker = caller(starting, tokens, by, "attacker")
    theirs = past(chats, "victim", Attributes={"customer": "victim"})
    link = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": theirs}
    with new_contacts(chats):
        assert_refused(attacker.start(CustomerId=customer), 400, 404)
        assert_refused(attacker.start(CustomerId=customer, PersistentChat=link), 400, 404)


def test_a_backend_that_forgets_the_customer(starting: Deployed, chats: Chats) -> None:
    """Nobody is not everybody."""
    backend = Caller(Door(starting, "StarterUrl"), {}, None)
    with new_contacts(chats):
        assert_refused(backend.start(), 400)
        for customer in ("", None, ["attacker"], "a" * 129, "\ud800"):
            assert_refused(backend.start(CustomerId=customer), 400)


@pytest.mark.parametrize("name", ["Ren\u00e9", "Ren\u00e8"])
def test_a_backend_that_speaks_latin_1(starting: Deployed, chats: Chats, name: str) -> None:
    """The gateway makes the same character of both names: whoever has one would be the other."""
    body = json.dumps({**SOUND, "CustomerId": name}, ensure_ascii=False)
    backend = Caller(Door(starting, "StarterUrl"), {}, None)
    with new_contacts(chats):
        assert_refused(backend.send(body.encode("latin-1")), 400)
    answer = backend.send(body.encode())
    assert chats.describe(answer.document["ContactId"])["CustomerId"] == name


CONTEXTS: dict[str, Fields] = {
    "missing": {},
    "empty": {"customer": ""},
    "null": {"customer": None},
    "a list in a text": {"customer": '["victim"]'},
    "a list of Java's": {"customer": "[victim]"},
    "129 characters": {"customer": "v" * 129},
    "under another name": {"Customer": "victim", "principalId": "victim", "sub": "victim", "claims": "victim"},
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS.keys())
def test_a_claim_that_is_no_customer(starting: Deployed, chats: Chats, context: Fields) -> None:
    """The caller is let in, and is nobody: with whatever CustomerId, and with none."""
    nobody = Caller(Door(starting, "PeopleUrl"), {}, token_of(context))
    theirs = past(chats, "victim")
    link = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": theirs}
    with new_contacts(chats):
        for more in ({}, {"CustomerId": "victim"}, {"PersistentChat": link}, {"CustomerId": "v" * 128}):
            assert_refused(nobody.start(**more), 404)


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS.keys())
def test_a_token_that_says_something_wrong(person: Caller, tokens: Tokens, chats: Chats, says: Fields) -> None:
    """As for an association: with a right signature, of another purpose, time, place or person."""
    with new_contacts(chats):
        assert_refused(person._replace(token=tokens.sign(**{"sub": "victim", **says})).start(), 403)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token(person: Caller, tokens: Tokens, chats: Chats, forge: Callable[[str, Cloud], str]) -> None:
    """As for an association: made of the attacker's own, which is right."""
    with new_contacts(chats):
        assert_refused(person._replace(token=forge(tokens.sign("attacker"), chats.cloud)).start(), 403)


def test_no_token_and_a_signature_of_the_accounts_root(person: Caller, starting: Deployed, chats: Chats) -> None:
    """Each door takes its own kind of callers."""
    backend = Caller(Door(starting, "StarterUrl"), {"CustomerId": "victim"}, person.token)
    with new_contacts(chats):
        for one in (person._replace(token=""), person._replace(token=None), backend, backend._replace(token="")):
            assert_refused(one.start(), 403)


def test_keys_rotated_and_an_issuer_that_is_down(
    starting: Deployed, person: Caller, tokens: Tokens, chats: Chats
) -> None:
    """A token of a key that the issuer forgot starts nothing. While nobody knows who calls, nothing starts either."""
    start_anew(starting)
    assert person.start().status == 200
    tokens.rotate(forget=True)
    assert person._replace(token=tokens.sign("attacker")).start().status == 200
    with new_contacts(chats):
        assert_refused(person.start(), 403)
        start_anew(starting)
        tokens.fail("down")
        answer = person.door.send(PATH, json.dumps(SOUND).encode(), method="PUT", token=tokens.sign("attacker"))
        assert (answer.status, answer.document["__type"]) == (503, "InternalServiceException")
    tokens.mend()
    start_anew(starting)


HEADERS = ["CustomerId", "X-Customer-Id", "X-Amzn-Oidc-Identity", "X-Forwarded-User", "X-Amzn-RequestContext"]


def test_a_header_or_a_query_that_claims_an_identity(person: Caller, chats: Chats) -> None:
    """Nothing of it counts: the chat that starts is the attacker's own."""
    headers = dict.fromkeys(HEADERS, "victim")
    path, body = f"{PATH}?CustomerId=victim&InstanceId={NEVER}&ContactFlowId={NEVER}", json.dumps(SOUND).encode()
    for answer in (person.send(body, headers=headers), person.send(body, path=path)):
        assert answer.status == 200
        assert chats.describe(answer.document["ContactId"])["CustomerId"] == "attacker"


def test_another_method_and_another_path(attacker: Caller, chats: Chats) -> None:
    """There is one, whatever a header says."""
    body = json.dumps({**SOUND, **attacker.said}).encode()
    with new_contacts(chats):
        for method in ("POST", "PATCH", "DELETE"):
            assert_refused(attacker.send(body, method, headers={"X-HTTP-Method-Override": "PUT"}), 403)
        association = f"/contact/persistent-contact-association/{chats.cloud.instance_id}/{NEVER}"
        for path in (association, f"{PATH}/{NEVER}", "/contact", "/contact/chat-integration"):
            assert_refused(attacker.send(body, path=path), 403)
    assert attacker.send(body).status == 200


# What starts -----------------------------------------------------------------------------------------------------


def flow_elsewhere(chats: Chats) -> tuple[str, str]:
    """A flow of another instance, and that instance."""
    other = str(chats.cloud.control("POST", "instances", {})["InstanceId"])
    return chats.flow(InstanceId=other), other


def arn(chats: Chats, instance: str, flow: str) -> str:
    """A flow's."""
    return f"arn:aws:connect:{chats.cloud.region}:{chats.cloud.account}:instance/{instance}/contact-flow/{flow}"


FLOWS: dict[str, Callable[[Chats], Any]] = {
    "another one": lambda chats: chats.flow(),
    "another one, by ARN": lambda chats: arn(chats, chats.cloud.instance_id, chats.flow()),
    "one that does not exist": lambda _: NEVER,
    "of another instance": lambda chats: flow_elsewhere(chats)[0],
    "of another instance, by ARN": lambda chats: arn(chats, *reversed(flow_elsewhere(chats))),
    "the given one in another instance": lambda chats: arn(chats, flow_elsewhere(chats)[1], FLOW_ID),
    "the given one behind another": lambda chats: f"{arn(chats, NEVER, NEVER)}/{FLOW_ID}",
    "the given one's path": lambda _: f"contact-flow/{FLOW_ID}",
    "a name in another case": lambda _: "Web",
    "a name with a space": lambda _: "web ",
    "a name with a line end": lambda _: "web\n",
    "a name that looks alike": lambda _: "w\u0435b",
    "an id with a line end": lambda _: f"{FLOW_ID}\n",
    "an id in full width": lambda _: FLOW_ID.replace("2", "\uff12"),
    "a star": lambda _: "*",
    "a path": lambda _: "../*",
    "a phrase of Python's": lambda _: "__class__",
    "half a surrogate pair": lambda _: "\ud800",
    "501 characters": lambda _: "w" * 501,
    "nothing": lambda _: "",
    "null": lambda _: None,
    "a number": lambda _: 0,
    "a list": lambda _: ["web"],
    "an object": lambda _: {"web": FLOW_ID},
}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_a_flow_that_was_not_given(attacker: Caller, chats: Chats, flow: Callable[[Chats], Any]) -> None:
    """Whether it exists or not: the answer is the one for a contact that does not exist."""
    named = flow(chats)
    with new_contacts(chats):
        answer = attacker.start(ContactFlowId=named)
        assert_refused(answer, 400, 404)
        if answer.status == 404:
            assert lasting(answer) == lasting(attacker.continuing("FROM_SEGMENT", NEVER))


INSTANCES: dict[str, Callable[[Chats], Any]] = {
    "another one": lambda chats: chats.cloud.control("POST", "instances", {})["InstanceId"],
    "one that does not exist": lambda _: NEVER,
    "the own one's ARN": lambda chats: f"arn:aws:connect:us-east-1:1:instance/{chats.cloud.instance_id}",
    "the own one with a path": lambda chats: f"{chats.cloud.instance_id}/../{NEVER}",
    "the own one with a line end": lambda chats: f"{chats.cloud.instance_id}\n",
    "the own one in full width": lambda chats: chats.cloud.instance_id.replace("1", "\uff11"),
    "nothing": lambda _: "",
    "null": lambda _: None,
    "a list": lambda chats: [chats.cloud.instance_id],
}


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES.keys())
def test_another_instance(attacker: Caller, chats: Chats, instance: Callable[[Chats], Any]) -> None:
    """Of the same account, or none at all."""
    named = instance(chats)
    with new_contacts(chats):
        assert_refused(attacker.start(InstanceId=named), 400, 404)


_STAMP = '{"connect:CustomerAuthentication": {"ValueMap": {"Status": {"ValueString": "AUTHENTICATED"}}}}'
_LINK = f'{{"RehydrationType": "FROM_SEGMENT", "SourceContactId": "{NEVER}"}}'
SMUGGLED = [
    f'"SegmentAttributes": {_STAMP}',
    '"SegmentAttributes": {}',
    '"SegmentAttributes": null',
    f'"segmentAttributes": {_STAMP}',
    f'"SEGMENTATTRIBUTES": {_STAMP}',
    f'"Segment\\u0041ttributes": {_STAMP}',
    f'"SegmentAttribut\u0435s": {_STAMP}',
    f'"\uff33egmentAttributes": {_STAMP}',
    f'"SegmentAttributes\\u0000": {_STAMP}',
    f'"SegmentAttributes\\ud800": {_STAMP}',
    f'" SegmentAttributes": {_STAMP}',
    f'"RelatedContactId": "{NEVER}"',
    f'"relatedContactId": "{NEVER}"',
    f'"Related\\u0043ontactId": "{NEVER}"',
    f'"PersistentChat": {_LINK}, "RelatedContactId": "{NEVER}"',
    '"ParticipantConfiguration": {"ResponseMode": "CLASSIC"}',
    '"ParticipantId": "x", "ParticipantRole": "AGENT"',
    '"ChatDurationInMinutes": 10080',
    '"DisconnectOnCustomerExit": ["AGENT"]',
    '"DisconnectDetails": {}',
    '"CallbackNumber": "+491234"',
    '"__proto__": {"CustomerId": "victim"}',
    '"": "x"',
    # Of two, which one counts is a matter of taste.
    '"ParticipantDetails": {"DisplayName": "Bob"}',
    '"\\u0050articipantDetails": {"DisplayName": "Bob"}',
    '"CustomerId": "attacker", "CustomerId": "victim"',
    '"CustomerId": "attacker", "Customer\\u0049d": "victim"',
    '"ContactFlowId": "web", "ContactFlowId": "other"',
    f'"PersistentChat": {_LINK}, "PersistentChat": {_LINK}',
    f'"PersistentChat": {{"SourceContactId": "{NEVER}", {_LINK[1:]}',
    '"ClientToken": "a", "ClientToken": "b"',
    '"Attributes": {}, "Attributes": {"page": "a"}',
    # What no case and no look-alike changes.
    '"customerId": "attacker"',
    '"customerid": "attacker"',
    '"Customer\u200bId": "attacker"',
    '"\u0421ustomerId": "attacker"',
    # Nested.
    f'"InitialMessage": {{"ContentType": "text/plain", "Content": "a", "SegmentAttributes": {_STAMP}}}',
    f'"PersistentChat": {{"CustomerId": "victim", {_LINK[1:]}',
    f'"PersistentChat": {{"RelatedContactId": "{NEVER}", {_LINK[1:]}',
    f'"PersistentChat": [{_LINK}]',
    '"PersistentChat": {}',
    '"PersistentChat": null',
    f'"PersistentChat": {{"RehydrationType": "from_segment", "SourceContactId": "{NEVER}"}}',
    f'"PersistentChat": {{"RehydrationType": ["FROM_SEGMENT"], "SourceContactId": "{NEVER}"}}',
    f'"Attributes": {{"SegmentAttributes": {_STAMP}}}',
    f'"Attributes": {{"page": {_STAMP}}}',
    '"Attributes": {"CustomerId": "victim"}',
    '"Attributes": {"Page": "a"}',
    '"Attributes": {"page": "a", "page": "b"}',
    '"Attributes": {"page": null}',
    '"Attributes": [["page", "a"]]',
    '"Attributes": null',
    '"ClientToken": null',
    '"ClientToken": 7',
    '"ClientToken": "\\udfff"',
]


@pytest.mark.parametrize("more", SMUGGLED, ids=ascii)
def test_a_field_that_nobody_may_send(attacker: Caller, chats: Chats, more: str) -> None:
    """In any case, any look-alike, any escape, twice, or nested: it is refused, not ignored."""
    with new_contacts(chats):
        assert_refused(attacker.start_with(more), 400)


@pytest.mark.parametrize(
    "participant",
    [
        {"DisplayName": "Ann", "ParticipantRole": "AGENT"},
        {"DisplayName": "Ann", "SegmentAttributes": {}},
        {"displayName": "Ann"},
        {"DisplayName": "A" * 257},
        {"DisplayName": ""},
        {"DisplayName": "\ud83d"},
        {"DisplayName": {"DisplayName": "Ann"}},
        {"DisplayName": ["Ann"]},
        [{"DisplayName": "Ann"}],
        "Ann",
        None,
    ],
    ids=ascii,
)
def test_a_participant_who_is_more_than_a_name(attacker: Caller, chats: Chats, participant: Any) -> None:
    """A customer takes part, with a name."""
    with new_contacts(chats):
        assert_refused(attacker.start(ParticipantDetails=participant), 400)


IDENTITIES = [
    '"customer": "victim"',
    '"Customer": "victim"',
    '"CUSTOMER": "victim"',
    '"customer ": "victim"',
    '"customer\\u0000": "victim"',
    '"\\u0063ustomer": "victim"',
    '"\uff43ustomer": "victim"',
    '"\u0441ustomer": "victim"',
    '"customer\u200b": "victim"',
    '"page": "a", "customer": "victim"',
    '"customer": "victim", "customer": "attacker"',
    '"customer": "attacker"',
    '"page": {"customer": "victim"}',
    '"page": ["customer", "victim"]',
    '"page": "a", "page": "b"',
    '"attributes:customer": "victim"',
    '"$.Attributes.customer": "victim"',
]


@pytest.mark.parametrize("name", IDENTITIES, ids=ascii)
@pytest.mark.parametrize("around", ['"Attributes": {%s}', '"attributes": {%s}', "%s"], ids=["in", "in another", "out"])
def test_the_attribute_that_names_the_customer(by_attribute: Caller, chats: Chats, name: str, around: str) -> None:
    """Whoever could write it would be whoever they want."""
    with new_contacts(chats):
        assert_refused(by_attribute.start_with(around % name), 400)


@pytest.mark.parametrize(
    "page", ['x", "customer": "victim', "x\0customer=victim", "x\r\ncustomer: victim", "x&customer=v"]
)
def test_a_value_becomes_no_attribute(by_attribute: Caller, chats: Chats, page: str) -> None:
    """It is a text, whatever it looks like."""
    answer = by_attribute.start(Attributes={"page": page})
    assert answer.status == 200
    assert chats.describe(answer.document["ContactId"])["Attributes"] == {"page": page, "customer": "attacker"}


@pytest.mark.parametrize("attributes", [{"customer": "victim"}, {"customer": ""}, {"Customer": "attacker"}, {}])
def test_a_past_whose_attribute_names_somebody_else(
    by_attribute: Caller, chats: Chats, attributes: dict[str, str]
) -> None:
    """Its CustomerId is the attacker's; only the attribute counts."""
    theirs = past(chats, "attacker", Attributes=attributes)
    with new_contacts(chats):
        answer = by_attribute.continuing("FROM_SEGMENT", theirs)
        assert_refused(answer, 404)
        assert lasting(answer) == lasting(by_attribute.continuing("FROM_SEGMENT", NEVER))


_FIELDS = {**SOUND, "CustomerId": "attacker"}
_TEXT = json.dumps(_FIELDS)


def and_more(**more: Any) -> bytes:
    """A sound body, but for this."""
    return json.dumps({**_FIELDS, **more}).encode()


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b"  \n",
    "null": b"null",
    "a list": f"[{_TEXT}]".encode(),
    "a text": json.dumps(_TEXT).encode(),
    "two documents": f"{_TEXT}{_TEXT}".encode(),
    "an open end": _TEXT[:-1].encode(),
    "a comma too many": f"{_TEXT[:-1]},}}".encode(),
    "a comment": f"/* */{_TEXT}".encode(),
    "a byte order mark": f"\ufeff{_TEXT}".encode(),
    "UTF-16": _TEXT.encode("utf-16"),
    # The local gateway makes each of these bytes a character that says so. The name is none of ours in any case.
    "Latin-1": _TEXT[:-1].encode() + b', "Attributes": {"pag\xe9": "a"}}',
    "an overlong letter": _TEXT[:-1].encode() + b', "Segment\xc1\x81ttributes": {}}',
    "a surrogate in UTF-8": _TEXT[:-1].encode() + b', "Client\xed\xa0\x80Token": "a"}',
    "a form": b"ParticipantDetails.DisplayName=Ann&CustomerId=attacker",
    "not a number": f'{_TEXT[:-1]}, "ClientToken": NaN}}'.encode(),
    "an endless number": f'{_TEXT[:-1]}, "ClientToken": 1e999}}'.encode(),
    "a number of 5,000 digits": f'{_TEXT[:-1]}, "ClientToken": {"9" * 5000}}}'.encode(),
    "nested 900 times": f'{_TEXT[:-1]}, "Attributes": {{"page": {"[" * 900}{"]" * 900}}}}}'.encode(),
    "nested 50,000 times": f'{_TEXT[:-1]}, "Attributes": {"[" * 50_000}{"]" * 50_000}}}'.encode(),
    "nested without an end": b"[" * 130_000,
    "6,000 fields": and_more(**{f"field{number}": "" for number in range(6000)}),
    "a long name": and_more(**{"x" * 100_000: 1}),
    "a byte too many": _TEXT.encode().ljust(131_073),
    "a megabyte": _TEXT.encode().ljust(1_000_000),
    "a long value": and_more(Attributes={"page": "x" * 32_768}),
    "a long message": and_more(InitialMessage={"ContentType": "text/plain", "Content": "x" * 16_385}),
    "a long token": and_more(ClientToken="x" * 501),
    "a long content type": and_more(SupportedMessagingContentTypes=["text/plain", "x" * 101]),
    "content types by the thousand": and_more(SupportedMessagingContentTypes=["text/plain", *["x"] * 9_000]),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_none(attacker: Caller, chats: Chats, body: bytes) -> None:
    """Broken, oversized, or as deep as the stack: refused in a sentence that stays short."""
    with new_contacts(chats):
        answer = attacker.send(body)
        assert_refused(answer, 400)
    assert len(answer.body) < 2_000


# Again, and at once ----------------------------------------------------------------------------------------------


def test_the_same_client_token_of_another_customer(starting: Deployed, tokens: Tokens, chats: Chats, kind: str) -> None:
    """Who repeats somebody's request gets a chat of their own, and not the victim's ParticipantToken."""
    token = str(uuid.uuid4())
    theirs, mine = (
        caller(starting, tokens, kind, name).start(ClientToken=token).document for name in ("victim", "attacker")
    )
    assert not set(theirs.values()) & set(mine.values())
    assert chats.describe(theirs["ContactId"])["CustomerId"] == "victim"
    assert chats.describe(mine["ContactId"])["CustomerId"] == "attacker"
    again = caller(starting, tokens, kind, "attacker").start(ClientToken=token).document
    assert again == mine


def test_the_same_client_token_at_another_endpoint(starting: Deployed, tokens: Tokens, chats: Chats) -> None:
    """It writes the customer into another place: that is another request, and Connect gets another token."""
    token = str(uuid.uuid4())
    ones = [caller(starting, tokens, by, "attacker") for by in ("SignedInUrl", "ByAttributeUrl")]
    with new_contacts(chats, 2):
        first, second = (one.start(ClientToken=token).document for one in ones)
    assert chats.describe(first["ContactId"])["CustomerId"] == "attacker"
    assert chats.describe(second["ContactId"])["Attributes"] == {"customer": "attacker"}


def test_a_named_past_behind_a_known_client_token(attacker: Caller, chats: Chats) -> None:
    """A token that has got an answer opens no past that the rule refuses."""
    token, theirs = str(uuid.uuid4()), past(chats, "victim")
    assert attacker.start(ClientToken=token).status == 200
    link = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": theirs}
    with new_contacts(chats):
        assert_refused(attacker.start(ClientToken=token, PersistentChat=link), 404)


def test_two_at_once(starting: Deployed, tokens: Tokens, chats: Chats, kind: str) -> None:
    """A double click, and more: one chat."""
    one, token = caller(starting, tokens, kind, new_customer()), str(uuid.uuid4())
    with new_contacts(chats, 1), ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: one.start(ClientToken=token), range(4)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.document["ContactId"] for answer in answers}) == 1


def test_the_same_token_after_the_history_changed(
    starting: Deployed, tokens: Tokens, chats: Chats, with_events: None, kind: str
) -> None:
    """The first request had a past, and its chat is one by now: docs/decisions/start.md says what comes of it.

    One more chat at most, however often it is sent, and each of the customer's own.
    """
    customer = new_customer()
    one, token = caller(starting, tokens, kind, customer), str(uuid.uuid4())
    earlier = past(chats, customer)
    chats.told()
    with new_contacts(chats, 2):
        first = one.start(ClientToken=token).document
        assert first["ContinuedFromContactId"] == earlier
        chats.end(first["ContactId"])
        chats.told()
        replays = [one.start(ClientToken=token).document for _ in range(3)]
    assert len({replay["ContactId"] for replay in replays}) == 1
    assert replays[0]["NotContinued"]["Reason"] == "connect_refused"
    assert "ContinuedFromContactId" not in replays[0]
    assert chats.describe(replays[0]["ContactId"])["CustomerId"] == customer


def test_a_replay_by_another_customer_after_the_history_changed(
    starting: Deployed, tokens: Tokens, chats: Chats, with_events: None, kind: str
) -> None:
    """Neither the victim's past nor the victim's chat."""
    victim, token = new_customer(), str(uuid.uuid4())
    theirs = past(chats, victim)
    chats.told()
    first = caller(starting, tokens, kind, victim).start(ClientToken=token).document
    chats.end(first["ContactId"])
    chats.told()
    mine = caller(starting, tokens, kind, new_customer()).start(ClientToken=token)
    assert not any(id in mine.body.decode() for id in (theirs, *first.values()))
    assert "RelatedContactId" not in chats.describe(mine.document["ContactId"])


# What is left behind ---------------------------------------------------------------------------------------------


def test_no_participant_token_and_no_name_reach_a_log(starting: Deployed, tokens: Tokens, chats: Chats) -> None:
    """Neither of a chat that started, nor of what was refused, nor while Amazon Connect fails."""
    cloud, name, said = starting.cloud, f"s3cret-{uuid.uuid4()}", []
    body = {"InitialMessage": {"ContentType": "text/plain", "Content": "s3cret-text"}}
    for output in ("StarterUrl", "SignedInUrl", "ByAttributeUrl"):
        one = caller(starting, tokens, output, name)
        answer = one.start(**body, Attributes={"page": "s3cret-page"}, ClientToken=f"s3cret-{output}")
        assert answer.status == 200
        assert {key.lower(): value for key, value in answer.headers.items()}["cache-control"] == "no-store"
        said.append(answer.document["ParticipantToken"])
        one.start_with('"s3cret-field": "s3cret-value"')
        one.send(b'{"s3cret-key": "s3cret-value"')
        one.continuing("FROM_SEGMENT", "s3cret source!")
        for kind in ("error", "garbage", "throttle", "cut_after", "cut_half"):
            cloud.control("POST", "faults", {"operation": "StartChatContact", "kind": kind})
            failed = one.door.send(PATH, json.dumps({**SOUND, **one.said}).encode(), method="PUT", token=one.token)
            cloud.control("DELETE", "faults")
            assert failed.status in (429, 500, 503)
            assert "ParticipantToken" not in failed.body.decode()
    lines = everything_logged(cloud)
    assert [line for line in lines if '"started"' in line]
    for text in ("s3cret", "ParticipantToken", *said):
        assert [line for line in lines if text in line] == []
    assert not any(text in Recorded(starting).everything() for text in ("s3cret", *said))

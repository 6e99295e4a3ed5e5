"""Attacks on the deployed endpoint: none succeeds, none gets a 5xx, and what must look alike does, byte by byte."""

import json
import time
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.chats import Chats
from local.clients import Answer
from tests.local.callers import PATH, Door, Users, forged, lasting, token_of
from tests.local.deployments import Deployed, everything_logged

# Attackers are patient; these tests are not.
pytestmark = pytest.mark.usefixtures("without_quotas")


@pytest.fixture
def door(sound: Deployed) -> Door:
    """The default endpoint: IAM callers, the contact's CustomerId."""
    return Door(sound, "FirstUrl")


@pytest.fixture
def chats(sound: Deployed) -> Chats:
    """Chats of many customers."""
    return Chats(sound.cloud)


@pytest.fixture
def mine(chats: Chats) -> str:
    """The attacker's own chat, which runs."""
    return chats.start("attacker")


@pytest.fixture
def not_found(door: Door, mine: str) -> Answer:
    """What a contact that does not exist gets."""
    answer = door.ask(mine, "00000000-0000-4000-8000-000000000000")
    assert (answer.status, answer.document["__type"]) == (404, "ResourceNotFoundException")
    return answer


def past(chats: Chats, customer: str | None, **fields: Any) -> str:
    """A chat that ended long enough ago."""
    contact = chats.start(customer, **fields)
    chats.end(contact)
    return contact


def assert_nothing_joined(chats: Chats, contact: str) -> None:
    """Connect holds no association of this contact."""
    assert chats.associations_of(contact) == []


def test_another_customers_source(door: Door, chats: Chats, mine: str, not_found: Answer) -> None:
    """The attack that every sample on the web allows."""
    for rehydration_type in ("FROM_SEGMENT", "ENTIRE_PAST_SESSION"):
        answer = door.ask(mine, past(chats, "victim"), rehydration_type)
        assert lasting(answer) == lasting(not_found)
    assert_nothing_joined(chats, mine)


def test_another_customers_current_contact(door: Door, chats: Chats, not_found: Answer) -> None:
    """To hang one's own past into somebody's chat."""
    theirs = chats.start("victim")
    assert lasting(door.ask(theirs, past(chats, "attacker"))) == lasting(not_found)
    assert_nothing_joined(chats, theirs)


@pytest.mark.parametrize(("current", "source"), [(None, "victim"), ("attacker", None), (None, None)])
def test_contacts_without_a_customer(
    door: Door, chats: Chats, not_found: Answer, current: str | None, source: str | None
) -> None:
    """Nobody's contact is not everybody's: missing never equals missing."""
    contact = chats.start(current)
    assert lasting(door.ask(contact, past(chats, source))) == lasting(not_found)
    assert_nothing_joined(chats, contact)


@pytest.mark.parametrize(("current", "source"), [("", "victim"), ("victim", ""), ("", ""), (" ", "")])
def test_contacts_with_an_empty_customer(doors: Deployed, chats: Chats, current: str, source: str) -> None:
    """An attribute can be empty: empty never equals empty."""
    door = Door(doors, "AttributeUrl")
    contact = chats.start(None, Attributes={"customer-key": current})
    answer = door.ask(contact, past(chats, None, Attributes={"customer-key": source}))
    unknown = door.ask(contact, "00000000-0000-4000-8000-000000000000")
    assert answer.status == 404
    assert lasting(answer) == lasting(unknown)
    assert_nothing_joined(chats, contact)


@pytest.mark.parametrize(
    ("customer", "look_alike"),
    [
        ("victim", "Victim"),
        ("victim", "VICTIM"),
        ("victim", "victim "),
        ("victim", " victim"),
        ("victim", "v\u0131ctim"),
        ("victim", "vi\u0441tim"),
        ("victim", "\uff56ictim"),
        ("victim", "victim\u200b"),
        ("victim", "victim\u0000"),
        ("René", "Rene\u0301"),
        ("\u212bsa", "\u00c5sa"),
        ("\ufb01nn", "finn"),
        ("Groß", "Gross"),
    ],
)
def test_a_customer_that_looks_like_another(
    door: Door, chats: Chats, not_found: Answer, customer: str, look_alike: str
) -> None:
    """Case, white space, Unicode forms, invisible characters: exact, over bytes."""
    for current, source in ((look_alike, customer), (customer, look_alike)):
        contact = chats.start(current)
        assert lasting(door.ask(contact, past(chats, source))) == lasting(not_found)
        assert_nothing_joined(chats, contact)


def test_a_contact_id_in_another_case(door: Door, chats: Chats, not_found: Answer) -> None:
    """One contact, one spelling."""
    source, contact = past(chats, "attacker"), chats.start("attacker")
    assert lasting(door.ask(contact, source.upper())) == lasting(not_found)
    assert lasting(door.ask(contact.upper(), source)) == lasting(not_found)


ODD_IDS = {
    "white space": " {id}",
    "trailing line end": "{id}\n",
    "NUL": "{id}\0",
    "full-width digits": "{id}\uff10",
    "path": "{id}/../{id}",
    "dot segments": "../{id}",
    "query": "{id}?x=1",
    "percent-encoding": "%3{id}",
    "double encoding": "%2531{id}",
    "ARN": "arn:aws:connect:us-east-1:123456789012:instance/i/contact/{id}",
}


@pytest.mark.parametrize("shape", ODD_IDS.values(), ids=ODD_IDS.keys())
def test_a_source_id_that_is_none(door: Door, chats: Chats, mine: str, shape: str) -> None:
    """What is no id never reaches Connect, where it could mean another path."""
    calls = door.cloud.control("GET", "calls")
    answer = door.ask(mine, shape.format(id=past(chats, "attacker")))
    assert (answer.status, answer.document["__type"]) == (400, "InvalidParameterException")
    assert door.cloud.control("GET", "calls").get("DescribeContact") == calls.get("DescribeContact")


@pytest.mark.parametrize(
    "spelling", ["%{id:x}", "{plain}%20", "{plain}%00", "%2e%2e%2f{plain}", "{plain}%2f", "%25{plain}"]
)
def test_a_current_contact_in_an_odd_spelling(door: Door, chats: Chats, mine: str, spelling: str) -> None:
    """In the path, where somebody might decode it."""
    encoded = spelling.replace("%{id:x}", f"%{ord(mine[0]):x}{mine[1:]}").replace("{plain}", mine)
    answer = door.ask(encoded, past(chats, "attacker"))
    # A server that decodes the path, as the local one does, may hand on the plain id: then it is this contact's.
    if answer.status == 200:
        assert len(chats.associations_of(mine)) == 1
    else:
        assert answer.status in (400, 403), answer
        assert_nothing_joined(chats, mine)


def test_an_instance_id_in_the_body(door: Door, chats: Chats, mine: str) -> None:
    """Only the path names the instance; a second name is refused, not ignored."""
    answer = door.ask(mine, past(chats, "attacker"), InstanceId="another")
    assert (answer.status, "InstanceId" in answer.document["message"]) == (400, True)
    assert_nothing_joined(chats, mine)


def test_a_contact_id_in_the_body(door: Door, chats: Chats, mine: str) -> None:
    """Nor does anything but the path name the current contact."""
    assert door.ask(mine, past(chats, "attacker"), InitialContactId=chats.start("victim")).status == 400


def test_duplicate_json_keys(door: Door, chats: Chats, mine: str) -> None:
    """Which of the two counts is a matter of taste, so two parsers can disagree."""
    own, theirs = past(chats, "attacker"), past(chats, "victim")
    for first, second in ((own, theirs), (theirs, own)):
        body = f'{{"RehydrationType":"FROM_SEGMENT","SourceContactId":"{first}","SourceContactId":"{second}"}}'
        assert door.send(f"{PATH}/{door.cloud.instance_id}/{mine}", body.encode()).status == 400
    assert_nothing_joined(chats, mine)


def test_another_instance(door: Door, chats: Chats, mine: str, not_found: Answer) -> None:
    """Of the same account, with contacts of the same customer."""
    other = door.cloud.control("POST", "instances", {})["InstanceId"]
    source = chats.start("attacker", instance=other)
    chats.end(source, instance=other)
    assert lasting(door.ask(mine, source)) == lasting(not_found)
    assert lasting(door.ask(mine, source, instance=other)) == lasting(not_found)
    current = chats.start("attacker", instance=other)
    assert lasting(door.ask(current, past(chats, "attacker"))) == lasting(not_found)


@pytest.mark.parametrize(
    "name", ["X-Customer-Id", "CustomerId", "X-Amzn-Oidc-Identity", "X-Forwarded-User", "X-Amzn-RequestContext"]
)
def test_a_header_that_claims_an_identity(
    cognito: Door, chats: Chats, victim: "Person", attacker: "Person", name: str
) -> None:
    """Nothing that a caller writes by itself says who it is: both contacts are the victim's, and so is the header."""
    contact, source = chats.start(victim.sub), past(chats, victim.sub)
    plain = cognito.ask(contact, source, token=attacker.token)
    assert plain.status == 404
    answer = cognito.ask(contact, source, token=attacker.token, headers={name: victim.sub})
    assert lasting(answer) == lasting(plain)
    assert_nothing_joined(chats, contact)


def test_no_credentials_and_wrong_ones(door: Door, chats: Chats, mine: str) -> None:
    """Refused before the function hears of it."""
    source = past(chats, "attacker")
    assert door.ask(mine, source, token="").status == 403
    assert door.ask(mine, source, token="Bearer x").status == 403
    assert door.ask(mine, source, credentials=Credentials("AKIA0000000000000000", "x")).status == 403
    assert_nothing_joined(chats, mine)


def test_the_source_is_the_current_chat(door: Door, chats: Chats, mine: str) -> None:
    """A chat that continues itself."""
    assert door.ask(mine, mine).document["__type"] == "InvalidRequestException"


def test_the_source_is_an_earlier_segment_of_the_current_chat(door: Door, chats: Chats, mine: str) -> None:
    """The same under another id."""
    later = door.cloud.control("POST", f"contacts/{mine}/transfer")["ContactId"]
    door.cloud.control("POST", "clock", {"advance": 120})
    answer = door.ask(later, mine)
    assert (answer.status, "a part of the current chat" in answer.document["message"]) == (400, True)
    assert_nothing_joined(chats, later)


def test_a_source_that_still_runs(door: Door, chats: Chats, mine: str) -> None:
    """To read along."""
    answer = door.ask(mine, chats.start("attacker"))
    assert (answer.status, "has not ended" in answer.document["message"]) == (400, True)
    assert_nothing_joined(chats, mine)


@pytest.mark.usefixtures("held_clock")
def test_a_source_that_ended_a_moment_ago(door: Door, chats: Chats, mine: str) -> None:
    """Its transcript is not written; the refusal says when to come back, and then it works."""
    source = chats.start("attacker")
    chats.end(source, wait=10)
    answer = door.ask(mine, source)
    assert answer.status == 400
    seconds = int(answer.headers["Retry-After"])
    assert seconds == 50
    door.cloud.control("POST", "clock", {"advance": seconds})
    assert door.ask(mine, source).status == 200


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL"])
def test_contacts_of_another_channel(door: Door, chats: Chats, mine: str, channel: str) -> None:
    """As source and as current contact."""
    other = door.cloud.control("POST", "contacts", {"Channel": channel, "CustomerId": "attacker"})["ContactId"]
    assert door.ask(other, past(chats, "attacker")).document["__type"] == "InvalidRequestException"
    chats.end(other)
    assert door.ask(mine, other).document["__type"] == "InvalidRequestException"
    assert_nothing_joined(chats, mine)


def test_a_second_association_from_another_source(door: Door, chats: Chats, mine: str) -> None:
    """Once for each new chat; the first stays."""
    first, second = past(chats, "attacker"), past(chats, "attacker")
    assert door.ask(mine, first).status == 200
    assert door.ask(mine, second).document["__type"] == "InvalidRequestException"
    assert [held["SourceContactId"] for held in chats.associations_of(mine)] == [first]


def test_a_second_association_with_another_customers_source(
    door: Door, chats: Chats, mine: str, not_found: Answer
) -> None:
    """Whether the own chat continues something already tells nothing about somebody else's."""
    assert door.ask(mine, past(chats, "attacker")).status == 200
    assert lasting(door.ask(mine, past(chats, "victim"))) == lasting(not_found)


def test_an_answered_request_replayed_by_a_stranger_after_a_transfer(door: Door, chats: Chats, mine: str) -> None:
    """What is answered again is one's own: neither contact of somebody else gets anything but 'not found'."""
    own, theirs = past(chats, "attacker"), past(chats, "victim")
    assert door.ask(mine, own).status == 200
    later = chats.transferred(mine)
    chats.end(later)
    for current, source in ((mine, theirs), (chats.start("victim"), own), (later, theirs)):
        assert door.ask(current, source).status == 404
    # A later segment of the chat continues nothing itself, and Connect has the last word on the chat.
    assert door.ask(later, own).status == 400
    assert len(chats.associations_of(mine)) == 1
    assert_nothing_joined(chats, later)


def test_an_ended_current_contact(door: Door, chats: Chats) -> None:
    """Nobody sits in front of it."""
    source, ended = past(chats, "attacker"), past(chats, "attacker")
    assert door.ask(ended, source).document["__type"] == "InvalidRequestException"


def test_a_later_segment_named_as_a_whole_session(door: Door, chats: Chats, mine: str) -> None:
    """The classic mistake is refused with the right id, which is the customer's own."""
    session = chats.past("attacker")
    answer = door.ask(mine, session[2], "ENTIRE_PAST_SESSION")
    assert (answer.status, session[0] in answer.document["message"]) == (400, True)


def test_attributes_copied_from_the_continued_contact(door: Door, chats: Chats, not_found: Answer) -> None:
    """Only CustomerId counts, whatever attributes say."""
    source = past(chats, "victim", Attributes={"customer-key": "victim", "CustomerId": "victim"})
    copied = chats.start("attacker", Attributes={"customer-key": "victim", "CustomerId": "victim"})
    assert lasting(door.ask(copied, source)) == lasting(not_found)


def test_attributes_copied_by_a_link_where_the_attribute_counts(doors: Deployed, chats: Chats) -> None:
    """A backend let a browser choose what its new chat is linked to, and Connect copied the victim's attributes.

    The link was made elsewhere, and cannot be undone. Nothing more of the victim's is joined to that chat: it continues
    one already. What a copy without a link can do is pinned: the attribute is the customer, whoever wrote it, which is
    why docs/security.md says who must not choose it.
    """
    door, copied = Door(doors, "AttributeUrl"), {"customer-key": "victim"}
    source, another = past(chats, None, Attributes=copied), past(chats, None, Attributes=copied)
    link = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": source}
    linked = chats.start(None, Attributes=copied, PersistentChat=link)
    answer = door.ask(linked, another)
    assert (answer.status, "continues another chat" in answer.document["message"]) == (400, True)
    assert [held["SourceContactId"] for held in chats.associations_of(linked)] == [source]
    unlinked = chats.start(None, Attributes=copied)
    assert door.ask(unlinked, source).status == 200


def test_a_customer_id_where_the_attribute_counts(doors: Deployed, chats: Chats) -> None:
    """And the other way round."""
    source = past(chats, "victim", Attributes={"customer-key": "victim"})
    contact = chats.start("victim", Attributes={"customer-key": "attacker"})
    assert Door(doors, "AttributeUrl").ask(contact, source).status == 404


def test_a_source_that_was_linked_elsewhere_to_another_customers_chat(door: Door, chats: Chats, mine: str) -> None:
    """Pinned, not prevented: links made elsewhere are outside the promise, and docs/security.md says so.

    The endpoint joins two contacts of one customer. What the older one continued, by StartChatContact or a flow,
    was somebody else's decision, and Connect shows it with it.
    """
    theirs = past(chats, "victim")
    linked = chats.start("attacker", PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": theirs})
    chats.end(linked)
    assert door.ask(mine, linked).status == 200
    assert theirs in door.cloud.control("GET", f"contacts/{mine}/history")["ContactIds"]


def test_one_client_token_for_two_contacts(door: Door, chats: Chats) -> None:
    """A caller's token cannot get one contact another's answer: what goes out is derived from all of the request."""
    answers = []
    for _ in range(2):
        contact, source = chats.start("attacker"), past(chats, "attacker")
        answers.append((door.ask(contact, source, ClientToken="same").document["ContinuedFromContactId"], source))
        assert len(chats.associations_of(contact)) == 1
    assert [answer == source for answer, source in answers] == [True, True]


def test_a_method_override(door: Door, chats: Chats, mine: str) -> None:
    """There is one method, whatever a header says, for a request that would be granted as well."""
    request = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": past(chats, "attacker")}
    path, body = f"{PATH}/{door.cloud.instance_id}/{mine}", json.dumps(request).encode()
    for method in ("PUT", "PATCH", "DELETE"):
        answer = door.send(path, body, method=method, headers={"X-HTTP-Method-Override": "POST"})
        assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")
    assert_nothing_joined(chats, mine)
    assert door.send(path, body).status == 200


# People who sign in ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def users(doors: Deployed) -> Users:
    """The pool whose users may call."""
    return Users(doors.cloud, doors.outputs["Pool"])


class Person:
    """Somebody with an account."""

    def __init__(self, users: Users, doors: Deployed, name: str) -> None:
        self.name = name
        self.sub = users.sign_up(name, doors.outputs["OurClient"])
        self.token = users.tokens(name, doors.outputs["OurClient"])["IdToken"]


@pytest.fixture(scope="module")
def victim(users: Users, doors: Deployed) -> Person:
    """A customer."""
    return Person(users, doors, "victim")


@pytest.fixture(scope="module")
def attacker(users: Users, doors: Deployed) -> Person:
    """Another customer."""
    return Person(users, doors, "attacker")


@pytest.fixture
def cognito(doors: Deployed) -> Door:
    """The endpoint for users."""
    return Door(doors, "CognitoUrl")


def test_a_user_continues_only_their_own_chats(cognito: Door, chats: Chats, victim: Person, attacker: Person) -> None:
    """Theirs: yes. Both contacts of one stranger: no, although they belong together."""
    own, source = chats.start(victim.sub), past(chats, victim.sub)
    refused = cognito.ask(own, source, token=attacker.token)
    assert (refused.status, refused.document["__type"]) == (404, "ResourceNotFoundException")
    unknown = cognito.ask(own, "00000000-0000-4000-8000-000000000000", token=victim.token)
    assert lasting(refused) == lasting(unknown)
    assert_nothing_joined(chats, own)
    assert cognito.ask(own, source, token=victim.token).document == {"ContinuedFromContactId": source}


def test_a_users_request_replayed_by_another(cognito: Door, chats: Chats, victim: Person, attacker: Person) -> None:
    """The earlier answer is given again to the same person only."""
    own, source = chats.start(victim.sub), past(chats, victim.sub)
    assert cognito.ask(own, source, token=victim.token).status == 200
    assert cognito.ask(own, source, token=victim.token).status == 200
    replayed = cognito.ask(own, source, token=attacker.token)
    unknown = cognito.ask(own, "00000000-0000-4000-8000-000000000000", token=attacker.token)
    assert replayed.status == 404
    assert lasting(replayed) == lasting(unknown)
    assert len(chats.associations_of(own)) == 1


def test_an_older_association_replayed(door: Door, chats: Chats, mine: str) -> None:
    """The same request after the chat has ended gets its answer and makes nothing, another one is refused, and an older
    source is no way around the newer one."""
    older, newer = past(chats, "attacker"), past(chats, "attacker")
    assert door.ask(mine, older).status == 200
    later = chats.start("attacker")
    assert door.ask(later, newer).status == 200
    assert door.ask(later, older).document["__type"] == "InvalidRequestException"
    chats.end(mine)
    assert door.ask(mine, older).document == {"ContinuedFromContactId": older}
    other = door.ask(mine, newer)
    assert (other.status, "continues another chat" in other.document["message"]) == (400, True)
    assert [held["SourceContactId"] for held in chats.associations_of(mine)] == [older]
    assert [held["SourceContactId"] for held in chats.associations_of(later)] == [newer]


def test_an_access_token(cognito: Door, chats: Chats, users: Users, doors: Deployed, victim: Person) -> None:
    """It is signed by the right pool for the right person, and says nothing about the app client."""
    access = users.tokens("victim", doors.outputs["OurClient"])["AccessToken"]
    answer = cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=access)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


def test_another_app_clients_token(cognito: Door, chats: Chats, users: Users, doors: Deployed, victim: Person) -> None:
    """Of the same pool, for the same person, issued to an app that this endpoint was not made for."""
    token = users.tokens("victim", doors.outputs["OtherClient"])["IdToken"]
    answer = cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=token)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


def test_a_token_of_another_pool(cognito: Door, chats: Chats, doors: Deployed, victim: Person) -> None:
    """Anybody can have a pool, and name its users as they like."""
    strangers = Users(doors.cloud, doors.physical_id("AWS::Cognito::UserPool", "Strangers"))
    strangers.sign_up("victim", doors.outputs["StrangersClient"])
    token = strangers.tokens("victim", doors.outputs["StrangersClient"])["IdToken"]
    answer = cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=token)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


def test_an_expired_token(cognito: Door, chats: Chats, users: Users, doors: Deployed, victim: Person) -> None:
    """A real one, a second too late."""
    users.shorten_tokens(doors.outputs["OurClient"], 1)
    token = users.tokens("victim", doors.outputs["OurClient"])["IdToken"]
    users.shorten_tokens(doors.outputs["OurClient"], 3600)
    time.sleep(2)
    answer = cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=token)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


def test_a_claim_that_is_missing_or_a_list(
    doors: Deployed, chats: Chats, cognito: Door, users: Users, victim: Person
) -> None:
    """An endpoint that looks at the user's groups: who has none is nobody, and who has one is not the group."""
    door = Door(doors, "ClaimUrl")
    lists = ["staff", '["staff"]', "[staff]", victim.sub]
    for groups, customers in (
        ([], ["", victim.sub]),
        (["staff"], lists),
        (["other"], [*lists, "staff,other", "other"]),
    ):
        for group in groups:
            users.join("victim", group)
        token = users.tokens("victim", doors.outputs["OurClient"])["IdToken"]
        for customer in customers:
            contact, source = chats.start(customer or None), past(chats, customer or None)
            answer = door.ask(contact, source, token=token)
            assert (answer.status, answer.document["__type"]) == (404, "ResourceNotFoundException"), customer
            assert_nothing_joined(chats, contact)
            if customer == victim.sub:
                assert cognito.ask(contact, source, token=token).status == 200


@pytest.mark.parametrize("header", [None, {"alg": "none"}, {"alg": "HS256", "kid": "x"}])
def test_a_forged_token(
    cognito: Door, chats: Chats, victim: Person, attacker: Person, header: dict[str, Any] | None
) -> None:
    """The attacker's own, with the victim's name written into it."""
    token = forged(attacker.token, header, sub=victim.sub)
    answer = cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=token)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


def test_a_signature_where_a_token_is_meant(cognito: Door, chats: Chats, victim: Person) -> None:
    """Not even the account's root speaks for a user."""
    assert cognito.ask(chats.start(victim.sub), past(chats, victim.sub)).status == 403


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"customer": ""},
        {"customer": None},
        {"Customer": "victim"},
        {"principalId": "victim"},
        {"claims": "victim"},
    ],
)
def test_an_authorizers_context_that_names_nobody(doors: Deployed, chats: Chats, context: dict[str, Any]) -> None:
    """Missing, empty, of another type, under another key: it matches nobody, not everybody."""
    door, contact = Door(doors, "AuthorizerUrl"), chats.start("victim")
    token = token_of(context)
    answer = door.ask(contact, past(chats, "victim"), token=token)
    unknown = door.ask(contact, "00000000-0000-4000-8000-000000000000", token=token)
    assert (answer.status, answer.document["__type"]) == (404, "ResourceNotFoundException")
    assert lasting(answer) == lasting(unknown)
    assert_nothing_joined(chats, contact)


@pytest.mark.parametrize("value", [["victim"], {"customer": "victim"}])
def test_an_authorizers_list_or_object_is_a_failure_of_the_authorizer(
    doors: Deployed, chats: Chats, value: object
) -> None:
    """API Gateway takes no such answer. The caller may have done nothing wrong, and is not let in."""
    door, contact = Door(doors, "AuthorizerUrl"), chats.start("victim")
    token = token_of({"customer": value})
    answer = door.ask(contact, past(chats, "victim"), token=token)
    assert (answer.status, answer.document["__type"]) == (503, "InternalServiceException")
    assert {name.lower(): value for name, value in answer.headers.items()}["retry-after"] == "1"
    assert_nothing_joined(chats, contact)


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (True, "true"), (1.5, "1.5")])
def test_an_authorizers_value_of_another_type(doors: Deployed, chats: Chats, value: object, text: str) -> None:
    """API Gateway makes text of it before the function sees it: pinned, as docs/security.md says it."""
    door = Door(doors, "AuthorizerUrl")
    token = token_of({"customer": value})
    for customer, status in ((text, 200), (f" {text}", 404), (str(not value), 404)):
        assert door.ask(chats.start(customer), past(chats, customer), token=token).status == status


def test_an_authorizers_customer_opens_their_own_chat_only(doors: Deployed, chats: Chats) -> None:
    """The sound case, so that the refusals above mean something."""
    door, contact, source = Door(doors, "AuthorizerUrl"), chats.start("victim"), past(chats, "victim")
    for customer, status in (("attacker", 404), ("Victim", 404), ("victim", 200)):
        token = token_of({"customer": customer})
        assert door.ask(contact, source, token=token).status == status


def test_a_signature_for_another_service(sound: Deployed, chats: Chats, mine: str) -> None:
    """boto3's client as it is signs for Amazon Connect: whoever could replay that would need no permission here."""
    stage = sound.cloud.execute_api_url(sound.outputs["FirstUrl"]).partition("/contact/")[0]
    client = sound.cloud.client("connect", endpoint_url=stage)
    with pytest.raises(ClientError) as refused:
        client.create_persistent_contact_association(
            InstanceId=sound.cloud.instance_id,
            InitialContactId=mine,
            RehydrationType="FROM_SEGMENT",
            SourceContactId=past(chats, "attacker"),
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert_nothing_joined(chats, mine)


def test_an_identity_pools_caller(sound: Deployed, doors: Deployed, chats: Chats, users: Users, victim: Person) -> None:
    """A browser with AWS credentials and permission to invoke: refused, unless somebody allowed it by name."""
    cloud = doors.cloud
    identities, iam = cloud.client("cognito-identity"), cloud.client("iam")
    provider = f"cognito-idp.{cloud.region}.amazonaws.com/{doors.outputs['Pool']}"
    pool = identities.create_identity_pool(
        IdentityPoolName="browsers",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": doors.outputs["OurClient"]}],
    )["IdentityPoolId"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    role = iam.create_role(RoleName="Browser", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    iam.put_role_policy(RoleName="Browser", PolicyName="p", PolicyDocument=json.dumps({"Statement": [allow]}))
    identities.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": role["Arn"]})
    logins = {provider: victim.token}
    identity = identities.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    key = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    browser = Credentials(key["AccessKeyId"], key["SecretKey"], key["SessionToken"])
    contact, source = chats.start(victim.sub), past(chats, victim.sub)
    refused = Door(sound, "FirstUrl").ask(contact, source, credentials=browser)
    assert (refused.status, refused.document["__type"]) == (403, "AccessDeniedException")
    assert "identity pool" in refused.document["message"]
    assert_nothing_joined(chats, contact)
    assert Door(doors, "PoolsUrl").ask(contact, source, credentials=browser).status == 200


def test_a_page_of_another_origin(cognito: Door, chats: Chats, victim: Person) -> None:
    """Its browser gets no leave to read the answer; the page that is allowed does, refusals included."""
    contact, source = chats.start(victim.sub), past(chats, victim.sub)
    allowed, other = {"Origin": "https://a.example"}, {"Origin": "https://evil.example"}
    answers = {
        "allowed": cognito.ask(contact, source, token=victim.token, headers=allowed),
        "other": cognito.ask(contact, source, token=victim.token, headers=other),
        "refused by the function": cognito.ask(contact, "unknown", token=victim.token, headers=allowed),
        "refused by the gateway": cognito.ask(contact, source, token="expired", headers=allowed),
        "asked before": cognito.send(f"{PATH}/i/c", b"", token="", method="OPTIONS", headers=allowed),
    }
    assert [answer.status for answer in answers.values()] == [200, 200, 404, 403, 204]
    for name, answer in answers.items():
        headers = {header.lower(): value for header, value in answer.headers.items()}
        origin = None if name == "other" else "https://a.example"
        assert (headers.get("access-control-allow-origin"), headers["vary"]) == (origin, "Origin"), name
        assert "access-control-allow-credentials" not in headers


def test_a_page_of_another_origin_where_several_are_allowed(doors: Deployed, chats: Chats) -> None:
    """The function answers to those that were allowed. A refusal of the gateway's own cannot choose: it says nothing,
    and reflects."""
    door = Door(doors, "AuthorizerUrl")
    token = token_of({"customer": "visitor"})
    contact, source = chats.start("visitor"), past(chats, "visitor")
    for origin, allowed in (("https://b.example", True), ("https://a.example", True), ("https://c.example", False)):
        answer = door.ask(contact, source, token=token, headers={"Origin": origin})
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert (answer.status, headers["vary"]) == (200, "Origin")
        assert headers.get("access-control-allow-origin") == (origin if allowed else None)
        refused = door.ask(contact, source, token="", headers={"Origin": origin})
        headers = {name.lower(): value for name, value in refused.headers.items()}
        assert refused.status == 403
        assert (headers["access-control-allow-origin"], headers["vary"]) == (origin, "Origin")
        assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example", "https://a.example"),
        ("https://b.example", "https://b.example"),
        ("https://c.example", "https://a.example"),
        ("https://b.example.evil.example", "https://a.example"),
        ("null", "https://a.example"),
        ("", "https://a.example"),
    ],
)
def test_a_page_that_asks_before_it_calls_gets_its_own_origin_or_another(
    doors: Deployed, origin: str, allowed: str
) -> None:
    """Each of several origins gets leave; a foreign one is told of another, which its browser takes for a no."""
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}
    answer = Door(doors, "AuthorizerUrl").send(f"{PATH}/i/c", b"", token="", method="OPTIONS", headers=asks)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert (answer.status, answer.body) == (204, b"")
    assert (headers["access-control-allow-origin"], headers["vary"]) == (allowed, "Origin")
    assert headers["access-control-allow-methods"] == "POST"
    assert "access-control-allow-credentials" not in headers


def test_no_secret_reaches_any_log(
    sound: Deployed,
    doors: Deployed,
    historic: Deployed,
    chats: Chats,
    cognito: Door,
    victim: Person,
    attacker: Person,
    with_events: None,
) -> None:
    """Customers, attributes, tokens and bodies are fed in everywhere; what every function logged holds none."""
    secret = "s3cret-customer"
    attributes = {"customer-key": "s3cret-attribute"}
    contact, source = chats.start(secret, Attributes=attributes), past(chats, secret, Attributes=attributes)
    door = Door(sound, "FirstUrl")
    door.ask(contact, source, ClientToken="s3cret-token", headers={"X-Secret": "s3cret-header"})
    door.ask(contact, "s3cret source!", RehydrationTypes="s3cret-field")
    door.send(f"{PATH}/{door.cloud.instance_id}/{contact}", b'{"s3cret-key": "s3cret-value"')
    Door(doors, "AttributeUrl").ask(contact, source)
    for operation in ("DescribeContact", "CreatePersistentContactAssociation"):
        for kind in ("error", "garbage", "throttle", "cut_after"):
            door.cloud.control("POST", "faults", {"operation": operation, "kind": kind})
            failed = door.ask(contact, source, ClientToken="s3cret-token")
            door.cloud.control("DELETE", "faults")
            assert failed.status in (200, 429, 500, 503)
    for token in (victim.token, attacker.token, "s3cret-bearer"):
        cognito.ask(chats.start(victim.sub), past(chats, victim.sub), token=token)
    context = token_of({"customer": secret, "more": "s3cret-context"})
    assert Door(doors, "AuthorizerUrl").ask(contact, source, token=context).status == 200
    # The recorder was told of these chats, and their customers look them up.
    back = chats.start(secret, Attributes=attributes)
    chats.told()
    for output in ("BackendUrl", "AttributeUrl"):
        assert Door(historic, output).latest(back).status in (200, 404)
    assert Door(historic, "PeopleUrl").latest(chats.start(secret), token=context).status in (200, 400)
    said = everything_logged(sound.cloud)
    assert [line for line in said if contact in line], "nothing was logged"
    for text in ("s3cret", victim.token, victim.token.split(".")[1], victim.sub, attacker.sub):
        assert [line for line in said if text in line] == []

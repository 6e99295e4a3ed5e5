"""The past chats that a chat shows, by each documented rule, and the objects of transcripts."""

import json

import pytest

from local.connect.transcripts import Memory
from tests.unit.local.participating import REGION, Customer, Refused, World, kinds

FROM_SEGMENT = "FROM_SEGMENT"
REHYDRATED = "application/vnd.amazonaws.connect.event.chat.rehydrated"


@pytest.fixture
def world() -> World:
    """A new Amazon Connect."""
    return World()


def resumed(world: World, source: str, how: str = "ENTIRE_PAST_SESSION") -> Customer:
    """A chat that continues a past chat from its start."""
    return world.start(PersistentChat={"RehydrationType": how, "SourceContactId": source})


def three(world: World) -> list[str]:
    """The guide's example: a transfer leads from C1 to C2, a survey from C2 to C3. All have ended and are written."""
    customer = world.start()
    customer.say("one")
    second = world.control("POST", f"contacts/{customer.contact}/transfer")["ContactId"]
    customer.say("two")
    third = world.control("POST", f"contacts/{second}/survey")["ContactId"]
    customer.say("three")
    customer("disconnect")
    world.wait(60)
    return [customer.contact, second, third]


def test_the_past_is_above_the_present_in_order_and_marked(world: World) -> None:
    """Each past item names its contact in RelatedContactId, each other item in ContactId. No item has both."""
    ids = three(world)
    customer = resumed(world, ids[0])
    customer.say("four")
    shown = customer.shown(size=3)
    assert customer.lines() == ["one", "two", "three", "four"]
    assert len({item["Id"] for item in shown}) == len(shown)
    assert [item.get("RelatedContactId") for item in shown if item["Type"] == "MESSAGE"] == [*ids, None]
    assert all(("ContactId" in item) != ("RelatedContactId" in item) for item in shown)


def test_a_segments_past_leaves_out_what_came_after_it(world: World) -> None:
    """The first two are the guide's own cases."""
    ids = three(world)
    assert resumed(world, ids[1], FROM_SEGMENT).lines() == ["one", "two"]
    assert resumed(world, ids[0], FROM_SEGMENT).lines() == ["one"]
    assert resumed(world, ids[0]).lines() == ["one", "two", "three"]


def test_the_first_page_is_the_running_chats(world: World) -> None:
    """Its token leads to the past, even if the running chat is shorter than a page."""
    customer = resumed(world, world.past("old").contact)
    first = customer("transcript", MaxResults=100)
    assert kinds(first["Transcript"]) == ["participant.joined"]
    second = customer("transcript", MaxResults=100, NextToken=first["NextToken"], ScanDirection="BACKWARD")
    # Items come newest first if the call does not say otherwise.
    assert kinds(second["Transcript"]) == ["chat.ended", "participant.left", "old", "participant.joined"]
    assert "NextToken" not in second
    assert "NextToken" not in world.start()("transcript")


def test_filters_do_not_reach_the_past(world: World) -> None:
    """A call with a start position or a contact shows no past items. A start at a past item is refused."""
    past = world.past("old")
    customer = resumed(world, past.contact)
    message = customer.say("new")
    for fields in ({"StartPosition": {"MostRecent": 1}}, {"ContactId": customer.contact}):
        assert "NextToken" not in customer("transcript", **fields, ScanDirection="BACKWARD", MaxResults=100)
    assert customer("transcript", ContactId=past.contact)["Transcript"] == []
    assert kinds(customer("transcript", StartPosition={"Id": message})["Transcript"]) == ["new"]
    old = customer.shown()[0]["Id"]
    with pytest.raises(Refused, match="400 ValidationException"):
        customer("transcript", StartPosition={"Id": old})


def test_an_association_after_the_start_is_told(world: World) -> None:
    """The page gets an event: it can now read the past. The event is in the transcript. Before it, no past is shown."""
    past = world.past("old")
    customer = world.start()
    customer.say("new")
    assert customer.lines() == ["new"]
    world.continue_(customer.contact, past.contact)
    assert customer.lines() == ["old", "new"]
    assert world.delivered[customer.contact][-1]["ContentType"] == REHYDRATED
    assert kinds(customer.shown())[-1] == "chat.rehydrated"
    # The documented events of a past chat do not include this one.
    customer("disconnect")
    world.wait(60)
    again = resumed(world, customer.contact)
    assert again.lines() == ["old", "new"]
    assert "chat.rehydrated" not in kinds(again.shown())
    # A start with PersistentChat needs no event.
    assert REHYDRATED not in [item["ContentType"] for item in world.delivered[again.contact]]


def test_what_is_not_written_when_a_chat_is_continued_is_never_shown(world: World) -> None:
    """Connect's clock counts, exactly to the second. A segment that ended earlier is shown."""
    customer = world.start()
    customer.say("one")
    second = world.control("POST", f"contacts/{customer.contact}/transfer")["ContactId"]
    customer.say("two")
    world.wait(44)
    world.stop(second)
    early = world.start()
    world.wait(2)
    world.continue_(early.contact, customer.contact)
    world.wait(1_000)
    assert early.lines() == ["one"]
    assert resumed(world, customer.contact).lines() == ["one", "two"]


def test_without_anything_to_show_there_is_no_event(world: World) -> None:
    """The association is too early. It is made, but no event comes."""
    customer = world.start()
    customer.say("old")
    customer("disconnect")
    early = world.start()
    assert world.continue_(early.contact, customer.contact) == customer.contact
    world.wait(1_000)
    assert kinds(early.shown()) == ["participant.joined"]


def test_the_delay_can_be_set(world: World) -> None:
    """Tests that must be fast can set it to zero."""
    world.control("POST", "transcripts", seconds=0)
    customer = world.start()
    customer.say("old")
    customer("disconnect")
    assert resumed(world, customer.contact).lines() == ["old"]


def test_several_buckets_break_it(world: World) -> None:
    """An instance without a bucket has no transcripts either. In both cases the chat begins, but shows no past."""
    for buckets in (["one-bucket", "another"], []):
        instance = world.control("POST", "instances", TranscriptBuckets=buckets)["InstanceId"]
        customer = world.start(InstanceId=instance)
        customer.say("old")
        customer("disconnect")
        world.wait(60)
        persistent = {"RehydrationType": FROM_SEGMENT, "SourceContactId": customer.contact}
        assert world.start(InstanceId=instance, PersistentChat=persistent).lines() == []


def test_a_file_that_is_too_large_is_left_out(world: World) -> None:
    """The documentation has a hard limit of 5 MB. The contacts before the large one are shown."""
    first = world.past("old")
    second = resumed(world, first.contact)
    for _ in range(450):
        world.control("POST", f"contacts/{second.contact}/say", Content="x" * 12_000, Role="SYSTEM")
    second("disconnect")
    world.wait(60)
    assert resumed(world, second.contact).lines() == ["old"]


def test_links_add_up_to_a_hundred_contacts(world: World) -> None:
    """The 101st past contact is not reached."""
    last = world.past("0")
    for number in range(1, 102):
        following = resumed(world, last.contact)
        following.say(str(number))
        following("disconnect")
        world.wait(60)
        last = following
    assert resumed(world, last.contact).lines() == [str(number) for number in range(2, 102)]


def test_a_transcript_becomes_an_object(world: World) -> None:
    """The object is in the instance's bucket, where DescribeContact says, and it is not there too early."""
    kept: dict[tuple[str, str], bytes] = {}

    class Store(Memory):
        def put(self, bucket: str, key: str, body: bytes) -> None:
            super().put(bucket, key, body)
            kept[bucket, key] = body

    world.connect.transcripts.store = Store()
    customer = world.start()
    customer.say("hello")
    customer("disconnect")
    assert world.described(customer.contact)["Recordings"] is None
    world.wait(60)
    (recording,) = world.described(customer.contact)["Recordings"]
    ((bucket, key),) = kept
    assert recording["Location"] == f"{bucket}/{key}"
    storage = world.connect.operations.supported["ListInstanceStorageConfigs"]
    fields = {"InstanceId": world.described(customer.contact)["Arn"].split("/")[1], "ResourceType": "CHAT_TRANSCRIPTS"}
    (config,) = storage(fields, REGION)["StorageConfigs"]
    assert bucket == config["S3Config"]["BucketName"]
    assert key.startswith(f"{config['S3Config']['BucketPrefix']}/")
    document = json.loads(kept[bucket, key])
    assert (document["Version"], document["ContactId"]) == ("2019-08-26", customer.contact)
    assert document["Participants"] == [{"ParticipantId": customer.started["ParticipantId"]}]
    assert kinds(document["Transcript"]) == ["participant.joined", "hello", "participant.left", "chat.ended"]


def test_a_deleted_object_is_not_shown(world: World) -> None:
    """Connect cannot read an object that is not in the bucket."""
    past = world.past("old")
    world.connect.transcripts.store = Memory()
    assert resumed(world, past.contact).lines() == []
    assert world.described(past.contact)["Recordings"] is None


def test_nobody_sees_another_customers_chat(world: World) -> None:
    """They see it neither on a socket nor in a transcript, even with the NextToken of the other customer."""
    ada, bob = (resumed(world, world.past(name).contact) for name in ("of ada", "of bob"))
    for customer, name in ((ada, "ada"), (bob, "bob")):
        customer.say(f"now {name}")
    assert ada.lines() == ["of ada", "now ada"]
    assert "now bob" not in kinds(world.delivered[ada.contact])
    token = bob("transcript")["NextToken"]
    with pytest.raises(Refused, match=r"400 ValidationException.*NextToken"):
        ada("transcript", NextToken=token)
    # After a new connection, an old token of the same customer is refused, too.
    own = ada("transcript")["NextToken"]
    ada.connect()
    with pytest.raises(Refused, match="400 ValidationException"):
        ada("transcript", NextToken=own)

"""The rule, step by step: each refusal, and that each step comes before the next."""

import hmac

import pytest

from association.caller import Caller
from association.refusal import Refusal
from association.request import AssociationRequest
from association.rule import (
    Continue,
    Describe,
    Earlier,
    Question,
    continues_part,
    judge,
    seconds_to_wait,
    starting,
)
from connect.contact import Contact

NOW = 1_000_000.0
CURRENT = Contact("current", "me", "CHAT", "current", None, None)
SOURCE = Contact("source", "me", "CHAT", "source", None, NOW - 61)
BACKEND = Caller("arn", None)


def question(
    current: Contact | None = CURRENT,
    source: Contact | None = SOURCE,
    *,
    rehydration_type: str = "FROM_SEGMENT",
    caller: Caller = BACKEND,
    related: Contact | None = None,
    delay: float = 60,
) -> Question:
    """A sound question, with changes."""
    request = AssociationRequest("instance", "current", rehydration_type, "source", None)
    contacts = {"current": current, "source": source}
    if related is not None:
        contacts[related.id] = related
    return Question(request, caller, contacts, NOW, delay)


def refusal_of(asked: Question) -> Refusal:
    """Why it may not."""
    with pytest.raises(Refusal) as refused:
        judge(asked)
    return refused.value


@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
def test_a_past_chat_of_the_same_customer_may_be_continued(rehydration_type: str) -> None:
    """The case that everything is for."""
    assert judge(question(rehydration_type=rehydration_type)) == Continue()
    assert judge(question(caller=Caller("x", "me"), rehydration_type=rehydration_type)) == Continue()


LOOK_ALIKES = ["Me", "me ", " me", "me\0", "me\n", "m\u0435", "\uff4de", "me\u200b", "\ud800", "m%65"]
# The same to every reader, and to Unicode's normal forms.
FORMS = [("é", "e\u0301"), ("\u212b", "\u00c5"), ("\ufb01", "fi"), ("ß", "ss"), ("\ud800", "\ufffd")]


@pytest.mark.parametrize(
    "asked",
    [
        question(current=None),
        question(source=None),
        question(current=None, source=None),
        question(source=SOURCE._replace(customer="you")),
        question(current=CURRENT._replace(customer="you")),
        question(source=SOURCE._replace(customer="")),
        question(current=CURRENT._replace(customer="")),
        question(current=CURRENT._replace(customer=""), source=SOURCE._replace(customer="")),
        question(current=CURRENT._replace(customer=""), source=SOURCE._replace(customer=""), caller=Caller("", "")),
        question(caller=Caller("x", "you")),
        question(caller=Caller("x", "")),
        question(current=CURRENT._replace(id="CURRENT")),
        question(source=SOURCE._replace(id="SOURCE")),
        *(question(source=SOURCE._replace(customer=other)) for other in LOOK_ALIKES),
        *(question(caller=Caller("x", other)) for other in LOOK_ALIKES),
        *(
            question(CURRENT._replace(customer=one), SOURCE._replace(customer=other), caller=Caller("x", one))
            for pair in FORMS
            for one, other in (pair, pair[::-1])
        ),
        *(
            question(CURRENT._replace(customer=one), SOURCE._replace(customer=one), caller=Caller("x", other))
            for pair in FORMS
            for one, other in (pair, pair[::-1])
        ),
    ],
)
def test_one_anything_else_is_not_found_in_one_wording(asked: Question) -> None:
    """1. Unknown, somebody else's, nobody's, look-alikes: nobody learns which."""
    refusal, reference = refusal_of(asked), refusal_of(question(source=None))
    assert (refusal.status, refusal.error_type, refusal.message, refusal.retry_after) == (
        404,
        "ResourceNotFoundException",
        reference.message,
        None,
    )


def test_customers_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of a guess is right must not show in how long it takes: over bytes, both times."""
    compared: list[tuple[object, object]] = []
    compare = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr("hmac.compare_digest", watched)
    judge(question(caller=Caller("x", "me")))
    assert compared == [(b"me", b"me")] * 2
    refusal_of(question(source=SOURCE._replace(customer="you")))
    assert compared[2:] == [(b"me", b"you")]


def test_a_customer_may_be_of_any_characters() -> None:
    """Half a surrogate pair compares like everything else, and does not fail."""
    for customer in ("é", "e\u0301", "\ud800", "x" * 128):
        current, source = CURRENT._replace(customer=customer), SOURCE._replace(customer=customer)
        assert judge(question(current, source)) == Continue()


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL", "", "chat"])
def test_two_the_current_contact_is_a_chat_that_runs(channel: str) -> None:
    """2. Connect would take the error branch; the endpoint says why."""
    assert refusal_of(question(CURRENT._replace(channel=channel))).reason == "current_no_chat"
    assert refusal_of(question(CURRENT._replace(disconnected=NOW))).reason == "current_ended"
    assert refusal_of(question(CURRENT._replace(disconnected=0.0))).reason == "current_ended"


def test_three_the_same_request_gets_the_earlier_answer() -> None:
    """3. A retry after a lost answer is safe, and costs Connect nothing."""
    linked = CURRENT._replace(related_id="source")
    assert judge(question(linked)) == Earlier("source")
    # Also when the source would no longer pass: it was fit when the association was made.
    assert judge(question(linked, SOURCE._replace(disconnected=NOW))) == Earlier("source")


@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
def test_three_a_retry_after_a_transfer_or_the_end_gets_the_earlier_answer(rehydration_type: str) -> None:
    """3. The chat went on between the lost answer and the retry; only what continues nothing is refused at its end."""
    linked = CURRENT._replace(related_id="source", disconnected=NOW - 5)
    assert judge(question(linked, rehydration_type=rehydration_type)) == Earlier("source")
    another = question(CURRENT._replace(related_id="x", disconnected=NOW - 5), rehydration_type=rehydration_type)
    another = another._replace(contacts={**another.contacts, "x": SOURCE._replace(id="x", session="x")})
    assert refusal_of(another).reason == "continues_another"


def test_three_for_a_whole_session_the_continued_contact_is_described_too() -> None:
    """3. Connect chose it, so it has to be one of the source's session, and nobody else's."""
    linked, entire = CURRENT._replace(related_id="last"), "ENTIRE_PAST_SESSION"
    assert judge(question(linked, rehydration_type=entire)) == Describe(("last",))
    last = Contact("last", "me", "CHAT", "source", None, NOW - 61)
    assert judge(question(linked, rehydration_type=entire, related=last)) == Earlier("last")
    # A survey may carry no customer: it is whose its session is, or a retry would be refused.
    assert judge(question(linked, rehydration_type=entire, related=last._replace(customer=""))) == Earlier("last")
    for other in (last._replace(session="another"), last._replace(customer="you")):
        assert refusal_of(question(linked, rehydration_type=entire, related=other)).reason == "continues_another"
    # The source itself needs no second description.
    assert judge(question(CURRENT._replace(related_id="source"), rehydration_type=entire)) == Earlier("source")


@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
def test_three_a_link_to_what_connect_does_not_know_stays(rehydration_type: str) -> None:
    """3. It may be one to a past chat that was forgotten, and that cannot be changed."""
    asked = question(CURRENT._replace(related_id="gone"), rehydration_type=rehydration_type)
    assert judge(asked) == Describe(("gone",))
    for gone in (None, SOURCE._replace(id="GONE")):
        refused = refusal_of(asked._replace(contacts={**asked.contacts, "gone": gone}))
        assert refused.reason == "continues_another"


def test_three_another_request_is_refused() -> None:
    """3. Only one association, and only once, for each new chat."""
    another = SOURCE._replace(id="another", session="another")
    refusal = refusal_of(question(CURRENT._replace(related_id="another"), related=another))
    assert (refusal.status, refusal.error_type, refusal.reason) == (400, "InvalidRequestException", "continues_another")
    assert refusal_of(
        question(CURRENT._replace(related_id="another"), related=another._replace(channel=""))
    ).reason == ("continues_another")
    # From the segment, a contact of the same session is another one.
    sibling, first = SOURCE._replace(session="first"), SOURCE._replace(id="first", session="first")
    assert refusal_of(question(CURRENT._replace(related_id="first"), sibling, related=first)).reason == (
        "continues_another"
    )


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL"])
@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
def test_three_a_link_to_another_channel_is_no_continued_chat(channel: str, rehydration_type: str) -> None:
    """3. Whoever starts a chat may link it to the customer's call: it is judged as if it continued nothing."""
    linked = CURRENT._replace(related_id="call")
    call = Contact("call", "me", channel, "call", None, NOW - 600)
    asked = question(linked, rehydration_type=rehydration_type, related=call)
    assert judge(asked) == Continue()
    assert refusal_of(question(linked, SOURCE._replace(disconnected=None), related=call)).reason == "source_running"
    assert refusal_of(question(linked._replace(disconnected=NOW), related=call)).reason == "current_ended"
    # Named as the source it is refused as what it is.
    named = question(linked._replace(related_id="source"), SOURCE._replace(channel=channel))
    assert refusal_of(named).reason == "source_no_chat"


@pytest.mark.parametrize("customer", ["me", "you", ""])
def test_three_a_link_to_a_chat_that_runs_is_no_continued_chat(customer: str) -> None:
    """3. A past chat has ended: whoever links a chat to one in another window has continued nothing by that."""
    linked, running = (
        CURRENT._replace(related_id="running"),
        Contact("running", customer, "CHAT", "running", None, None),
    )
    for rehydration_type in ("FROM_SEGMENT", "ENTIRE_PAST_SESSION"):
        assert judge(question(linked, rehydration_type=rehydration_type, related=running)) == Continue()
    unnamed = looked_up(CURRENT._replace(related_id="related"), BACKEND, running._replace(id="related"))
    assert unnamed == Continue()
    # Named as the source it is refused as what it is.
    named = question(linked._replace(related_id="source"), SOURCE._replace(disconnected=None))
    assert refusal_of(named).reason == "source_running"


def test_three_the_whole_after_a_part_is_refused_as_what_it_is() -> None:
    """3. If the history shows it: tests/unit/association/test_earlier_answer.py."""
    refused = continues_part()
    assert (refused.status, refused.error_type, refused.reason) == (400, "InvalidRequestException", "continues_part")
    assert refused.message == (
        "The chat InitialContactId already continues a part of that session. That cannot be changed."
    )


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL", ""])
def test_four_the_source_is_a_chat_that_has_ended(channel: str) -> None:
    """4. Chats only, past ones only."""
    assert refusal_of(question(source=SOURCE._replace(channel=channel))).reason == "source_no_chat"
    assert refusal_of(question(source=SOURCE._replace(disconnected=None))).reason == "source_running"


@pytest.mark.parametrize(
    ("ended", "delay", "retry_after"),
    [
        (60, 60, None),
        (59.5, 60, None),
        (59, 60, 1),
        (58.9, 60, 1),
        (58, 60, 2),
        (0, 60, 60),
        (-5, 60, 65),
        (-300, 60, 360),
        (-5, 0, 5),
        (0, 0, None),
        (1, 90.5, 90),
    ],
)
def test_four_its_transcript_had_time_to_be_written(ended: float, delay: float, retry_after: int | None) -> None:
    """4. Retry-After is at least a second, right to the second also for an end that was told ahead, and no longer than
    needed: a second earlier the answer is the same."""
    asked = question(source=SOURCE._replace(disconnected=NOW - ended), delay=delay)
    if retry_after is None:
        assert judge(asked) == Continue()
    else:
        refusal = refusal_of(asked)
        assert (refusal.reason, refusal.retry_after) == ("transcript_not_ready", retry_after)
        assert judge(asked._replace(now=NOW + retry_after)) == Continue()
        if retry_after > 1:
            assert refusal_of(asked._replace(now=NOW + retry_after - 1)).retry_after == 1


def test_nobody_is_told_to_wait_for_an_instant_that_is_no_end() -> None:
    """A clock that is wrong by years."""
    assert seconds_to_wait(NOW + 301, 60, NOW) == 360
    assert seconds_to_wait(NOW + 10**9, 60, NOW) == 360


def test_five_a_chat_does_not_continue_itself() -> None:
    """5. An earlier segment of the current session is shown anyway."""
    later = CURRENT._replace(session="source")
    assert refusal_of(question(later)).reason == "same_session"
    both = question(later, SOURCE._replace(session="first"))
    assert judge(both) == Continue()


def test_six_a_whole_session_is_named_by_its_first_contact() -> None:
    """6. The classic mistake; the refusal names the right one."""
    refusal = refusal_of(question(source=SOURCE._replace(session="first"), rehydration_type="ENTIRE_PAST_SESSION"))
    assert refusal.reason == "not_initial_contact"
    assert "send first." in refusal.message
    assert judge(question(source=SOURCE._replace(session="first"))) == Continue()


def test_each_step_comes_before_the_next() -> None:
    """A question that breaks every rule from one step on is refused for the first of them."""
    current = CURRENT._replace(channel="VOICE", disconnected=NOW, related_id="another", session="source")
    source = SOURCE._replace(channel="VOICE", disconnected=None, session="source")
    another, entire = SOURCE._replace(id="another", session="another"), "ENTIRE_PAST_SESSION"
    reasons = [refusal_of(question(current._replace(customer="you"), source, rehydration_type=entire)).reason]
    reasons.append(refusal_of(question(current, source)).reason)
    current = current._replace(channel="CHAT")
    reasons.append(refusal_of(question(current, source, related=another)).reason)
    current = current._replace(related_id=None)
    reasons.append(refusal_of(question(current, source)).reason)
    current = current._replace(disconnected=None)
    reasons.append(refusal_of(question(current, source)).reason)
    source = source._replace(channel="CHAT")
    reasons.append(refusal_of(question(current, source)).reason)
    source = source._replace(disconnected=NOW)
    reasons.append(refusal_of(question(current, source)).reason)
    source = source._replace(disconnected=NOW - 61, session="first")
    current = current._replace(session="first")
    reasons.append(refusal_of(question(current, source, rehydration_type=entire)).reason)
    current = current._replace(session="current")
    reasons.append(refusal_of(question(current, source, rehydration_type=entire)).reason)
    assert reasons == [
        "another_customer",
        "current_no_chat",
        "continues_another",
        "current_ended",
        "source_no_chat",
        "source_running",
        "transcript_not_ready",
        "same_session",
        "not_initial_contact",
    ]


@pytest.mark.parametrize(
    ("asked", "reason", "message"),
    [
        (question(source=None), "unknown_contact", None),
        (question(current=CURRENT._replace(id="CURRENT")), "unknown_contact", None),
        (question(source=SOURCE._replace(customer="you")), "another_customer", None),
        (question(source=SOURCE._replace(customer="")), "no_customer", None),
        (question(CURRENT._replace(customer="")), "no_customer", None),
        (question(CURRENT._replace(customer=""), SOURCE._replace(customer="")), "no_customer", None),
        (question(caller=Caller("x", "you")), "another_caller", None),
        (
            question(CURRENT._replace(channel="VOICE")),
            "current_no_chat",
            "InitialContactId is of channel VOICE, expected a chat.",
        ),
        (
            question(CURRENT._replace(disconnected=NOW)),
            "current_ended",
            "The chat InitialContactId has ended. Start a new one.",
        ),
        (
            question(CURRENT._replace(related_id="another"), related=SOURCE._replace(id="another", session="another")),
            "continues_another",
            "The chat InitialContactId already continues another chat. That cannot be changed.",
        ),
        (
            question(source=SOURCE._replace(channel="TASK")),
            "source_no_chat",
            "SourceContactId is of channel TASK, expected a chat.",
        ),
        (
            question(source=SOURCE._replace(disconnected=None)),
            "source_running",
            "The chat SourceContactId has not ended: only a past chat can be continued.",
        ),
        (
            question(source=SOURCE._replace(disconnected=NOW - 50)),
            "transcript_not_ready",
            "The chat SourceContactId ended a moment ago, and its transcript is still being written. "
            "Try again in 10 s.",
        ),
        (
            question(CURRENT._replace(session="source")),
            "same_session",
            "SourceContactId is a part of the current chat itself. Send a contact of a past chat.",
        ),
        (
            question(source=SOURCE._replace(session="first"), rehydration_type="ENTIRE_PAST_SESSION"),
            "not_initial_contact",
            "SourceContactId is not the first contact of its session, as ENTIRE_PAST_SESSION needs: send first.",
        ),
    ],
)
def test_the_log_and_the_caller_are_told_why(asked: Question, reason: str, message: str | None) -> None:
    """The log always; the caller only when both contacts are known to be the customer's own."""
    refusal = refusal_of(asked)
    assert refusal.reason == reason
    not_found = (
        "Not found. Check InstanceId, InitialContactId and SourceContactId, and that the contacts carry the same "
        "customer."
    )
    assert refusal.message == (message or not_found)


def looked_up(current: Contact | None = CURRENT, caller: Caller = BACKEND, *others: Contact | None) -> object:
    """What the rule says to a request that names no source."""
    request = AssociationRequest("instance", "current", "ENTIRE_PAST_SESSION", "", None)
    contacts = {"current": current, **dict(zip(("related",), others, strict=False))}
    return judge(Question(request, caller, contacts, NOW, 60))


def test_a_running_chat_of_ones_own_may_be_looked_up_for() -> None:
    """By a trusted caller, and by the person themselves."""
    assert looked_up() == Continue()
    assert looked_up(caller=Caller("x", "me")) == Continue()


@pytest.mark.parametrize(
    ("current", "caller", "status", "reason"),
    [
        (None, BACKEND, 404, "unknown_contact"),
        (CURRENT._replace(id="CURRENT"), BACKEND, 404, "unknown_contact"),
        (CURRENT._replace(customer=""), BACKEND, 404, "no_customer"),
        (CURRENT._replace(customer=""), Caller("", ""), 404, "no_customer"),
        (CURRENT, Caller("x", "you"), 404, "another_caller"),
        (CURRENT, Caller("x", ""), 404, "another_caller"),
        (CURRENT._replace(channel="VOICE"), BACKEND, 400, "current_no_chat"),
        (CURRENT._replace(disconnected=NOW - 1), BACKEND, 400, "current_ended"),
        (
            CURRENT._replace(customer="you", disconnected=NOW - 1, related_id="x"),
            Caller("x", "me"),
            404,
            "another_caller",
        ),
    ],
)
def test_nothing_is_looked_up_for_strangers_or_ended_chats(
    current: Contact | None, caller: Caller, status: int, reason: str
) -> None:
    """A stranger gets what everybody gets for a contact that does not exist, before anything is looked up."""
    with pytest.raises(Refusal) as refused:
        looked_up(current, caller)
    assert (refused.value.status, refused.value.reason) == (status, reason)


@pytest.mark.parametrize("disconnected", [None, NOW - 5])
def test_a_look_up_that_was_answered_gets_the_same_answer(disconnected: float | None) -> None:
    """If it is the customer's own, also when the chat was transferred or has ended since; a link to somebody else's,
    made elsewhere, is not passed on."""
    linked = CURRENT._replace(related_id="related", disconnected=disconnected)
    related = SOURCE._replace(id="related")
    assert looked_up(linked) == Describe(("related",))
    assert looked_up(linked, BACKEND, related) == Earlier("related")
    for other in (None, related._replace(customer="you"), related._replace(customer="", session="related")):
        with pytest.raises(Refusal) as refused:
            looked_up(linked, BACKEND, other)
        assert refused.value.reason == "continues_another"
        assert refused.value.status == 400


def test_a_look_up_that_continued_a_survey_without_a_customer_is_answered_again() -> None:
    """It is whose its session is: its first contact says so."""
    linked, survey = CURRENT._replace(related_id="related"), SOURCE._replace(id="related", session="first", customer="")
    assert looked_up(linked, BACKEND, survey) == Describe(("first",))

    def with_first(first: Contact | None) -> object:
        request = AssociationRequest("instance", "current", "ENTIRE_PAST_SESSION", "", None)
        contacts = {"current": linked, "related": survey, "first": first}
        return judge(Question(request, BACKEND, contacts, NOW, 60))

    first = SOURCE._replace(id="first", session="first")
    assert with_first(first) == Earlier("related")
    for other in (None, first._replace(customer="you"), first._replace(customer="")):
        with pytest.raises(Refusal, match="continues another"):
            with_first(other)


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL"])
def test_a_chat_that_is_linked_to_a_call_is_looked_up_for(channel: str) -> None:
    """It continues no chat yet; when it has ended it is too late."""
    linked, call = CURRENT._replace(related_id="related"), SOURCE._replace(id="related", channel=channel)
    assert looked_up(linked, BACKEND, call) == Continue()
    with pytest.raises(Refusal, match="has ended"):
        looked_up(linked._replace(disconnected=NOW), BACKEND, call)


def test_the_wait_that_is_told_is_long_enough() -> None:
    """Connect's clock shows whole seconds. Who waits as long as was told is not told to wait again."""
    just_now = SOURCE._replace(disconnected=NOW + 0.9)
    told = refusal_of(question(source=just_now)).retry_after
    assert told == 60
    later = question(source=just_now)._replace(now=NOW + told)
    assert judge(later) == Continue()


def test_an_end_that_connect_does_not_tell_yet_is_waited_for() -> None:
    """The history knows that the session has ended: that it still runs for Connect is a matter of moments."""
    still = question(source=SOURCE._replace(disconnected=None))
    refused = refusal_of(still._replace(session_ended=NOW - 1))
    assert (refused.reason, refused.retry_after) == ("transcript_not_ready", 59)
    assert refusal_of(still._replace(session_ended=NOW - 60)).reason == "source_running"


def test_the_transcript_of_a_session_is_awaited_from_its_last_end() -> None:
    """The source is its first contact, which may have ended long before."""
    long_ago = SOURCE._replace(disconnected=NOW - 600)
    with pytest.raises(Refusal) as refused:
        judge(question(source=long_ago)._replace(session_ended=NOW - 20))
    assert (refused.value.reason, refused.value.retry_after) == ("transcript_not_ready", 40)
    assert judge(question(source=long_ago)._replace(session_ended=NOW - 60)) == Continue()
    with pytest.raises(Refusal) as refused:
        judge(question(source=SOURCE._replace(disconnected=NOW - 20))._replace(session_ended=NOW - 600))
    assert refused.value.retry_after == 40


def starts(
    source: Contact | None = SOURCE,
    *,
    customer: str = "me",
    caller: Caller = BACKEND,
    rehydration_type: str = "FROM_SEGMENT",
    named: bool = True,
) -> Question:
    """A chat that starts now for a customer, and would continue the source."""
    request = AssociationRequest("instance", "", rehydration_type, "source" if named else "", None)
    return Question(request, caller, {"": starting(customer), "source": source}, NOW, 60)


def test_a_chat_that_starts_is_the_customers_and_continues_none_yet() -> None:
    """Word for word what a described contact would be: whatever else stood here would decide as if Connect said so."""
    assert starting("me") == Contact("", "me", "CHAT", "", None, None)


@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
@pytest.mark.parametrize("caller", [BACKEND, Caller("x", "me")])
def test_a_chat_that_starts_may_continue_its_customers_past(rehydration_type: str, caller: Caller) -> None:
    """Or none: then the question is only who may start for whom."""
    assert judge(starts(rehydration_type=rehydration_type, caller=caller)) == Continue()
    assert judge(starts(named=False, caller=caller)) == Continue()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (starts(customer=""), "no_customer"),
        (starts(customer="", caller=Caller("", ""), named=False), "no_customer"),
        (starts(customer="", source=SOURCE._replace(customer="")), "no_customer"),
        (starts(customer="you"), "another_customer"),
        (starts(customer="you", caller=Caller("x", "me"), named=False), "another_caller"),
        (starts(customer="you", source=SOURCE._replace(customer="you"), caller=Caller("x", "me")), "another_caller"),
        (starts(caller=Caller("", ""), named=False), "another_caller"),
        (starts(source=None), "unknown_contact"),
        (starts(source=SOURCE._replace(customer="")), "no_customer"),
        *((starts(source=SOURCE._replace(customer=other)), "another_customer") for other in LOOK_ALIKES),
        *((starts(caller=Caller("x", other)), "another_caller") for other in LOOK_ALIKES),
    ],
)
def test_one_a_chat_that_starts_never_continues_another_customers_past(asked: Question, reason: str) -> None:
    """1. The same step, the same answer as for an association: there is one rule."""
    refused = refusal_of(asked)
    assert (refused.status, refused.reason) == (404, reason)


@pytest.mark.parametrize(
    ("source", "rehydration_type", "reason"),
    [
        (SOURCE._replace(channel="VOICE"), "FROM_SEGMENT", "source_no_chat"),
        (SOURCE._replace(disconnected=None), "FROM_SEGMENT", "source_running"),
        (SOURCE._replace(disconnected=NOW - 59), "FROM_SEGMENT", "transcript_not_ready"),
        (SOURCE._replace(session="first"), "ENTIRE_PAST_SESSION", "not_initial_contact"),
    ],
)
def test_four_to_six_hold_for_a_chat_that_starts(source: Contact, rehydration_type: str, reason: str) -> None:
    """4 and 6. Connect would refuse it, or show less than was asked for; no session is its own (5)."""
    refused = refusal_of(starts(source, rehydration_type=rehydration_type))
    assert (refused.status, refused.reason) == (400, reason)

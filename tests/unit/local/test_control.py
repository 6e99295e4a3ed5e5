"""The control path, whatever is sent to it; what each call does, and its sentences, are in test_service.py."""

import inspect
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.connect import control
from local.connect.control import PREFIX, Control
from local.connect.service import Connect

CALLS = Control(Connect("123456789012", "us-east-1"))._calls
# Of each call what it takes, with values that are right for some field.
SOUND: list[Any] = [
    *(
        "CHAT",
        "ACTIVE",
        "CUSTOMER_QUEUE",
        "SAVED",
        "StopContact",
        "throttle",
        "camel",
        1,
        0.5,
        True,
        [],
        ["a"],
        {},
        {"a": "b"},
        10**9,
    ),
]
NAMES = sorted({*re.findall(r'(?:take|required)\(\s*"(\w+)"', inspect.getsource(control))})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.one_of(
    st.dictionaries(st.sampled_from([*NAMES, "x"]), st.sampled_from(SOUND) | JSON).map(
        lambda d: json.dumps(d).encode()
    ),
    JSON.map(lambda document: json.dumps(document).encode()),
    st.binary(),
)


def state_of(connect: Connect) -> tuple[object, ...]:
    """All that a call of the control path may change, but the contacts."""
    instances = connect.instances.all("us-east-1")
    faults = list(connect.faults._on)
    events, clock = connect.events, (connect.clock._ahead, connect.clock._held)
    flows, quotas = [dict(instance.flows) for instance in instances], (connect.quotas.enabled, connect.quotas.chats)
    return instances, flows, faults, events.delivery, events.sent, clock, quotas, dict(connect.contacts._by_id)


@settings(max_examples=300)
@given(st.sampled_from(CALLS), BODIES)
def test_whatever_is_sent_is_followed_or_refused_in_a_sentence_and_then_nothing_has_changed(
    call: tuple[str, str, Any], body: bytes
) -> None:
    """People write these calls by hand: half of one that was followed would be looked for for hours."""
    connect = Connect("123456789012", "us-east-1")
    method, pattern, _ = call
    before = state_of(connect)
    answer = Control(connect).answer(method, pattern.replace("([^/]+)", "none"), body)
    document = json.loads(answer.body)
    if answer.status == 200:
        return
    assert answer.status in (400, 404)
    assert document["message"].endswith(".")
    assert state_of(connect) == before


def test_the_table_lists_the_calls_that_there_are() -> None:
    """It is all the documentation that these calls have where they stand."""
    cells = [line.split("|")[1] for line in (control.__doc__ or "").splitlines() if line.startswith("| ")][1:]
    listed = {(method, path) for cell in cells for method, path in re.findall(r"(GET|POST|DELETE) ([a-z/<>]+)", cell)}
    assert listed == {(method, pattern.replace("([^/]+)", "<id>")) for method, pattern, _ in CALLS}


@pytest.mark.parametrize("path", ["contacts/", "contacts/a/b/transfer", "contacts\n", "/contacts", "Contacts"])
def test_a_path_that_is_nearly_a_calls_is_none(path: str) -> None:
    """And the answer lists those that there are, as they are typed."""
    answer = Control(Connect("123456789012", "us-east-1")).answer("POST", path, b'{"Channel": "CHAT"}')
    assert answer.status == 404
    assert f"POST {PREFIX}contacts/<id>/transfer, " in json.loads(answer.body)["message"]


def test_the_clock_has_an_end_that_is_said() -> None:
    """Many advances together could leave the years that a date can have."""
    connect = Connect("123456789012", "us-east-1")
    most = json.dumps({"advance": control._LONGEST_ADVANCE_SECONDS}).encode()
    answers = [Control(connect).answer("POST", "clock", most) for _ in range(120)]
    assert {answer.status for answer in answers} == {200, 400}
    assert "Start another local cloud." in json.loads(answers[-1].body)["message"]
    assert connect.clock.now().year > 2900

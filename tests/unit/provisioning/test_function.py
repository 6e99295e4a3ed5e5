"""What a proof makes of the function's answers, whatever they are; the whole chain is in test_proof.py."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import function, properties
from provisioning.link import Broken
from tests.unit.provisioning.test_proof import ACTION, ENDPOINT, THROTTLED, broken
from tests.unit.provisioning.world import World, refused

PUT = "dynamodb:PutItem"
# A few names with a few values: so that any two environments share some.
VARIABLES = st.dictionaries(st.sampled_from("ABCD"), st.sampled_from(["", "1", "2"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["status", "type", "x"]), inner),
    max_leaves=5,
)


def asked(**different: Any) -> properties.Function:
    """The function of an endpoint's proof."""
    return properties.read({**ENDPOINT, **different}).function


@given(VARIABLES, VARIABLES)
def test_the_function_starts_with_the_templates_environment_and_no_other(
    template: dict[str, str], found: dict[str, str]
) -> None:
    """A variable that is missing, changed or left over is named, and one that is right is not."""
    differ = {name for name in {*template, *found} if template.get(name) != found.get(name)}
    to_prove, world = asked(Environment=template), broken(environment=found)
    if not differ:
        assert function.starts(to_prove, world) == ""
        return
    with pytest.raises(Broken) as raised:
        function.starts(to_prove, world)
    assert raised.value.link == "environment"
    assert {name for name in "ABCD" if f"{name} is " in raised.value.found} == differ


@pytest.mark.parametrize("action", [ACTION, PUT])
@given(st.integers(0, 599), st.sampled_from(["ResourceNotFoundException", "ConditionalCheckFailedException", None]))
def test_a_permission_is_shown_by_an_answer_of_the_service_only(action: str, status: int, kind: str | None) -> None:
    """What Connect answers to ids that cannot exist is documented nowhere; what DynamoDB answers is."""
    world = broken(probe_answer={"status": status, "type": kind})
    if action == PUT:
        shown = status != 403 and (status == 200 or kind == "ConditionalCheckFailedException")
    else:
        shown = 200 <= status < 500 and status not in (403, 429)
    if shown:
        assert str(status) in function.is_allowed(asked(), action, world)
        return
    with pytest.raises(Broken) as raised:
        function.is_allowed(asked(), action, world)
    assert raised.value.link.startswith("permission" if status == 403 else ("DynamoDB", "Amazon Connect"))
    assert raised.value.throttled == (status == 429)


@given(JSON.filter(lambda said: not isinstance(said, dict) or not isinstance(said.get("type"), list | dict)))
def test_whatever_a_probe_returns_is_an_answer_or_a_broken_link(answer: Any) -> None:
    """The proof holds what anybody may have put in the function's place; it must not break by itself."""
    world = broken(probe_answer=answer, control_answer=answer, environment=answer)
    looks: list[Callable[[], str]] = [
        lambda: function.is_allowed(asked(), ACTION, world),
        lambda: function.is_denied_elsewhere(asked(), ACTION, world),
        lambda: function.starts(asked(), world),
        lambda: function.reads_keys(asked(), world),
    ]
    for look in looks:
        try:
            assert isinstance(look(), str)
        except Broken:
            continue


def test_a_function_that_fails_without_a_log_tells_its_trace() -> None:
    """Lambda leaves the log out now and then; then the trace in the answer is all that is left of the failure."""
    error = {"errorType": "KeyError", "errorMessage": "x", "stackTrace": ["  File a\n", "  File b\n"]}
    with pytest.raises(Broken) as raised:
        function.starts(asked(), broken(function_error=error))
    assert (raised.value.log.split(), raised.value.final) == (["File", "a", "File", "b"], True)
    with pytest.raises(Broken) as raised:
        function.starts(asked(), broken(function_error={**error, "stackTrace": "none"}))
    assert raised.value.log == ""


def test_a_throttle_stays_one_if_nobody_tells_the_concurrency(capsys: pytest.CaptureFixture[str]) -> None:
    """The question is only for a better sentence: its own failure must not hide the throttle."""

    class Silent(World):
        def reserved_concurrency(self, function: str) -> int | None:
            raise refused("AccessDeniedException")

    world = Silent()
    world.invoke_failure = THROTTLED
    with pytest.raises(Broken) as raised:
        function.starts(asked(), world)
    assert (raised.value.link, raised.value.throttled) == ("throttle", True)
    assert "AccessDeniedException" in capsys.readouterr().out

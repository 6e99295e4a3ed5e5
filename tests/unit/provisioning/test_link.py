"""How a deployment's failure travels: its text is all that the command line shows."""

from hypothesis import given
from hypothesis import strategies as st

from provisioning.link import Broken, DeploymentFailure


@given(st.text("aé\n'", max_size=9))
def test_the_text_of_a_failure_is_the_whole_of_what_is_shown(text: str) -> None:
    """CloudFormation gets str(): with more arguments Python would make a tuple of it."""
    assert str(DeploymentFailure(text, {"InstanceId": "i"})) == text


@given(st.dictionaries(st.text("aé\n", max_size=3), st.text("aé\n", max_size=3)))
def test_a_roll_back_gets_what_was_known_when_it_failed(attributes: dict[str, str]) -> None:
    """Whatever happens later to what was handed over; and where nothing was known, nothing."""
    failure = DeploymentFailure("text", attributes)
    expected = dict(attributes)
    attributes["InstanceId"] = "changed later"
    assert failure.attributes == expected
    assert DeploymentFailure("text").attributes == {}


@given(st.sampled_from(["stage", "gateway to function"]), st.text("aé\n'", max_size=9))
def test_a_broken_link_is_asked_again_unless_it_is_final(link: str, found: str) -> None:
    """Most links heal within seconds; and its own text names the link, where nobody catches it."""
    broken = Broken(link, found)
    assert (broken.link, broken.found, broken.final) == (link, found, False)
    assert str(broken).startswith(link)
    assert Broken(link, found, final=True).final

"""The one error at synthesis: all that a user reads of a mistake."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_persistent_chat import ConfigurationError

SENTENCES = st.lists(
    st.sampled_from(["a: got 1, expected 2.", "b: got 'x\n', expected y.", "c: got é, expected e."]), min_size=1
)


@settings(max_examples=50)
@given(st.sampled_from(["Stack/Endpoint", "Authorization.cognito"]), SENTENCES)
def test_it_says_where_and_every_mistake_in_the_order_in_which_they_were_found(where: str, mistakes: list[str]) -> None:
    """One synthesis, all errors: nobody mends an app one mistake after the other. Several have a line each."""
    rest = str(ConfigurationError(where, mistakes)).removeprefix(f"{where}:")
    for mistake in mistakes:
        begin = f" {mistake}" if len(mistakes) == 1 else f"\n- {mistake}"
        assert rest.startswith(begin)
        rest = rest.removeprefix(begin)
    assert rest == ""


def test_whoever_catches_wrong_values_catches_it() -> None:
    """An app that reads its properties from a file tells its user the sentence."""
    with pytest.raises(ValueError, match="Here: it cannot be"):
        raise ConfigurationError("Here", ["it cannot be."])


def test_neither_it_nor_the_functions_names_bring_the_cdk_along() -> None:
    """The commands work where there is none; it is half a gigabyte."""
    code = (
        "import sys; from connect_persistent_chat import errors, source; import connect_persistent_chat.shared.key; "
        "print([name for name in sys.modules if name.split('.')[0] in ('aws_cdk', 'jsii', 'constructs')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

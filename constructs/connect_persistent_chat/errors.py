"""The one error that this library raises at synthesis."""

from collections.abc import Sequence
from typing import Final


class ConfigurationError(ValueError):
    """The configuration cannot work.

    The message names the construct or the factory. For each mistake it names the parameter, the value and the expected
    values. Several mistakes have a line each.

    :param where: the construct or the factory that refuses.
    :param mistakes: one sentence for each mistake.
    """

    mistakes: Final[list[str]]
    """One sentence for each mistake."""

    def __init__(self, where: str, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        between = " " if len(mistakes) == 1 else "\n- "
        super().__init__(f"{where}:{between}{between.join(mistakes)}")

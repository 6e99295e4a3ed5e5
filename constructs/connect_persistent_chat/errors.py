"""The one error that this library raises at synthesis."""

from collections.abc import Sequence
from typing import Final


class ConfigurationError(ValueError):
    """Something that was configured cannot work.

    The message says where, and for each mistake what was wrong, what was got and what was expected. Several mistakes
    stand in a line each.

    :param where: the construct or the factory that refuses.
    :param mistakes: a sentence each.
    """

    mistakes: Final[list[str]]
    """A sentence each."""

    def __init__(self, where: str, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        between = " " if len(mistakes) == 1 else "\n- "
        super().__init__(f"{where}:{between}{between.join(mistakes)}")

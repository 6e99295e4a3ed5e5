"""How a custom resource says that the deployment must fail."""

from collections.abc import Mapping


class DeploymentFailure(Exception):
    """The deployment has to fail. The text says what was found, what was expected and what to do.

    :param attributes: what the resource's attributes are all the same, for a roll-back that goes on without it.
    """

    def __init__(self, text: str, attributes: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.attributes = dict(attributes or {})


class Broken(Exception):
    """A link of an endpoint's chain that does not hold.

    :param link: its name, for example `stage`.
    :param found: what was seen.
    :param final: whether asking again cannot help.
    """

    def __init__(self, link: str, found: str, *, final: bool = False) -> None:
        super().__init__(f"{link}: {found}")
        self.link = link
        self.found = found
        self.final = final

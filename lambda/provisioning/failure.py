"""How a custom resource says that the deployment must fail."""

from collections.abc import Mapping


class DeploymentFailure(Exception):
    """The deployment has to fail. The text says what was found, what was expected and what to do.

    :param attributes: the resource's attributes, for a roll-back that continues in spite of the failure.
    :param log: the end of the log of the function that was proved, if that was invoked.
    """

    def __init__(self, text: str, attributes: Mapping[str, str] | None = None, log: str = "") -> None:
        super().__init__(text)
        self.attributes = dict(attributes or {})
        self.log = log


class Broken(Exception):
    """A link of a chain is broken.

    :param link: its name, for example `stage`.
    :param found: what was seen.
    :param final: whether a retry cannot help.
    :param throttled: whether a service throttled the call, because of other traffic.
    :param log: the end of the log of the function that was invoked.
    """

    def __init__(self, link: str, found: str, *, final: bool = False, throttled: bool = False, log: str = "") -> None:
        super().__init__(f"{link}: {found}")
        self.link = link
        self.found = found
        self.final = final
        self.throttled = throttled
        self.log = log

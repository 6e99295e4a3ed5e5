"""A link of a chain: tried until it holds or the patience is used up; then it is broken, and the deployment fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from provisioning.calls import Calls
from shared import throttles

_T = TypeVar("_T")
PAUSE_SECONDS = 2.0
_DENIED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId"}
_BOUNDARY = (
    "Expected the permissions of the proof's own policy. Look for a permissions boundary or a service control policy "
    "that denies them."
)
_FAILED = {"InternalFailure", "InternalServerError", "InternalServiceException", "ServiceException"}


class DeploymentFailure(Exception):
    """The deployment has to fail. The text says what was found, what was expected and what to do."""

    def __init__(self, text: str, attributes: Mapping[str, str] | None = None, log: str = "") -> None:
        super().__init__(text)
        # The resource's, for a roll-back that continues in spite of the failure.
        self.attributes = dict(attributes or {})
        # The end of the log of the function that was proved, if that was invoked.
        self.log = log


@dataclass(eq=False)
class Broken(Exception):
    """A link of a chain is broken."""

    # Its name, for example `stage`; and what was seen.
    link: str
    found: str
    # Whether a retry cannot help.
    final: bool = False
    # Whether a service throttled the call, because of other traffic.
    throttled: bool = False
    # The end of the log of the function that was invoked.
    log: str = ""

    def __str__(self) -> str:
        return f"{self.link}: {self.found}"


def retry(link: Callable[[], _T], calls: Calls, until: float) -> _T:
    """Try a link until it holds: a new policy or stage takes effect after a while. Raises the last Broken."""
    while True:
        try:
            return link()
        except Broken as broken:
            if broken.final or calls.now() + PAUSE_SECONDS > until:
                raise
        calls.wait(PAUSE_SECONDS)


def answer_of(link: str, service: str, call: Callable[[], _T], refused: str = "") -> _T:
    """AWS's answer. Raises Broken if the link may hold later. If AWS refuses the request itself, raises Broken with the
    sentence `refused`, or botocore's ClientError if there is none."""
    try:
        return call()
    except BotoCoreError as error:
        raise Broken(link, f"{service} is out of reach: {error}.") from error
    except ClientError as error:
        code = code_of(error)
        if code in _DENIED:
            raise Broken(link, f"{service} denies the proof's call: {error}. {_BOUNDARY}") from error
        if code in throttles.CODES:
            raise Broken(link, f"{service} throttles the proof: {error}.", throttled=True) from error
        if code in _FAILED or int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0) >= 500:
            raise Broken(link, f"{service} fails: {error}.") from error
        if refused:
            raise Broken(link, f"{refused}: {error}.") from error
        raise


def code_of(error: ClientError) -> str:
    """The kind of error that a service names."""
    return str(error.response.get("Error", {}).get("Code"))

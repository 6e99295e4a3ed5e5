"""Why a caller is not let in. These exceptions hold no token, no claim, and no part of them."""

from shared.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared import reasons


class Refused(Exception):
    """The token does not belong to an allowed caller."""

    def __init__(self, reason: "reasons.Unauthorized") -> None:
        super().__init__(reason)
        self.reason = reason


class IssuerFailed(Exception):
    """The issuer is down, slow or wrong: nobody knows whether the token is right. The text says what was found."""

    def __init__(self, reason: "reasons.Issuer", found: str) -> None:
        super().__init__(found)
        self.reason = reason

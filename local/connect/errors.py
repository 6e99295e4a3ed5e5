"""The errors of Connect's own protocol."""


class ConnectError(Exception):
    """An error that the service model knows; the model gives the status."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


def invalid_parameter(message: str) -> ConnectError:
    """A field breaks a rule of the service model."""
    return ConnectError("InvalidParameterException", message)


def invalid_request(message: str) -> ConnectError:
    """The fields are right, but what they ask for cannot be done."""
    return ConnectError("InvalidRequestException", message)


def not_found(what: str) -> ConnectError:
    """What the fields name does not exist."""
    return ConnectError("ResourceNotFoundException", f"Not found: {what}.")

"""Why a service gave no answer. After any of these the request may have taken effect."""


class Unreachable(Exception):
    """No connection, or it was cut before the answer was whole."""


class Stale(Unreachable):
    """A kept connection was closed. Nothing is wrong: a new one will work."""


class DeadlineExceeded(Exception):
    """No whole answer within the deadline."""


class Unreadable(Exception):
    """The answer is not HTTP, or not one of the service's answers."""


class TooLarge(Unreadable):
    """The answer is larger than 1 MiB. A retry would get the same."""

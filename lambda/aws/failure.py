"""Why a service gave no answer. After any of these nobody knows whether the request took effect."""


class Unreachable(Exception):
    """No connection, or it was cut before the answer was whole."""


class Stale(Unreachable):
    """A kept connection turned out to be closed: nothing is wrong, a new one will do."""


class DeadlineExceeded(Exception):
    """No whole answer within the deadline."""


class Unreadable(Exception):
    """What came is not HTTP, or not what the service answers."""


class TooLarge(Unreadable):
    """What came is more than 1 MiB. It is so again, as long as what was asked for is."""

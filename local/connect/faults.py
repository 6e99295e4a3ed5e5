"""Faults, switched on to see what others do about them."""

from dataclasses import dataclass

KINDS = ("latency", "throttle", "error", "cut_before", "cut_after", "cut_half", "garbage")


@dataclass
class Fault:
    """What the next calls of an operation meet.

    latency: the call takes longer. throttle: ThrottlingException. error: this status.
    cut_before, cut_after: the connection ends without an answer, before or after the effect.
    cut_half: the effect, and the connection ends in the middle of the answer.
    garbage: the effect, but no readable answer.
    silence: of sockets only; no answer.
    """

    operation: str
    kind: str
    # How many calls; None: all.
    times: int | None
    # How much longer the call takes before anything else happens, whatever the kind.
    seconds: float
    # Of `error`.
    status: int


class Faults:
    """The faults that are on, oldest first."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on, behind those that are."""
        self._on.append(fault)

    def clear(self) -> None:
        """End all."""
        self._on.clear()

    def next(self, operation: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self._on:
            if fault.operation == operation:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._on.remove(fault)
                return fault
        return None

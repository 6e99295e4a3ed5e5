"""Calls of AWS services that are made again while they may succeed.

The SDK repeats most of them. Its budget of retries is too small for a quota that others use up for minutes, so that
throttled calls are repeated here as well.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.shared import throttles

# The recorder answers within 30 s.
SDK = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=40)
# For the first call: its address may be wrong, and it is answered quickly.
SDK_AT_FIRST = SDK.merge(Config(retries={"mode": "standard", "total_max_attempts": 4}, read_timeout=10))
_PAUSE_SECONDS = 20
_MOST_PAUSES = 30
# A function that is being updated cannot be invoked.
_BUSY = (*throttles.CODES, "ResourceConflictException")
# If an answer is not what the SDK expects, it raises these, or leaves out what an answer always has.
UNREADABLE = (ResponseParserError, AttributeError, TypeError, KeyError)

Result = TypeVar("Result")


def while_busy(
    service: str, call: Callable[[], Result], say: Callable[[str], None], wait: Callable[[float], None] = time.sleep
) -> Result:
    """What the call returns. If the service is busy, the call is repeated for ten minutes, and `say` tells people so.

    Raises botocore's errors. Raises CommandFailed if the answer is not one of AWS.
    """
    pauses = 0
    while True:
        try:
            return call()
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            is_busy = status == 429 or error.response["Error"].get("Code") in _BUSY
            if not is_busy or pauses == _MOST_PAUSES:
                raise
        except UNREADABLE as error:
            raise not_of_aws(service, one_line(error)[:200]) from error
        minutes = (_MOST_PAUSES - pauses) * _PAUSE_SECONDS / 60
        say(f"{service} is busy. The command tries again in {_PAUSE_SECONDS} s, for up to {minutes:.0f} minutes.")
        wait(_PAUSE_SECONDS)
        pauses += 1


def not_of_aws(service: str, reason: str) -> CommandFailed:
    """To the SDK, what a proxy answers may look like an answer."""
    return CommandFailed(f"{service}: the answer is not one of AWS ({reason}). Check AWS_ENDPOINT_URL and the proxy.")

"""A deployed recorder, as the commands see it: what it was told, and what it does when it is asked."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from connect_persistent_chat.source import load

if TYPE_CHECKING:
    from association import names as association_names
    from history import names as history_names
else:
    association_names = load("association", "names")
    history_names = load("history", "names")

__all__ = ["CommandFailed", "Recorder", "history_names"]

# Amazon Connect lets a search of older contacts through once a second.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 12}, read_timeout=60)


class CommandFailed(Exception):
    """The command cannot go on; the text is for people."""


class Recorder:
    """The recorder of one history, by the name or ARN of its function."""

    def __init__(self, session: Any, function: str) -> None:
        """`session` is a boto3 Session. Raises CommandFailed if there is no such recorder."""
        self._session = session
        self._function = function
        try:
            configured = self.client("lambda").get_function_configuration(FunctionName=function)
        except ClientError as error:
            raise CommandFailed(f"--recorder: {error}") from error
        variables = configured.get("Environment", {}).get("Variables", {})
        missing = [name for name in (association_names.INSTANCE_ID, history_names.TABLE) if name not in variables]
        if missing:
            raise CommandFailed(
                f"--recorder: got the function {function}, which has no {' and no '.join(missing)}; expected the "
                "recorder of a ChatHistory (the output HistoryRecorder of the app's stack)."
            )
        self.instance_id: str = variables[association_names.INSTANCE_ID]
        self.table: str = variables[history_names.TABLE]
        self.retention_seconds = float(variables.get(history_names.RETENTION_SECONDS, 0))

    def client(self, service: str) -> Any:
        """A client of a service, which tries again for a while when it is throttled."""
        return self._session.client(service, config=_CONFIG)

    def record(self, contact_ids: Sequence[str]) -> dict[str, str]:
        """Have it describe and record contacts; how each fared, by id. Raises CommandFailed."""
        payload = json.dumps({history_names.CONTACTS: list(contact_ids)}).encode()
        answer = self.client("lambda").invoke(FunctionName=self._function, Payload=payload)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CommandFailed(f"The recorder failed: {said.get('errorType')}: {said.get('errorMessage')}")
        fared: dict[str, str] = said[history_names.CONTACTS]
        return fared

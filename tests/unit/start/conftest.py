"""The function of an endpoint that starts chats, in front of the local Connect."""

import importlib
import json
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from association import settings as association_settings
from aws import retry
from start import settings
from tests.unit.association.events import HISTORY
from tests.unit.history.dynamodb import DynamoDB
from tests.unit.start.world import ENVIRONMENT, LocalClient, event


class Answered(NamedTuple):
    """An answer, its body, and its line in the log."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    line: dict[str, Any]


class Function:
    """The handler, with the settings of a test."""

    def __init__(self, handler: ModuleType, monkeypatch: pytest.MonkeyPatch, read: Callable[[], str]) -> None:
        self.handler = handler
        self.connect = LocalClient()
        self.dynamodb = DynamoDB()
        self._patch = monkeypatch
        self._read = read
        self.use()

    def use(self, *changed: Mapping[str, str], history: bool = False, **variables: str) -> "Function":
        """These variables, and a history or none."""
        environment = {
            **ENVIRONMENT,
            **(HISTORY if history else {}),
            **dict(ChainMap(*map(dict, changed))),
            **variables,
        }
        behind = self.handler.handler
        self._patch.setattr(behind, "CLIENTS", (self.connect, self.connect))
        self._patch.setattr(behind, "SETTINGS", association_settings.read(environment))
        self._patch.setattr(behind, "DYNAMODB", self.dynamodb if history else None)
        self._patch.setattr(self.handler, "START", settings.read(environment))
        return self

    def ask(self, body: Any = None, claim: str | None = None) -> Answered:
        """A request for a start."""
        return self.send(event(body, claim))

    def send(self, request: dict[str, Any]) -> Answered:
        """Any request."""
        response = self.handler.handle(request, SimpleNamespace(aws_request_id="invocation-1"))
        (line,) = self._read().splitlines()
        return Answered(response["statusCode"], response["headers"], json.loads(response["body"]), json.loads(line))


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Function:
    """The handler's module, in an environment as Lambda makes it; retries follow at once."""
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Function(importlib.import_module("start.handler"), monkeypatch, lambda: capsys.readouterr().out)

"""The chat page as `make chat` and the browser's tests serve it."""

import json
import sys
from http.client import HTTPConnection, HTTPResponse

import pytest

from local import chat
from local.page import CONFIGURATION, FILES, FOLDER, ChatPage


def got(page: ChatPage, path: str) -> tuple[HTTPResponse, bytes]:
    """What is served there."""
    connection = HTTPConnection(page.origin.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_each_file_is_served_as_it_is() -> None:
    """With what a browser needs to run it, and under no other name. ChatJS is there after `make chat`."""
    ours = {path: file for path, file in FILES.items() if "node_modules" not in file[0]}
    with ChatPage() as page:
        for path, (name, kind) in ours.items():
            answer, body = got(page, path)
            assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
            assert body == (FOLDER / name).read_bytes()
            # A meta element cannot keep a page out of frames.
            assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/package.json", "/../app.py", "/index.html/", "/.npmrc"])
def test_nothing_else_is_served(path: str) -> None:
    """Pages of other origins can ask this machine for it."""
    with ChatPage() as page:
        answer, body = got(page, path)
        assert (answer.status, body) == (404, b"")


def test_a_way_back_from_the_sign_in_leads_to_the_page() -> None:
    """The code stands in the query."""
    with ChatPage() as page:
        assert got(page, "/?code=1&state=2")[1] == (FOLDER / "index.html").read_bytes()


def test_the_configuration_takes_the_place_of_the_folder_s() -> None:
    """As a module, whatever stands in it."""
    with ChatPage() as page:
        page.configuration = {"issuer": "a 'quoted' </script>"}
        _, body = got(page, CONFIGURATION)
    assert json.loads(body.decode().removeprefix("export default ").rstrip(";\n")) == page.configuration


@pytest.mark.parametrize(
    ("platform", "variable", "there"), [("darwin", "", True), ("linux", "DISPLAY", True), ("linux", "", False)]
)
def test_a_browser_is_opened_on_a_screen_only(
    monkeypatch: pytest.MonkeyPatch, platform: str, variable: str, there: bool
) -> None:
    """One of the terminal would take the place of the addresses."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":0")
    monkeypatch.setattr(sys, "platform", platform)
    assert chat.has_browser() == there

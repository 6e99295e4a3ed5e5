"""`make browser` needs Chromium: the one of this machine, under any of its names, or Playwright's own."""

import shutil
import sys

from playwright.sync_api import sync_playwright

from local.debian import Programs, bring, succeeds
from local.steps import StepFailed, step

# Chromium without a window comes first, then Chromium with one. The caller adds Playwright's own at the end.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def commands() -> list[list[str]]:
    """Each way to ask a Chromium for its version."""
    with sync_playwright() as playwright:
        return [[name, "--version"] for name in (*NAMES, playwright.chromium.executable_path)]


def find() -> str:
    """The path of the first Chromium that runs. Raises StepFailed if there is none and none can be installed."""
    asked = commands()
    bring(
        Programs({"chromium-headless-shell": asked}, "install Chromium or Chrome, or run playwright install chromium")
    )
    return next(shutil.which(name) or name for name, version in asked if succeeds([name, version]))


def main() -> int:
    """1, with a sentence that says what to install, if there is no Chromium."""
    try:
        with step("Look for Chromium, and install it if it is missing"):
            print(f"  {find()}", flush=True)
    except StepFailed as failed:
        print(f"Error: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

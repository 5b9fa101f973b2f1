"""Programs from outside that tests use: where one is missing its test is skipped, with the reason; in CI it fails."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import sync_playwright

REPLAY = Path(sys.prefix) / "replay" / "bin"
"""Of the environment of its own that pywb has: it wants other versions of what is used here."""
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program(*names: str, called: str) -> str:
    """The path of the first of the programs that is there; `called` is what a person knows it by."""
    path = f"{REPLAY}{os.pathsep}{os.environ['PATH']}"
    found = next((found for name in names if (found := shutil.which(name, path=path))), None)
    return found or skip_outside_ci(f"{called} is not installed")


def skip_outside_ci(reason: str) -> NoReturn:
    """Skip a test for a reason that may hold on a person's machine; in CI, which has all that tests need, fail."""
    assert os.environ.get("CI") != "true", reason
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    path = program("chromium", "chromium-browser", called="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()

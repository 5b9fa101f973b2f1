"""Permission to ask sites: in a collection, only the worker that holds the lease of a newspaper may.

The worker that started this process renews the permission in a file: until when it holds, and the process that renews
it. It is looked at before each request, also one that waited while this process was stopped. Without it the process
ends at once, which loses nothing that was not lost anyway: what was done without the lease cannot be published.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from newsarchive.database.disk import write_whole

VARIABLE = "NEWSARCHIVE_PERMISSION"
"""The environment variable with the file's path."""
EVERY = 0.2
"""Seconds between two looks while nothing is requested."""
ENDED = 77
"""Exit code of a process that lost its permission."""


class Permission:
    """The permission in a file: read by the process that asks sites, renewed by the worker that started it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._delay = 0.0

    def renew(self, until: float) -> None:
        """Permit requests until a time (seconds since 1970), as long as this process lives."""
        write_whole(self._path, json.dumps({"until": until, "process": os.getpid()}).encode())

    def holds(self) -> bool:
        """True if requests are permitted now."""
        try:
            said = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return False
        return bool(said["process"] == os.getppid() and time.time() < said["until"])

    def require(self) -> None:
        """End this process at once if it has no permission any more."""
        if not self.holds():
            os._exit(ENDED)

    def note_delay(self, seconds: float) -> None:
        """Note the seconds that a site wants between two requests; the lease is held for so long after the last."""
        if seconds > self._delay:
            self._delay = seconds
            with suppress(OSError):
                write_whole(self._path.with_suffix(".delay"), str(seconds).encode())

    def delay(self) -> float:
        """Return the longest delay that was noted."""
        try:
            return float(self._path.with_suffix(".delay").read_text())
        except (OSError, ValueError):
            return 0.0

    def watch(self) -> None:
        """Look at the permission from time to time in a thread, and end this process when it is lost."""

        def look() -> None:
            while True:
                self.require()
                time.sleep(EVERY)

        threading.Thread(target=look, name="permission", daemon=True).start()


def given_permission() -> Permission | None:
    """Return the permission that this process was started with; None if it needs none."""
    path = os.environ.get(VARIABLE)
    return Permission(Path(path)) if path else None

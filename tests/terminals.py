"""A terminal for tests: runs a program on a pseudo-terminal, and keeps what a person there would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.forking import Forked, Forks

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROWS, COLUMNS = 30, 110


@dataclass(frozen=True)
class Seen:
    """All that was shown, frame by frame, and the exit code."""

    code: int
    shown: str

    @property
    def lines(self) -> list[str]:
        """The lines without colours and movements of the cursor, those that were erased later among them."""
        return [line.rstrip() for line in re.split(r"[\r\n]+", _CONTROL.sub("", self.shown)) if line.strip()]

    @property
    def bars(self) -> list[str]:
        """The frames of progress bars."""
        return [line for line in self.lines if "━" in line]

    @property
    def last(self) -> str:
        """The sentence that it ended with."""
        return self.lines[-1]


def on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout: float = 120,
    rows: int = ROWS,
    by: Forks | None = None,
) -> Seen:
    """Run a program with its input and outputs on a terminal, to its end; or a command of ours, forked `by` what has it loaded."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
    plain = {"TERM": "xterm", **environment, "COLUMNS": "", "LINES": ""}
    process: Forked | subprocess.Popen[str]
    if by is not None:
        process = by.start(command, plain, terminal=theirs)
    else:
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=plain, close_fds=True, text=True
        )
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the last of its processes is gone
                break
            if not data:
                break
            shown += data
        code = process.wait(timeout=max(1.0, deadline - time.monotonic()))
    finally:
        process.kill()
        os.close(ours)
    return Seen(code=code, shown=shown.decode("utf-8", "replace"))

"""Kills at a chosen step: what a process does on the disk is counted, and at one step it is killed as by kill -9.

Run as a program: `python tests/kills.py STEP FOLDER... -- ARGUMENTS` runs the command line and kills it at its
STEP-th step in one of the folders.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate", "sqlite3.connect")


def kill_at(step: int, *folders: Path) -> None:
    """Have this process killed just before its `step`-th change of something in `folders`, or look at it."""
    begins = tuple(str(folder) for folder in folders)
    seen = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in EVENTS and any(begin in str(argument) for argument in arguments[:2] for begin in begins):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def killed_at(step: int, folders: tuple[Path, ...], work: Callable[[], object]) -> bool:
    """Do something in a child that is killed at a step; False where it came to its end before that step."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            kill_at(step, *folders)
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


if __name__ == "__main__":
    end = sys.argv.index("--")
    kill_at(int(sys.argv[1]), *map(Path, sys.argv[2:end]))
    sys.argv[1:] = sys.argv[end + 1 :]
    from newsarchive.cli import main

    main()

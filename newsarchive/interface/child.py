"""The other side of `running`: a process that fetches or crawls once and writes its answer to standard output."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import sys
from typing import Any

from newsarchive.errors import NewsArchiveError
from newsarchive.workers.lean_imports import load_program


def call(name: str, arguments: dict[str, Any]) -> Any:
    """Call a function of `calls`, which is loaded while the worker of a fetch loads what it needs."""
    if name == "fetch_page":
        from newsarchive.workers.starting import fork_extractor

        fork_extractor()
    return getattr(load_program("newsarchive.interface.calls"), name)(**arguments)


def main() -> None:
    """Read a pickled call from standard input, and write what it returns or raises; all that is printed is stderr's."""
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    name, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  our own process wrote it
    answer: tuple[bool, Any]
    try:
        answer = (True, call(name, arguments))
    except NewsArchiveError as error:
        answer = (False, error)
    with answer_to:
        pickle.dump(answer, answer_to)
    gc.freeze()  # else all that was loaded is looked through once more at the end


if __name__ == "__main__":
    main()

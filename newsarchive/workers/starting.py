"""Starts worker processes: forked from one that has loaded their modules, or early from the program itself."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection, Pipe
from multiprocessing.process import BaseProcess

from newsarchive.workers.serving import load_and_serve, serve

EXTRACTING = ("newsarchive.workers.preloaded",)
"""What workers that extract need loaded."""

_early: dict[tuple[str, ...], tuple[BaseProcess, Connection]] = {}
"""The workers that were forked early and that no pool has yet, by what they load."""


def start_early(preload: tuple[str, ...]) -> None:
    """Start the process that workers are forked from; it loads its modules while this one loads its own."""
    from multiprocessing import forkserver  # .03 s that a program with a worker forked early has no use for

    _set_up_forking(preload)
    forkserver.ensure_running()


def fork_early(preload: tuple[str, ...]) -> None:
    """Fork one worker, which loads its modules while this process loads its own; the next pool of such workers has it.

    It shares what is loaded already, and no interpreter starts: half of the processor time. A fork copies the locks of
    other threads but not the threads, and libraries of macOS break in one; there it is `start_early`.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        start_early(preload)
        return
    _bound_threads()
    ours, theirs = Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=load_and_serve, args=(ours, theirs, preload), daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    _early[preload] = process, ours


def fork_extractor() -> None:
    """Fork a worker that extracts, once what it and this process both need is loaded, so that they share it."""
    importlib.import_module("newsarchive.workers.extracting")
    fork_early(EXTRACTING)


def start_worker(preload: tuple[str, ...]) -> tuple[BaseProcess, Connection]:
    """Return a worker, and our end of its pipe: one that was forked early, else a new one."""
    if preload in _early:
        return _early.pop(preload)
    _set_up_forking(preload)
    ours, theirs = Pipe()
    process = multiprocessing.get_context("forkserver").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _set_up_forking(preload: tuple[str, ...]) -> None:
    _bound_threads()
    multiprocessing.get_context("forkserver").set_forkserver_preload([*preload])


def _bound_threads() -> None:
    """Let numpy start no thread per core in a worker that loads it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

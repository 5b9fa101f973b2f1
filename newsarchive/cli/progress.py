"""The progress bar of long commands on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from newsarchive.cli.terminal import Archive

if TYPE_CHECKING:
    from rich.progress import Progress

FRAMES = 8
"""Frames per second."""

State = tuple[int, int | None, str]
"""The amount done, the total if known, and a text shown after them."""


class ProgressBar:
    """One line that shows progress, or nothing if it is not enabled.

    No method raises: a failure switches the bar off and is passed to `failed` as a sentence, and the work goes on.
    """

    def __init__(self, *, enabled: bool, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._enabled = enabled
        self._bar: Progress | None = None
        self._what, self._done = "", 0
        self._over = threading.Event()
        self._frames = threading.Thread(target=self._draw_frames, daemon=True, name="progress bar")

    def __enter__(self) -> Self:
        if self._enabled:
            with self._guarded():
                from newsarchive.cli.bar import make_bar  # only here: rich takes as long to load as a short command

                self._bar = make_bar()
                self._bar.start()
                self._frames.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._bar is not None:
            self._frames.join()
        if self._bar is not None:
            with self._guarded():
                self._bar.stop()

    def show(self, what: str, done: int, total: int | None, words: str = "") -> None:
        """Show the progress of a part of the work; a new part, or the same one restarted, replaces the last."""
        self.follow(what, lambda: (done, total, words))

    def follow(self, what: str, state: Callable[[], State]) -> None:
        """Show what `state` returns. It is called only while the bar is shown, and its failures count as the bar's."""
        if self._bar is not None:
            with self._guarded():
                self._show(self._bar, what, *state())

    def _show(self, bar: Progress, what: str, done: int, total: int | None, words: str) -> None:
        if what != self._what or done < self._done:
            for task in bar.task_ids:
                bar.remove_task(task)
            bar.add_task(what, total=total, completed=done, words=words)
        else:
            bar.update(bar.task_ids[0], total=total, completed=done, words=words)
        self._what, self._done = what, done

    def _draw_frames(self) -> None:
        while not self._over.wait(1 / FRAMES):
            if self._bar is not None:
                with self._guarded():
                    self._bar.refresh()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  no failure of a terminal may stop the work
            bar, self._bar = self._bar, None
            self._over.set()
            if bar is not None:
                with suppress(Exception):
                    bar.stop()
            self._failed(
                f"The progress bar failed ({type(error).__name__}: {error}) and was switched off; the work continues."
            )


def progress_bar(archive: Archive, *, hidden: bool = False) -> ProgressBar:
    """Return a command's bar; it is off if quiet, without a terminal, or if the terminal shows the output."""
    return ProgressBar(enabled=archive.on_terminal and not hidden, failed=archive.fault)

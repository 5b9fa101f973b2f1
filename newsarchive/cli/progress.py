"""The progress bar of every command that takes long, on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from newsarchive.cli.terminal import Archive

FRAMES = 8
"""A second."""

State = tuple[int, int | None, str]
"""How much is done, of how much in all where that is known, and words beside it."""


class ProgressBar:
    """One line that shows how far the work is; it shows nothing where it is not enabled.

    None of its methods raises: what fails in it switches it off, `failed` is given a sentence, and the work goes on.
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
                self._bar = _line(Console(stderr=True))
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
        """Show how far a part of the work is; a new part, or the same begun again, takes the place of the last one."""
        self.follow(what, lambda: (done, total, words))

    def follow(self, what: str, state: Callable[[], State]) -> None:
        """Show what `state` returns; it is not called where nothing is shown, and may fail as the bar itself may."""
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
        except Exception as error:  # noqa: BLE001  whatever a terminal or a bar may raise, the work is worth more
            bar, self._bar = self._bar, None
            self._over.set()
            if bar is not None:
                with suppress(Exception):
                    bar.stop()
            self._failed(f"The progress bar failed ({type(error).__name__}: {error}) and is off; the work goes on.")


class TimeLeft(ProgressColumn):
    """The time that the rest takes at the pace so far; nothing where nobody knows how much that is."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        left = "-:--:--"
        if task.completed and task.elapsed is not None:
            seconds = task.elapsed / task.completed * max(0, task.total - task.completed)
            left = str(timedelta(seconds=round(seconds)))
        return Text(f"{left} left", style="progress.remaining")


def progress_bar(archive: Archive, *, hidden: bool = False) -> ProgressBar:
    """A bar for a command, unless it is to be quiet, nobody sits at a terminal, or the terminal is for its output."""
    return ProgressBar(enabled=archive.on_terminal and not hidden, failed=archive.fault)


def _line(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeLeft(),
        TextColumn("{task.fields[words]}"),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
    )

"""The progress bars of long commands on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from newsarchive.cli.terminal import Archive, is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

FRAMES = 8
"""Frames per second."""

OTHER_ROWS = 4
"""Rows of the terminal that stay free of the bars of sites: for the bar of all, and what is printed above them."""

State = tuple[int, int | None, str]
"""The amount done, the total if known, and a text shown after them."""


class ProgressBar:
    """One line that shows progress, or nothing if it is not enabled.

    No method raises: a failure switches the bar off and is passed to `failed` as a sentence, and the work goes on.
    """

    def __init__(self, *, enabled: bool, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._redirect_stdout = False
        self._enabled = enabled
        self._bar: Progress | None = None
        self._what, self._done = "", 0
        self._over = threading.Event()
        self._frames = threading.Thread(target=self._draw_frames, daemon=True, name="progress bar")

    def __enter__(self) -> Self:
        if self._enabled:
            with self._guarded():
                self._bar = self._make()
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

    def _make(self) -> Progress:
        from newsarchive.cli.bar import make_bar  # only here: rich takes as long to load as a short command

        return make_bar(redirect_stdout=self._redirect_stdout)

    def _show(self, bar: Progress, what: str, done: int, total: int | None, words: str) -> None:
        if what != self._what or done < self._done:
            for task in bar.task_ids:
                bar.remove_task(task)
            bar.add_task(what, total=total, completed=done, words=words)
        else:
            bar.update(bar.task_ids[0], total=total, completed=done, words=words)
        self._what, self._done = what, done

    def end(self, what: str) -> None:
        """Note that a part of the work is over."""

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


class SiteBars(ProgressBar):
    """One line for each site that is crawled now, as many as the terminal has room for, and one for all sites."""

    def __init__(self, sites: int, *, enabled: bool, failed: Callable[[str], None]) -> None:
        super().__init__(enabled=enabled, failed=failed)
        self._redirect_stdout = is_terminal(sys.stdout)  # what is printed meanwhile goes above the bars
        self._sites = sites
        self._ended = 0
        self._tasks: dict[str, TaskID] = {}
        self._all: TaskID | None = None

    def end(self, what: str) -> None:
        """Remove the line of a site, as it was in the end."""
        self._ended += 1
        if self._bar is not None:
            with self._guarded():
                self._bar.refresh()
                if what in self._tasks:
                    self._bar.remove_task(self._tasks.pop(what))
                self._arrange(self._bar)
                self._bar.refresh()  # or the line would be drawn again below what is printed next

    def _show(self, bar: Progress, what: str, done: int, total: int | None, words: str) -> None:
        if self._all is None and self._sites > 1:
            self._all = bar.add_task("all sites", total=self._sites, words="")
        if what not in self._tasks:
            self._tasks[what] = bar.add_task(what, total=total, completed=done, words=words)
            self._arrange(bar)
        bar.update(self._tasks[what], total=total, completed=done, words=words)

    def _arrange(self, bar: Progress) -> None:
        """Show as many sites as there is room for, the first first, below the line for all sites."""
        room = max(1, bar.console.size.height - OTHER_ROWS)
        for number, task in enumerate(self._tasks.values()):
            bar.update(task, visible=number < room)
        if self._all is not None:
            hidden = max(0, len(self._tasks) - room)
            words = f"{hidden} more under way" if hidden else ""
            total = max(self._sites, self._ended + len(self._tasks))  # sites may join
            bar.update(self._all, total=total, completed=self._ended, words=words)


def progress_bar(archive: Archive, *, hidden: bool = False) -> ProgressBar:
    """Return a command's bar; it is off if quiet, without a terminal, or if the terminal shows the output."""
    return ProgressBar(enabled=archive.on_terminal and not hidden, failed=archive.fault)


def site_bars(archive: Archive, sites: int) -> SiteBars:
    """Return the bars of a crawl of so many sites; they are off if quiet or without a terminal."""
    return SiteBars(sites, enabled=archive.on_terminal, failed=archive.fault)

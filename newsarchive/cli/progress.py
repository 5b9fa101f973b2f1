"""The progress bar of a crawl, on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from twisted.internet.task import LoopingCall

from newsarchive.extensions import ArchiveRun


class ProgressBar:
    """Shows how a run goes, four times a second; does nothing where it is not enabled."""

    def __init__(self, *, enabled: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            console=Console(stderr=True),
            transient=True,
            disable=not enabled,
        )
        self._enabled = enabled

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._progress.stop()

    def watch(self, run: ArchiveRun) -> None:
        """Follow a run until it ends."""
        if not self._enabled:
            return
        task = self._progress.add_task(run.site.name, total=None, counts="")

        def show() -> None:
            done, words = run.progress()
            self._progress.update(task, completed=done, total=done + run.plan.waiting(), counts=words)

        LoopingCall(show).start(0.25)

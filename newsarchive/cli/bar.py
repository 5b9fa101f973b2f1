"""The line that a progress bar draws, by rich."""

from __future__ import annotations

from datetime import timedelta

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


class TimeLeft(ProgressColumn):
    """The estimated time left; nothing if the total is unknown."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        left = "-:--:--"
        if task.completed and task.elapsed is not None:
            seconds = task.elapsed / task.completed * max(0, task.total - task.completed)
            left = str(timedelta(seconds=round(seconds)))
        return Text(f"{left} left", style="progress.remaining")


def make_bar(*, redirect_stdout: bool = False) -> Progress:
    """Return a bar on stderr, not started yet; with `redirect_stdout` what is printed meanwhile goes above it."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeLeft(),
        TextColumn("{task.fields[words]}"),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=redirect_stdout,
    )

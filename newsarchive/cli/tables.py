"""Tables and styled text on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table


class OutputConsole(Console):
    """Prints to standard output; a reader that is gone is told as everywhere else."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def print_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """Print rows as a table; `columns` maps keys to headings."""
    rows = list(rows)
    if not rows:
        click.echo(empty, err=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key, heading in columns.items():
        table.add_column(heading, justify="right" if all(isinstance(row[key], int) for row in rows) else "left")
    for row in rows:
        table.add_row(*("" if row[key] is None else str(row[key]) for key in columns))
    console = OutputConsole(highlight=False)
    if not console.is_terminal:
        console.width = 240  # a pipe has no width, so wrap no lines
    console.print(table)

"""The command that runs SQL of one's own."""

from __future__ import annotations

import atexit
import csv
import gc
import json
import sys
from functools import partial
from typing import Any

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive
from newsarchive.export.partitioned import export_partitioned
from newsarchive.export.sql import Result, SqlError, query_archive, query_partitions, require_duckdb
from newsarchive.search.several import Archives


@click.command()
@click.argument("statement", metavar="SELECT")
@click.option("--json", "form", flag_value="json", help="Print JSON, for other programs.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.pass_obj
def sql(archive: Archive, statement: str, form: str | None) -> None:
    """Query the archive in SQL: the view archive has one row per article.

    An archive is read by SQLite, all its tables included. A collection is read by DuckDB, from Parquet files of this
    machine that are brought up to date first.
    """
    try:
        result = _run(archive, statement)
        _print(result, form or "table")
    except SqlError as error:
        raise click.UsageError(str(error)) from error


def _run(archive: Archive, statement: str) -> Result:
    reading = archive.reading()
    if not isinstance(reading, Archives):
        return query_archive(reading, statement)
    require_duckdb()
    atexit.register(gc.unfreeze)  # DuckDB reports what the garbage collector leaves at exit as leaks, on stderr
    from newsarchive.collection.reading import parquet_folder  # imported here: an archive needs none of it

    folder = parquet_folder(archive.address or str(archive.folder))
    with progress_bar(archive) as bar:
        partitions = export_partitioned(reading, folder, progress=partial(bar.show, "shards"))
    return query_partitions(partitions, folder, statement)


def _print(result: Result, form: str) -> None:
    if form == "table":
        columns = {str(number): name for number, name in enumerate(result.columns)}
        print_table([dict(zip(columns, row, strict=True)) for row in result.rows], columns, empty="Nothing found.")
    elif form == "json":
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=_as_json))
    else:
        writer = csv.writer(sys.stdout)
        writer.writerow(result.columns)
        writer.writerows(result.rows)
        sys.stdout.flush()  # a full disk is an error here, but a traceback at exit


def _as_json(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)

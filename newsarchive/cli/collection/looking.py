"""Commands that look at the shards of a collection one by one: status, sites."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click
from sqlite_utils import Database

from newsarchive.cli.collection.calls import Call, Handler, Tasks
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.site_health import COLUMNS, facts_of, rows_of, table_row
from newsarchive.cli.status import MISSING_COLUMNS, missing_urls, show_status, status_of
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import print_json
from newsarchive.reprints.several import open_index, update_index
from newsarchive.search.several import Archives
from newsarchive.sites import profile_paths
from newsarchive.text.counting import counted


def status(call: Call) -> int:
    """Show the state of all shards, or of one."""
    site = call.params["site"]
    names = call.named([site] if site else [])
    if call.params["missing"]:
        rows = sorted(_rows(call, names, lambda db: missing_urls(db, None)), key=lambda row: (row["site"], row["day"]))
        if call.params["as_json"]:
            print_json(rows)
        else:
            print_table(rows, MISSING_COLUMNS, empty="Nothing listed is missing.")
        return 0
    found: dict[str, list[dict[str, Any]]] = {}
    for part in _rows(call, names, lambda db: [status_of(db, None)]):
        for key, rows in part.items():
            found.setdefault(key, []).extend(rows)
    if not found:
        call.archive.warn("This collection has no archive yet: add a site (newsarchive sites add URL).")
        return 1
    show_status(found, as_json=call.params["as_json"])
    return 0


def _rows(call: Call, names: list[str], ask: Callable[[Database], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in names:
        with call.open(call.shards[name]) as db:
            found += ask(db) if db is not None else []
    return found


def sites(call: Call) -> int:
    """List the sites of all shards, and the packaged profiles."""
    archive = call.archive
    archive.shared = call.profiles
    facts: dict[str, dict[str, Any]] = {}
    own: set[str] = set()
    for shard in call.shards.values():
        if (folder := shard.open_latest()) is not None:
            own |= profile_paths(folder / "sites").keys()
        with call.open(shard) as db:
            facts |= facts_of(db) if db is not None else {}
    rows = rows_of(archive, own, facts)
    if call.params["as_json"]:
        print_json(rows)
    else:
        print_table(map(table_row, rows), COLUMNS, empty="There are no profiles.")
    sys.stdout.flush()
    return 0


def schedule(call: Call) -> int:
    """Print lines for the collection's folder."""
    if call.collection.store.local("") is None:
        raise click.UsageError(
            "schedule prints lines for a folder. For a collection in S3, have cron or a timer call"
            f" `newsarchive --archive {call.collection.address} --quiet crawl`, with the keys in its environment."
        )
    assert call.original is not None
    call.archive.shared = call.profiles
    call.original(**call.params)
    return 0


_SHOWING = ("site", "within", "limit", "sentences", "as_json")
"""The options of `reprints` that say what is shown."""


def _compare(call: Call) -> int:
    """Compare the new articles of all shards with all others; return how many were compared."""
    reading = call.archive.reading()
    assert isinstance(reading, Archives)
    with progress_bar(call.archive) as bar, open_index(reading) as index:
        return update_index(index, progress=lambda done, total: bar.show("articles", done, total)).done


def reprints(call: Call) -> int:
    """Show who reprinted whom in all shards; with --update, read the edits and compare the articles of all first."""
    code = 0
    if call.params["update"]:
        code = Tasks(call, plain=True).run([call.task(name, without=_SHOWING) for name in call.shards])
        done = _compare(call)
        call.archive.say(f"{counted(done, 'article', commas=True)} compared with those of all newspapers.")
        if call.params["article"] is None:
            return code
    assert call.original is not None
    call.original(**{**call.params, "update": False})
    return code


HANDLERS: dict[str, Handler] = {"status": status, "sites": sites, "schedule": schedule, "reprints": reprints}

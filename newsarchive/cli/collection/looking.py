"""Commands that look at the shards of a collection one by one: status, sites."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click
from sqlite_utils import Database

from newsarchive.cli.collection.calls import Call, Handler
from newsarchive.cli.site_health import COLUMNS, facts_of, rows_of, table_row
from newsarchive.cli.status import MISSING_COLUMNS, missing_urls, show_status, status_of
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import print_json
from newsarchive.sites import profile_paths


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


HANDLERS: dict[str, Handler] = {"status": status, "sites": sites, "schedule": schedule}

"""A dataset for publication and citation: the data in two formats, a datasheet, a schema, checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from sqlite_utils import Database

from newsarchive.export.captures import refuse_own_path
from newsarchive.export.datasheet import LICENCE_NOTE, Counts, datasheet
from newsarchive.export.files import atomic_write
from newsarchive.export.jsonlines import write_jsonl
from newsarchive.export.parquet import write_parquet
from newsarchive.export.records import FIELDS, Job, Progress, snapshot
from newsarchive.search import Filters, Reading
from newsarchive.search.several import Archives
from newsarchive.text.counting import counted


def release(
    reading: Reading, directory: Path, *, query: str = "", progress: Progress | None = None, **filters: Unpack[Filters]
) -> int:
    """Write a dataset into a new folder and return its number of articles.

    It holds articles.jsonl, articles.parquet, README.md, datapackage.json (Frictionless) and SHA256SUMS. It does not
    state when it was made, so that the same archive gives the same bytes. Raises ExportError, FilterError.
    """
    refuse_own_path(directory, reading)
    with snapshot(reading), atomic_write(directory, folder=True) as folder:
        job = Job.of(reading, query, filters, progress=progress)
        counts = Counts()
        with open(folder / "articles.jsonl", "xb") as file:
            write_jsonl(replace(job, seen=counts.add), file)
        with open(folder / "articles.parquet", "xb") as file:
            write_parquet(replace(job, progress=None), file)
        asked = [("query", query), *((name, str(value)) for name, value in sorted(filters.items()))]
        sheet = datasheet(counts, failures(job.dbs, counts), {name: value for name, value in asked if value})
        (folder / "README.md").write_text(sheet, encoding="utf-8", newline="\n")
        package = json.dumps(data_package(folder, counts, key=_key(reading)), ensure_ascii=False, indent=2)
        (folder / "datapackage.json").write_text(package + "\n", encoding="utf-8", newline="\n")
        checksums = [f"{_sha256(file)}  {file.name}\n" for file in sorted(folder.iterdir())]
        (folder / "SHA256SUMS").write_text("".join(checksums), encoding="ascii", newline="\n")
    return len(job.articles)


def failures(dbs: Sequence[Database], counts: Counts) -> list[tuple[str, str, int]]:
    """Return site, reason and number of listed addresses that failed or are not fetched yet."""
    sql = "select site, reason, count(*) from urls where state in ('failed', 'listed') group by site, state, reason"
    rows = sorted((row for db in dbs for row in db.conn.execute(sql)), key=lambda row: (row[0], -row[2], row[1]))
    return [(site, reason or "not fetched yet", number) for site, reason, number in rows if site in counts.by_site]


def _key(reading: Reading) -> list[str]:
    """Return the fields that together name an article; a number is that of one archive."""
    return ["site", "id"] if isinstance(reading, Archives) else ["id"]


def data_package(folder: Path, counts: Counts, *, key: list[str]) -> dict[str, Any]:
    """Return the Frictionless Data Package of the two data files (https://datapackage.org/)."""
    jsonl = _resource(folder / "articles.jsonl", "jsonl", {}, key)
    jsonl |= {"dialect": {"json": {"keyed": True}}, "bytes": (folder / "articles.jsonl").stat().st_size}
    # Frictionless reads Parquet through pandas, which supports neither lists nor missing integers, and does not check
    # its size. The file's own schema is more precise.
    parquet = _resource(folder / "articles.parquet", "parquet", {"array": "any", "integer": "number"}, key)
    return {
        "profile": "data-package",
        "name": "newspaper-articles",
        "title": f"Newspaper articles: {', '.join(counts.newspapers.values())}",
        "description": f"{counted(counts.articles, 'article')} as of {counts.latest}. {LICENCE_NOTE}",
        "version": counts.latest[:10] or "0",
        "resources": [jsonl, parquet],
    }


def _resource(file: Path, kind: str, types: dict[str, str], key: list[str]) -> dict[str, Any]:
    fields = [{"name": f.name, "description": f.description, "type": types.get(f.kind, f.kind)} for f in FIELDS]
    return {
        "name": f"articles-{kind}",
        "path": file.name,
        "format": kind,
        "mediatype": {"jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}[kind],
        "encoding": "utf-8",
        "hash": f"sha256:{_sha256(file)}",
        "profile": "tabular-data-resource",
        "schema": {"fields": fields, "primaryKey": key},
    }


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

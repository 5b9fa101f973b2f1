"""JSON Lines that are byte-identical for identical recordings, whenever and wherever they were imported.

A line holds what the newspaper published and what was recorded, but no archive numbers, visit times or file offsets.
A re-extracted article has the text that the current rules extract, as if it had never been extracted by others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import IO, Any

from sqlite_utils import Database

from newsarchive.export.records import BATCH, Job, Record

BY_ADDRESS = "(select site from articles where id = o.article), (select url from articles where id = o.article)"
"""The order of the articles, as SQL over a row `o` of `search_order`."""

_TEXTS = ("title", "lead", "body", "markdown", "language", "published", "modified")
_LISTS = ("authors", "images", "categories", "tags")
_ROWS = f"""
select a.id, a.site, a.key, a.url, {", ".join(f"r.{name}" for name in (*_TEXTS, *_LISTS))}, r.digest
from json_each(?) k join articles a on a.id = k.value left join revisions r on r.id = a.current_revision
order by k.key
"""  # noqa: S608
_CAPTURES = """
select distinct c.time, c.sha256 from captures c where c.status = 200 and (
    c.url in (select url from urls where article = :article)
    or c.id in (select p.capture from revision_captures p join revisions r on r.id = p.revision
        where r.article = :article))
order by c.time, c.sha256
"""
_REVISIONS = """
select coalesce((select x.digest from revisions x where x.reextracts = r.id order by x.id desc limit 1), r.digest)
from revisions r where r.article = ? and r.kind <> 'reextracted' order by r.number
"""


def write_canonical(job: Job, file: IO[bytes]) -> None:
    """Write the articles of a job, sorted by address; fields missing from the page are null."""
    for done, record in enumerate(_records(job), 1):
        file.write(f"{json.dumps(record, ensure_ascii=False)}\n".encode())
        if job.progress and (done % BATCH == 0 or done == len(job.articles)):
            job.progress(done, len(job.articles))


def _records(job: Job) -> Iterator[Record]:
    for start in range(0, len(job.articles), BATCH):
        batch = json.dumps(job.articles[start : start + BATCH].tolist())
        for row in job.db.query(_ROWS, [batch]):
            yield _record(job.db, row)


def _record(db: Database, row: dict[str, Any]) -> Record:
    captures = db.conn.execute(_CAPTURES, {"article": row["id"]}).fetchall()
    digests = [digest for (digest,) in db.conn.execute(_REVISIONS, (row["id"],))]
    return {
        **{name: row[name] for name in ("site", "key", "url", *_TEXTS)},
        **{name: json.loads(row[name] or "[]") for name in _LISTS},
        "digest": row["digest"],
        "captures": [{"time": time, "sha256": sha256} for time, sha256 in captures],
        "revisions": [digest for digest, _ in groupby(digests)],
    }

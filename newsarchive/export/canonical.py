"""JSON Lines that are byte-identical for identical recordings, whenever and wherever they were imported.

A line holds what the newspaper published and what was recorded, but no archive numbers, visit times or file offsets.
A re-extracted article has the text that the current rules extract, as if it had never been extracted by others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import IO, Any

from sqlite_utils import Database

from newsarchive.export.records import BATCH, Job, Record

_TEXTS = ("title", "lead", "body", "markdown", "language", "published", "modified")
_LISTS = ("authors", "images", "categories", "tags")
_ROWS = """
select a.id, a.site, a.key, a.url from json_each(?) k join articles a on a.id = k.value order by k.key
"""
_CAPTURES = """
select distinct c.time, c.sha256 from captures c where c.status = 200 and (
    c.url in (select url from urls where article = :article)
    or c.id in (select p.capture from revision_captures p join revisions r on r.id = p.revision
        where r.article = :article))
order by c.time, c.sha256
"""
_REVISIONS = f"""
select r.time as made, x.digest, {", ".join(f"x.{name}" for name in (*_TEXTS, *_LISTS))}
from revisions r join revisions x on x.id = coalesce((select max(id) from revisions where reextracts = r.id), r.id)
left join revision_captures p on p.revision = r.id and p.position = 0 left join captures c on c.id = p.capture
where r.article = ? and r.kind <> 'reextracted' order by r.time, c.sha256, r.number
"""  # noqa: S608
"""The newspaper's revisions as the current rules extract them."""
_SIGHTINGS = """
select c.time, c.sha256,
    coalesce((select x.digest from revisions x where x.reextracts = r.id order by x.id desc limit 1), r.digest)
from (select revision, capture from revision_captures where position = 0
    union select revision, capture from sightings) p
join revisions r on r.id = p.revision join captures c on c.id = p.capture
where r.article = ? and r.kind <> 'reextracted'
"""
"""When each content was recorded, by which payload."""


def write_canonical(job: Job, file: IO[bytes]) -> None:
    """Write the articles of a job, sorted by address; fields missing from the page are null."""
    for done, record in enumerate(_records(job), 1):
        file.write(f"{json.dumps(record, ensure_ascii=False)}\n".encode())
        if job.progress and (done % BATCH == 0 or done == len(job.articles)):
            job.progress(done, len(job.articles))


def _records(job: Job) -> Iterator[Record]:
    for part, row in job.rows(_ROWS):
        yield _record(job.dbs[part], row)


def _record(db: Database, row: dict[str, Any]) -> Record:
    captures = db.conn.execute(_CAPTURES, {"article": row["id"]}).fetchall()
    revisions = list(db.query(_REVISIONS, [row["id"]]))
    digests = _digests(db.conn.execute(_SIGHTINGS, (row["id"],)).fetchall(), revisions)
    present = next(revision for revision in revisions if revision["digest"] == digests[-1])
    return {
        **{name: row[name] for name in ("site", "key", "url")},
        **{name: present[name] for name in _TEXTS},
        **{name: json.loads(present[name] or "[]") for name in _LISTS},
        "digest": present["digest"],
        "captures": [{"time": time, "sha256": sha256} for time, sha256 in captures],
        "revisions": digests,
    }


def _digests(sightings: Sequence[tuple[str, str, str]], revisions: Sequence[dict[str, Any]]) -> list[str]:
    """The digests of an article's contents in the order in which they were recorded, whenever they were imported.

    Those of one second are in the order of their payloads' digests. A revision whose capture is not known has its own
    time.
    """
    seen = {(time, digest) for time, _, digest in sightings}
    unseen = [(r["made"], "", r["digest"]) for r in revisions if (r["made"], r["digest"]) not in seen]
    return [digest for digest, _ in groupby(digest for _, _, digest in sorted([*sightings, *unseen]))]

"""Readings of stored captures: a new page is compared with what the present extractor reads from the old ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from newsarchive.database.revisions import (
    Provenance,
    captures_of,
    insert_reextracted,
    made_by_another_extractor,
    read_hints,
)
from newsarchive.items import Article, Hints, Reading


@dataclass(kw_only=True, frozen=True)
class Unread:
    """A revision that the present extractor has not read: its id, captures, hints and digest."""

    revision: int
    places: tuple[tuple[str, int], ...]
    hints: Hints
    digest: str


def unread(
    db: Database, rows: Sequence[dict[str, Any]], digest: str, made_by: Provenance, readings: Mapping[int, Reading]
) -> Iterator[Unread]:
    """Yield the revisions that differ in content and extractor and are not among the `readings` yet."""
    for row in rows:
        if row["digest"] == digest or row["id"] in readings or not made_by_another_extractor(row, made_by):
            continue
        if captures := captures_of(db, row["id"]):
            yield Unread(
                revision=row["id"],
                places=tuple((warc, offset) for _, warc, offset in captures),
                hints=read_hints(row["hints"]),
                digest=row["digest"],
            )


def latest_reading(db: Database, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of the last reading of the captures of one of the newspaper's revisions."""
    return next(db.query("select * from revisions where reextracts = ? order by id desc limit 1", [row["id"]]), row)


def current_reading(
    db: Database, row: dict[str, Any], digest: str, provenance: Provenance, readings: Mapping[int, Reading]
) -> dict[str, Any] | None:
    """Return a revision as the present extractor reads it; a different reading is stored as a new revision.

    Returns None if there is no such reading: the captures are lost, or the present extractor finds no article in them.
    The reason is stored with the newspaper's revision.
    """
    if row["digest"] == digest or not made_by_another_extractor(row, provenance):
        return row
    reading = readings.get(row["id"], Reading(outcome="failed", reason="its captures were not read again"))
    if reading.outcome == "same":
        return row
    own = row["reextracts"] or row["id"]
    if reading.article is None:
        _note(db, own, reading.outcome, reading.reason, provenance)
        return None
    captures = tuple(capture for capture, _, _ in captures_of(db, row["id"]))
    origin = replace(provenance, captures=captures, hints=read_hints(row["hints"]))
    revision = insert_reextracted(db, row, own, reading.article, origin)
    return next(db.query("select * from revisions where id = ?", [revision]))


def note_reextraction(
    db: Database, revision: int, made_by: Mapping[str, str], *, outcome: str, reason: str = "", run: int | None
) -> None:
    """Record that a revision was extracted again, by which extractor, and the outcome."""
    db.conn.execute(
        "insert or replace into reextractions (revision, extractor, options_digest, profile_digest, outcome, reason,"
        " run) values (?, ?, ?, ?, ?, ?, ?)",
        (
            revision,
            made_by["extractor"],
            made_by["options_digest"],
            made_by["profile_digest"],
            outcome,
            reason,
            run,
        ),
    )


def _note(db: Database, own: int, outcome: str, reason: str, provenance: Provenance) -> None:
    made_by = {
        "extractor": provenance.extractor,
        "options_digest": provenance.options_digest,
        "profile_digest": provenance.profile_digest,
    }
    note_reextraction(db, own, made_by, outcome=outcome, reason=reason, run=provenance.run)


def states_a_change(row: dict[str, Any], article: Article, last_seen: str) -> bool:
    """Return True if a page states that it changed since a stored reading, for readings that cannot be compared."""
    return article.modified > (row["modified"] or last_seen)

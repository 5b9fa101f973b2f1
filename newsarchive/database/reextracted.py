"""Re-extraction in the database: what is due, and the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from newsarchive.database.articles import show_revision
from newsarchive.database.links import replace_links
from newsarchive.database.revisions import Provenance, captures_of, insert_reextracted, read_hints
from newsarchive.items import Article, Hints
from newsarchive.sites import Site


@dataclass(kw_only=True, frozen=True)
class Due:
    """A revision of the newspaper that the present extractor has not read: its captures and its stored content.

    A failed one is due again, since its file may have been restored. `latest` is the row of `revisions` with the last
    reading of these captures.
    """

    revision: int
    latest: dict[str, Any]
    captures: tuple[tuple[int, str, int], ...]
    hints: Hints

    @property
    def places(self) -> list[tuple[str, int]]:
        """The WARC file and offset of each capture, in order."""
        return [(warc, offset) for _, warc, offset in self.captures]


_DUE = """
from revisions r join articles a on a.id = r.article left join reextractions x on x.revision = r.id
where r.kind <> 'reextracted' and a.site = :site and coalesce(a.day, '9') >= :since
    and exists (select 1 from revision_captures p where p.revision = r.id)
    and (x.outcome = 'failed' or (coalesce(x.extractor, r.extractor), coalesce(x.options_digest, r.options_digest),
         coalesce(x.profile_digest, r.profile_digest)) is not (:extractor, :options_digest, :profile_digest))
"""


def count_due(db: Database, site: str, made_by: Mapping[str, str], *, since: str = "") -> int:
    """Return how many revisions of a site `made_by` (extractor, options_digest, profile_digest) has not extracted."""
    row = db.conn.execute(f"select count(*) {_DUE}", {"site": site, "since": since, **made_by}).fetchone()
    return int(row[0])


def due_revisions(db: Database, site: str, made_by: Mapping[str, str], *, since: str = "") -> Iterator[Due]:
    """Yield these revisions, sorted by article and number."""
    numbers = db.conn.execute(
        f"select r.id {_DUE} order by r.article, r.number", {"site": site, "since": since, **made_by}
    ).fetchall()
    for (number,) in numbers:
        latest = next(
            db.query("select * from revisions where id = ? or reextracts = ? order by id desc limit 1", [number] * 2)
        )
        yield Due(
            revision=number,
            latest=latest,
            captures=tuple(captures_of(db, latest["id"])),
            hints=read_hints(latest["hints"]),
        )


def save_reextracted(
    db: Database, due: Due, article: Article, *, site: Site, provenance: Provenance, search_text: tuple[str, str, str]
) -> int:
    """Store what the present extractor reads from a revision's captures; return the id of the new revision.

    It becomes the article's present state only if that was made of the same captures.
    """
    with db.atomic():
        revision = insert_reextracted(db, due.latest, due.revision, article, provenance)
        known = next(db.query("select * from articles where id = ?", [due.latest["article"]]))
        if known["current_revision"] == due.latest["id"]:
            show_revision(db, known["id"], revision, article, known["url"], site, known["first_seen"])
            replace_links(db, known["id"], article)
            db.conn.execute(
                "update stems set title = ?, authors = ?, body = ? where id = ?", (*search_text, known["id"])
            )
    return revision

"""Rows of revisions: writing one with its captures, and reading one back as an article."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from newsarchive.items import Article, Author, Hints, Image
from newsarchive.revisions.content import changed_fields, content_digest, content_of


@dataclass(kw_only=True, frozen=True)
class Provenance:
    """The origin of a stored content: its time, run, captures and extractor."""

    time: str
    run: int | None = None
    captures: tuple[int, ...] = ()
    hints: Hints = Hints()
    extractor: str = ""
    options_digest: str = ""
    profile_digest: str = ""


def made_by_another_extractor(revision: dict[str, Any], provenance: Provenance) -> bool:
    """Return True if another extractor, or one with another profile, made a revision."""
    made = (revision["extractor"], revision["options_digest"], revision["profile_digest"])
    return made != (provenance.extractor, provenance.options_digest, provenance.profile_digest)


def insert_reextracted(db: Database, old: dict[str, Any], own: int, article: Article, provenance: Provenance) -> int:
    """Store the present extractor's reading of the captures of the newspaper's `own` revision as a new revision.

    `old` is the row it differs from. Returns the new id; the article's present state stays.
    """
    content = content_of(article)
    number = next_number(db, old["article"])
    revision = insert_revision(
        db,
        old["article"],
        number,
        article,
        "reextracted",
        changed_fields(stored_content(old), content),
        content_digest(content),
        provenance,
    )
    db.conn.execute("update revisions set reextracts = ? where id = ?", (own, revision))
    return revision


def captures_of(db: Database, revision: int) -> list[tuple[int, str, int]]:
    """Return the captures a revision was made of, in order: id, WARC file and offset of each."""
    return db.conn.execute(
        "select c.id, c.warc, c.offset from revision_captures p join captures c on c.id = p.capture"
        " where p.revision = ? order by p.position",
        (revision,),
    ).fetchall()


def stored_content(revision: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a stored revision in the form of `content_of`."""
    return content_of(article_of_revision(revision))


def article_of_revision(revision: dict[str, Any], *, url: str = "", site: str = "") -> Article:
    """Return a row of `revisions` as an Article."""
    return Article(
        url=url,
        site=site,
        title=revision["title"],
        lead=revision["lead"] or "",
        body=revision["body"],
        markdown=revision["markdown"],
        language=revision["language"] or "",
        published=revision["published"] or "",
        modified=revision["modified"] or "",
        authors=tuple(Author(**author) for author in json.loads(revision["authors"])),
        images=tuple(Image(**image) for image in json.loads(revision["images"])),
        categories=tuple(json.loads(revision["categories"])),
        tags=tuple(json.loads(revision["tags"])),
        evidence=json.loads(revision["evidence"]),
    )


def next_number(db: Database, article: int) -> int:
    """Return the number of an article's next revision."""
    row = db.conn.execute("select max(number) + 1 from revisions where article = ?", (article,)).fetchone()
    return int(row[0])


def insert_revision(
    db: Database,
    article_id: int,
    number: int,
    article: Article,
    kind: str,
    changed: Sequence[str],
    digest: str,
    provenance: Provenance,
) -> int:
    """Write a revision with the captures it was made of; return its id."""
    row: dict[str, Any] = {
        "article": article_id,
        "number": number,
        "time": provenance.time,
        "kind": kind,
        "changed": _json(changed),
        "digest": digest,
        **content_columns(article, provenance),
    }
    cursor = db.conn.execute(
        f"insert into revisions ({', '.join(row)}) values ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    revision = cursor.lastrowid
    assert revision is not None
    save_captures(db, revision, provenance.captures)
    return revision


def content_columns(article: Article, provenance: Provenance) -> dict[str, Any]:
    """Return the columns of a revision for an article's content and its origin."""
    return {
        "title": article.title,
        "lead": article.lead or None,
        "body": article.body,
        "markdown": article.markdown,
        "language": article.language or None,
        "published": article.published or None,
        "modified": article.modified or None,
        "authors": _json([_plain(author) for author in article.authors]),
        "images": _json([_plain(image) for image in article.images]),
        "categories": _json(article.categories),
        "tags": _json(article.tags),
        "evidence": _json(article.evidence),
        "hints": hints_json(provenance.hints),
        "extractor": provenance.extractor,
        "options_digest": provenance.options_digest,
        "profile_digest": provenance.profile_digest,
        "run": provenance.run,
    }


def save_captures(db: Database, revision: int, captures: Sequence[int]) -> None:
    """Record the captures that a revision was made of, in order."""
    db.conn.executemany(
        "insert into revision_captures (revision, position, capture) values (?, ?, ?)",
        [(revision, position, capture) for position, capture in enumerate(captures)],
    )


def save_sighting(db: Database, revision: int, captures: Sequence[int]) -> None:
    """Record that a page showed the content of a revision that another capture made."""
    db.conn.executemany(
        "insert or ignore into sightings (capture, revision) select ?1, coalesce(reextracts, id) from revisions"
        " where id = ?2 and not exists (select 1 from revision_captures where revision = ?2 and capture = ?1)",
        [(capture, revision) for capture in captures[:1]],
    )


def read_hints(data: str) -> Hints:
    """Return hints from stored JSON, without fields of earlier versions."""
    values: dict[str, Any] = {name: value for name, value in json.loads(data).items() if name in Hints.__slots__}
    if values.get("image"):
        values["image"] = Image(**values["image"])
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Hints(**values)


def hints_json(hints: Hints) -> str:
    """Return hints as JSON without empty fields."""
    values = {name: value for name, value in _plain(hints).items() if value}
    if hints.image:
        values["image"] = _plain(hints.image)
    return _json(values)


def _plain(record: Author | Image | Hints) -> dict[str, Any]:
    """Return the fields of a record as they are; `asdict`, which copies them deeply, takes ten times as long."""
    return {name: getattr(record, name) for name in record.__slots__}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

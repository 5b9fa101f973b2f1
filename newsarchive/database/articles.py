"""Storing an article: its present state, its revisions, and what hangs on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.database.forgotten import refuse_forgotten
from newsarchive.items import Article, Author, Hints, Image
from newsarchive.revisions import changed_fields, content_digest, content_of, kind_of_change
from newsarchive.sites import Site
from newsarchive.urls import url_key


@dataclass(kw_only=True, frozen=True)
class Saved:
    """What storing an article did: `outcome` is ``new``, ``changed`` or ``same``; `kind` that of the new revision.

    Same of kind ``reextracted``: the newspaper changed nothing, today's extractor reads it otherwise.
    """

    article: int
    revision: int
    outcome: str
    kind: str = ""


@dataclass(kw_only=True, frozen=True)
class Provenance:
    """Where a stored content comes from: its time, its run, its captures, and what extracted it from them."""

    time: str
    run: int | None = None
    captures: tuple[int, ...] = ()
    hints: Hints = Hints()
    extractor: str = ""
    options_digest: str = ""
    profile_digest: str = ""


Again = Callable[[Sequence[tuple[str, int]], Hints], Article | None]
"""Extracts kept captures (WARC file and offset of each) again, with the hints of then; None where no article comes."""


def save_article(
    db: Database,
    article: Article,
    *,
    site: Site,
    urls: Sequence[str],
    provenance: Provenance,
    shadow: tuple[str, str, str] = ("", "", ""),
    source: str = "fetch",
    again: Again | None = None,
) -> Saved:
    """Store an article in one transaction: a new revision only when its content is new.

    `urls` are all addresses it was met at, the requested one first; `shadow` the search text of title, authors and
    body; `source` the kind of source for a URL that no listing named. `again` extracts kept captures anew: where
    another extractor or profile made the present state, only what differs from that counts as the newspaper's edit.
    Raises Forgotten where it was taken down.
    """
    refuse_forgotten(db, [article.url, *urls])
    content = content_of(article)
    digest = content_digest(content)
    with db.atomic():
        url = _own_url(db, article, urls, digest)
        known = _find(db, [url, *urls])
        if known is None:
            saved = _insert(db, article, url, site, digest, provenance)
        else:
            current = next(db.query("select * from revisions where id = ?", [known["current_revision"]]))
            if again is not None and digest != current["digest"] and made_otherwise(current, provenance):
                current = _brought_up(db, current, again, provenance)
            saved = _update(db, known, current, article, url, site, content, digest, provenance)
        if saved.outcome == "new":
            _save_links(db, saved.article, article)
        elif saved.outcome != "same" or saved.kind:
            replace_links(db, saved.article, article)
        if saved.outcome != "same" or saved.kind:
            db.conn.execute(
                "insert into stems (id, title, authors, body) values (?, ?, ?, ?) on conflict (id) do update set"
                " title = excluded.title, authors = excluded.authors, body = excluded.body",
                (saved.article, *shadow),
            )
        _save_addresses(db, saved.article, [*urls, url], site, article, provenance.time, source)
    return saved


def local_day(stamp: str, timezone: str) -> str:
    """The calendar day of a stamp in a time zone; a bare date is that day.

    >>> local_day("2025-02-18T20:30:00Z", "Asia/Almaty")
    '2025-02-19'
    """
    if len(stamp) <= 10:
        return stamp
    return datetime.fromisoformat(stamp).astimezone(ZoneInfo(timezone)).date().isoformat()


def _own_url(db: Database, article: Article, urls: Sequence[str], digest: str) -> str:
    """The page's canonical URL, unless that belongs to another article with other content.

    Some sites name one and the same canonical URL on every page; such a claim would fold a newspaper into one article.
    """
    final = urls[-1] if urls else article.url
    if url_key(article.url) in {url_key(url) for url in urls}:
        return article.url
    row = db.conn.execute(
        "select r.digest from articles a join revisions r on r.id = a.current_revision where a.key = ?",
        (url_key(article.url),),
    ).fetchone()
    return article.url if row is None or row[0] == digest else final


def _find(db: Database, urls: Sequence[str]) -> dict[str, Any] | None:
    keys = list(dict.fromkeys(url_key(url) for url in urls))
    marks = ", ".join("?" * len(keys))
    rows = db.conn.execute(
        f"select key, article from urls where article is not null and (key in ({marks})"  # noqa: S608
        " or native_id <> '' and (site, native_id) in"
        f" (select site, native_id from urls where key in ({marks}) and native_id <> ''))",
        keys + keys,
    ).fetchall()
    if not rows:
        return None
    by_key = dict(rows)
    article = next((by_key[key] for key in keys if key in by_key), rows[0][1])
    return next(db.query("select * from articles where id = ?", [article]))


def _insert(db: Database, article: Article, url: str, site: Site, digest: str, provenance: Provenance) -> Saved:
    """Store the first revision of a new article; written in one go, so that the index takes its text in once."""
    article_id, revision = db.conn.execute(
        # the number of an article that was taken down is never given to another
        "select 1 + max(ifnull((select max(id) from articles), 0), ifnull((select max(article) from forgotten), 0)),"
        " 1 + ifnull((select max(id) from revisions), 0)"
    ).fetchone()
    shown = _shown(article, url, site, revision, provenance.time)
    row = {"id": article_id, "site": site.name, "key": url_key(url), "first_seen": provenance.time, **shown}
    row["last_seen"] = provenance.time
    db.conn.execute(
        f"insert into articles ({', '.join(row)}) values ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    made = _insert_revision(db, article_id, 1, article, "first", (), digest, provenance)
    assert made == revision
    return Saved(article=article_id, revision=revision, outcome="new", kind="first")


def made_otherwise(revision: dict[str, Any], provenance: Provenance) -> bool:
    """Whether another extractor, or one with another profile, made a revision."""
    made = (revision["extractor"], revision["options_digest"], revision["profile_digest"])
    return made != (provenance.extractor, provenance.options_digest, provenance.profile_digest)


def _brought_up(db: Database, current: dict[str, Any], again: Again, provenance: Provenance) -> dict[str, Any]:
    """The present state as today's extractor would have made it, stored beside it where it differs."""
    captures = captures_of(db, current["id"])
    hints = read_hints(current["hints"])
    article = again([(warc, offset) for _, warc, offset in captures], hints) if captures else None
    if article is None or content_digest(content_of(article)) == current["digest"]:
        return current
    own = current["reextracts"] or current["id"]
    origin = replace(provenance, captures=tuple(capture for capture, _, _ in captures), hints=hints)
    revision = insert_reextracted(db, current, own, article, origin)
    return next(db.query("select * from revisions where id = ?", [revision]))


def insert_reextracted(db: Database, old: dict[str, Any], own: int, article: Article, provenance: Provenance) -> int:
    """Store what today's extractor makes of the captures of the newspaper's `own` revision, beside the `old` content.

    Gives the new revision's id; the present state is not touched.
    """
    content = content_of(article)
    number = _next_number(db, old["article"])
    revision = _insert_revision(
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
    """The captures a revision was made of, in order: id, WARC file and offset of each."""
    return db.conn.execute(
        "select c.id, c.warc, c.offset from revision_captures p join captures c on c.id = p.capture"
        " where p.revision = ? order by p.position",
        (revision,),
    ).fetchall()


def _update(
    db: Database,
    known: dict[str, Any],
    current: dict[str, Any],
    article: Article,
    url: str,
    site: Site,
    content: dict[str, Any],
    digest: str,
    provenance: Provenance,
) -> Saved:
    last_seen = max(known["last_seen"], provenance.time)
    db.conn.execute(
        "update articles set url = ?, key = ?, last_seen = ?, modified = coalesce(nullif(?, ''), modified),"
        " gone = null, gone_reason = null where id = ?",
        (url, url_key(url), last_seen, article.modified, known["id"]),
    )
    if current["digest"] == digest and current["id"] == known["current_revision"]:
        return Saved(article=known["id"], revision=current["id"], outcome="same")
    if current["digest"] == digest:
        show_revision(db, known["id"], current["id"], article, url, site, known["first_seen"])
        return Saved(article=known["id"], revision=current["id"], outcome="same", kind="reextracted")
    old = stored_content(current)
    kind = kind_of_change(old, content)
    number = _next_number(db, known["id"])
    revision = _insert_revision(
        db, known["id"], number, article, kind, changed_fields(old, content), digest, provenance
    )
    show_revision(db, known["id"], revision, article, url, site, known["first_seen"])
    return Saved(article=known["id"], revision=revision, outcome="changed", kind=kind)


def stored_content(revision: dict[str, Any]) -> dict[str, Any]:
    """The content of a stored revision in the form that `content_of` gives."""
    return content_of(article_of_revision(revision))


def article_of_revision(revision: dict[str, Any], *, url: str = "", site: str = "") -> Article:
    """A row of `revisions` as an Article."""
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


def _next_number(db: Database, article: int) -> int:
    row = db.conn.execute("select max(number) + 1 from revisions where article = ?", (article,)).fetchone()
    return int(row[0])


def _insert_revision(
    db: Database,
    article_id: int,
    number: int,
    article: Article,
    kind: str,
    changed: Sequence[str],
    digest: str,
    provenance: Provenance,
) -> int:
    row: dict[str, Any] = {
        "article": article_id,
        "number": number,
        "time": provenance.time,
        "kind": kind,
        "changed": _json(changed),
        "digest": digest,
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
    cursor = db.conn.execute(
        f"insert into revisions ({', '.join(row)}) values ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    revision = cursor.lastrowid
    assert revision is not None
    db.conn.executemany(
        "insert into revision_captures (revision, position, capture) values (?, ?, ?)",
        [(revision, position, capture) for position, capture in enumerate(provenance.captures)],
    )
    return revision


def show_revision(
    db: Database, article_id: int, revision: int, article: Article, url: str, site: Site, first_seen: str
) -> None:
    """Make a revision the article's present state."""
    shown = _shown(article, url, site, revision, first_seen)
    db.conn.execute(
        f"update articles set {', '.join(f'{column} = ?' for column in shown)} where id = ?",  # noqa: S608
        (*shown.values(), article_id),
    )


def _shown(article: Article, url: str, site: Site, revision: int, first_seen: str) -> dict[str, Any]:
    """The columns of `articles` that a revision gives."""
    return {
        "url": url,
        "title": article.title,
        "lead": article.lead or None,
        "body": article.body,
        "markdown": article.markdown,
        "language": article.language or None,
        "published": article.published or None,
        "modified": article.modified or None,
        "day": local_day(article.published or first_seen, site.timezone),
        "words": len(f"{article.lead} {article.body}".split()),
        "current_revision": revision,
    }


def replace_links(db: Database, article_id: int, article: Article) -> None:
    """Write who signs an article, its pictures, categories and tags, in place of those that are there."""
    for table in ("article_authors", "article_images", "article_categories", "article_tags"):
        db.conn.execute(f"delete from {table} where article = ?", (article_id,))  # noqa: S608
    _save_links(db, article_id, article)


def _save_links(db: Database, article_id: int, article: Article) -> None:
    db.conn.executemany(
        "insert into article_authors (article, author, position, role, as_written) values (?, ?, ?, ?, ?)",
        [
            (article_id, _id_of(db, "authors", "name", author.name), position, author.role, author.as_written)
            for position, author in enumerate(article.authors)
        ],
    )
    db.conn.executemany(
        "insert into article_images (article, image, position, lead, shown, alt, caption, credit)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                article_id,
                _id_of(db, "images", "url", image.url),
                position,
                image.lead,
                image.shown or image.url,
                image.alt,
                image.caption,
                image.credit,
            )
            for position, image in enumerate(article.images)
        ],
    )
    for table, column, names in (("categories", "category", article.categories), ("tags", "tag", article.tags)):
        db.conn.executemany(
            f"insert into article_{table} (article, {column}, position) values (?, ?, ?)",  # noqa: S608
            [(article_id, _id_of(db, table, "name", name), position) for position, name in enumerate(names)],
        )


def _id_of(db: Database, table: str, column: str, value: str) -> int:
    row = db.conn.execute(f"select id from {table} where {column} = ?", (value,)).fetchone()  # noqa: S608
    if row is None:
        row = (db.conn.execute(f"insert into {table} ({column}) values (?)", (value,)).lastrowid,)  # noqa: S608
    return int(row[0])


def _save_addresses(
    db: Database, article_id: int, urls: Sequence[str], site: Site, article: Article, time: str, source: str
) -> None:
    """Put every address of the article into the ledger; those that no source listed are aliases but for the first."""
    day = local_day(article.published or time, site.timezone)
    for position, url in enumerate(dict.fromkeys(urls)):
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, day, state, visited, article)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set"
            " article = excluded.article, visited = excluded.visited, reason = '', attempts = 0, missing = null,"
            " missing_run = null, state = case when urls.state = 'alias' then 'alias' else 'article' end",
            (
                site.name,
                url,
                url_key(url),
                "alias" if position else source,
                time,
                time,
                day,
                "alias" if position else "article",
                time,
                article_id,
            ),
        )


def read_hints(data: str) -> Hints:
    """Hints from their stored JSON."""
    values: dict[str, Any] = json.loads(data)
    if values.get("image"):
        values["image"] = Image(**values["image"])
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Hints(**values)


def hints_json(hints: Hints) -> str:
    """Hints as JSON without their empty fields."""
    values = {name: value for name, value in _plain(hints).items() if value}
    if hints.image:
        values["image"] = _plain(hints.image)
    return _json(values)


def _plain(record: Author | Image | Hints) -> dict[str, Any]:
    """The fields of a record as they are; `asdict`, which copies them all the way down, costs ten times as much."""
    return {name: getattr(record, name) for name in record.__slots__}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

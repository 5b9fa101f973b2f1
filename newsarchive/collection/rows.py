"""Copying the rows of an archive into another: those of one newspaper, or all; numbers change where they are taken.

Numbers of the old archive and of the new one are in temporary tables, `pick_articles(old, new)` and so on. What the
program can compute again (indexes, comparisons of texts, checksums) is not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlite_utils import Database

from newsarchive.collection.errors import CollectionError

SiteOf = Callable[[str], str]
"""Returns the newspaper that a URL belongs to; empty if none does."""

NUMBERED = (
    "runs",
    "captures",
    "articles",
    "revisions",
    "urls",
    "alerts",
    "embargoes",
    "forgotten",
    "image_versions",
    "images",
    "authors",
    "categories",
    "tags",
)
_NAMED = {"images": "url", "authors": "name", "categories": "name", "tags": "name"}
"""Tables whose rows are the same in both archives if they have the same name."""
REFERENCES = {
    "captures": {"id": "captures", "run": "runs", "refers_to": "captures"},
    "articles": {"id": "articles", "current_revision": "revisions"},
    "revisions": {"id": "revisions", "article": "articles", "run": "runs", "reextracts": "revisions"},
    "runs": {"id": "runs"},
    "urls": {"id": "urls", "article": "articles", "missing_run": "runs", "visited_run": "runs"},
    "alerts": {"id": "alerts"},
    "embargoes": {"id": "embargoes", "article": "articles", "run": "runs"},
    "forgotten": {"id": "forgotten", "article": "articles", "run": "runs"},
    "images": {"id": "images", "capture": "captures"},
    "image_versions": {"id": "image_versions", "image": "images", "capture": "captures"},
    "authors": {"id": "authors"},
    "categories": {"id": "categories"},
    "tags": {"id": "tags"},
    "revision_captures": {"revision": "revisions", "capture": "captures"},
    "sightings": {"capture": "captures", "revision": "revisions"},
    "reextractions": {"revision": "revisions", "run": "runs"},
    "article_authors": {"article": "articles", "author": "authors"},
    "article_categories": {"article": "articles", "category": "categories"},
    "article_tags": {"article": "articles", "tag": "tags"},
    "article_images": {"article": "articles", "image": "images"},
    "stems": {"id": "articles"},
    "told_alerts": {"alert": "alerts"},
    "told_deletions": {"article": "articles"},
    "sources": {"run": "runs"},
    "sites": {},
    "certificates": {},
    "held_up": {},
    "idle_parameters": {},
    "recipients": {},
    "search_index": {},
}
"""The columns of each table that hold numbers of another; the rows whose first such number was picked are copied."""
COMPUTED = (
    "edit_texts",
    "edits",
    "quotations",
    "reprint_groups",
    "reprint_pairs",
    "reprint_sketches",
    "seals",
    "search_order",
    "uncompared",
    "unread_edits",
    "unsealed",
)
"""Tables that triggers and the next run fill from the others."""
APART = ("digests", "outdated_files", "warc_files")
"""Tables that are copied otherwise, or are empty where a takedown has finished."""
_ORDER = ("sites", *(name for name in REFERENCES if name not in ("sites", "stems")), "stems")
_BY_SITE = ("sources", "certificates", "held_up", "idle_parameters")

_OF_SITE = {
    "articles": "select id from old.articles where site = :site",
    "revisions": "select r.id from old.revisions r join pick_articles p on p.old = r.article",
    "urls": "select u.id from old.urls u left join old.articles a on a.id = u.article"
    " where coalesce(a.site, u.site) = :site",
    "captures": """
        select capture from old.revision_captures c join pick_revisions p on p.old = c.revision
        union select capture from old.sightings c join pick_revisions p on p.old = c.revision
        union select c.id from pick_urls p join old.urls u on u.id = p.old join old.captures c on c.url = u.url
        union select c.id from old.captures c join old.runs r on r.id = c.run
            where r.site = :site and not exists (select 1 from old.urls where url = c.url and site <> :site)
            and site_of(c.url) in ('', :site)
        union select i.capture from old.images i join old.article_images l on l.image = i.id
            join pick_articles p on p.old = l.article where i.capture is not null
        union select id from old.captures c
            where not exists (select 1 from old.urls where url = c.url) and site_of(url) = :site
        """,
    "images": """
        select l.image from old.article_images l join pick_articles p on p.old = l.article
        union select id from old.images where sha256 is null and id not in (select image from old.article_images)
        union select i.id from old.images i join pick_captures p on p.old = i.capture
        """,
    "image_versions": "select v.id from old.image_versions v join pick_images p on p.old = v.image",
    "authors": "select distinct l.author from old.article_authors l join pick_articles p on p.old = l.article",
    "categories": "select distinct l.category from old.article_categories l join pick_articles p on p.old = l.article",
    "tags": "select distinct l.tag from old.article_tags l join pick_articles p on p.old = l.article",
    "alerts": "select id from old.alerts where site = :site",
    "embargoes": "select e.id from old.embargoes e join pick_articles p on p.old = e.article",
    "forgotten": "select id from old.forgotten where site = :site",
    "runs": """
        select id from old.runs where site = :site
        union select c.run from old.captures c join pick_captures p on p.old = c.id where c.run is not null
        union select r.run from old.revisions r join pick_revisions p on p.old = r.id where r.run is not null
        """,
}
"""What belongs to a newspaper, in the order in which it is determined."""


def copy_rows(
    db: Database, *, site: str = "", site_of: SiteOf = lambda _url: "", warcs: Mapping[str, str] | None = None
) -> None:
    """Copy rows of the database attached as `old` into `db`: those of one newspaper, or all without `site`.

    `warcs` are the new names of WARC files that are renamed. The caller commits. Raises CollectionError if both have an
    article of one URL, or if one has what was taken down in the other.
    """
    db.conn.create_function("site_of", 1, site_of, deterministic=True)
    _pick(db, site)
    _refuse_collisions(db)
    db.conn.execute("drop table if exists temp.renamed_warcs")
    db.conn.execute("create temp table renamed_warcs (old text primary key, new text)")
    db.conn.executemany("insert into renamed_warcs values (?, ?)", (warcs or {}).items())
    for table in _ORDER:
        _copy(db, table, site)
    db.conn.execute(
        "insert or replace into digests (name, recipient, revision, time) select name, recipient,"
        " (select coalesce(max(id), 0) from revisions), time from old.digests"
    )


def _pick(db: Database, site: str) -> None:
    for table in NUMBERED:
        db.conn.execute(f"drop table if exists temp.pick_{table}")
        db.conn.execute(f"create temp table pick_{table} (old integer primary key, new integer)")
    for table, sql in _OF_SITE.items():
        rows = sql if site else f"select id from old.{table}"  # noqa: S608
        db.conn.execute(f"insert or ignore into pick_{table} (old) {rows}", {"site": site} if site else {})
    for table in NUMBERED:
        _number(db, table)


def _number(db: Database, table: str) -> None:
    """Give the picked rows of a table their new numbers: the old ones unless any of them is taken."""
    if name := _NAMED.get(table):
        db.conn.execute(
            f"update pick_{table} set new = (select n.id from {table} n join old.{table} o on o.{name} = n.{name}"  # noqa: S608
            f" where o.id = pick_{table}.old)"
        )
    taken = db.conn.execute(
        f"select 1 from pick_{table} p join {table} t on t.id = p.old where p.new is null limit 1"  # noqa: S608
    ).fetchone()
    first = db.conn.execute(f"select coalesce(max(id), 0) from {table}").fetchone()[0] if taken else 0  # noqa: S608
    db.conn.execute(f"update pick_{table} set new = old + ? where new is null", (first,))  # noqa: S608


def _refuse_collisions(db: Database) -> None:
    twice = db.conn.execute(
        "select o.url, o.site, n.site from pick_articles p join old.articles o on o.id = p.old"
        " join articles n on n.key = o.key limit 1"
    ).fetchone()
    if twice:
        raise CollectionError(
            f"{twice[0]} is an article of {twice[1]} and of {twice[2]}; one archive has it once. Take it down in one."
        )
    gone = db.conn.execute(
        "select o.url from pick_articles p join old.articles o on o.id = p.old join urls n on n.key = o.key"
        " where n.state = 'forgotten' union select n.url from old.urls o join articles n on n.key = o.key"
        " where o.state = 'forgotten' limit 1"
    ).fetchone()
    if gone:
        raise CollectionError(f"{gone[0]} was taken down in one shard and is kept in another: forget it there too.")


def _copy(db: Database, table: str, site: str) -> None:
    """Copy the picked rows of a table, with their new numbers."""
    columns = [name for (name,) in db.conn.execute("select name from pragma_table_info(?)", (table,))]
    references = REFERENCES[table]
    values = [_value(name, references.get(name), table, site) for name in columns]
    conditions = _conditions(table, references, site)
    if table == "urls":
        _make_room(db)
    db.conn.execute(
        f"insert or ignore into main.{table} ({', '.join(columns)}) select {', '.join(values)} from old.{table} o"  # noqa: S608
        f"{conditions} order by 1",
        {"site": site} if ":site" in conditions + " ".join(values) else {},
    )


def _value(column: str, reference: str | None, table: str, site: str) -> str:
    if reference:
        return f"(select new from pick_{reference} where old = o.{column})"  # noqa: S608
    if column == "warc":
        return "coalesce((select new from renamed_warcs where old = o.warc), o.warc)"
    if site and column == "site" and table == "urls":
        return ":site"
    return f"o.{column}"


def _conditions(table: str, references: Mapping[str, str], site: str) -> str:
    """Return SQL for which rows of a table are copied."""
    picked = [(column, name) for column, name in references.items() if column not in _OPTIONAL.get(table, ())]
    parts = [f"o.{column} in (select old from pick_{name})" for column, name in picked]  # noqa: S608
    if site and table == "sites":
        parts.append(
            "(o.name = :site or o.name in (select site from old.runs where id in (select old from pick_runs)))"
        )
    if site and table in _BY_SITE:
        parts.append("o.site = :site")
    named = _NAMED.get(table)
    if named:
        parts.append(f"o.{named} not in (select {named} from main.{table})")  # noqa: S608
    return f" where {' and '.join(parts)}" if parts else ""


_OPTIONAL = {
    "captures": ("run", "refers_to"),
    "articles": ("current_revision",),
    "revisions": ("run", "reextracts"),
    "urls": ("article", "missing_run", "visited_run"),
    "embargoes": ("run",),
    "forgotten": ("article", "run"),
    "images": ("capture",),
    "image_versions": ("capture",),
    "reextractions": ("run",),
    "sources": ("run",),
}
"""Numbers of other rows that may be missing."""


def _make_room(db: Database) -> None:
    """Of two rows of one address, one that was taken down stays, else one with an article; the other gives way."""
    db.conn.execute(
        "delete from main.urls where state <> 'forgotten' and key in (select o.key from old.urls o join pick_urls p"
        " on p.old = o.id where o.state = 'forgotten' or o.article is not null)"
        " and (article is null or key in (select key from old.urls where state = 'forgotten'))"
    )


def rows_left(db: Database) -> int:
    """Return how many references to rows lead nowhere after a copy."""
    return len(db.conn.execute("pragma main.foreign_key_check").fetchall())

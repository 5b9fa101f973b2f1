"""The exported record of an article, with the same fields in all formats, read in small batches."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from newsarchive.search import VISIBLE, Filters, Reading
from newsarchive.search.several import BY_TIME, databases, in_order

BATCH = 100

Record = dict[str, Any]
Progress = Callable[[int, int], None]
"""Called after every batch with the number of articles written and the total."""
Withheld = Callable[[int, Sequence[int]], set[int]]
"""Called with an archive and a batch of its articles before they are written; returns those that must be left out."""


class Field(NamedTuple):
    """A column of the tabular formats; `kind` is ``string``, ``integer`` or ``array`` (of strings)."""

    name: str
    kind: str
    description: str


FIELDS = (
    Field("id", "integer", "Number of the article in the archive"),
    Field("site", "string", "Short name of the newspaper"),
    Field("newspaper", "string", "Full name of the newspaper"),
    Field("url", "string", "Canonical address of the article"),
    Field("title", "string", "Headline"),
    Field("lead", "string", "Standfirst, where the page shows one apart from the body"),
    Field("body", "string", "Text; paragraphs are separated by a blank line"),
    Field("authors", "array", "Who signed it, in normal capitals; the desk where no person signs"),
    Field("categories", "array", "Sections of the newspaper"),
    Field("tags", "array", "Keywords the newspaper gave"),
    Field("language", "string", "Language of the text (BCP 47)"),
    Field("published", "string", "Time of publication in UTC, or a bare date where the page gives no time"),
    Field("modified", "string", "Time of the last change that the page states"),
    Field("day", "string", "Calendar day of publication in the newspaper's time zone, else of the first sight"),
    Field("first_seen", "string", "When the archive first saw it (UTC)"),
    Field("last_seen", "string", "When the archive last saw it (UTC)"),
    Field("gone", "string", "Since when the site no longer has it (UTC); empty while it has"),
    Field("gone_reason", "string", "How it was found to be gone"),
    Field("revisions", "integer", "How many versions the newspaper published, as far as the archive saw"),
    Field("words", "integer", "Words in lead and body"),
    Field("lead_image", "string", "Address of the main picture"),
    Field("images", "array", "Addresses of all pictures, the main one first"),
    Field("captions", "array", "Their captions, in the same order"),
    Field("credits", "array", "Their credits, in the same order"),
    Field("digest", "string", "Digest of the content, with the version of the digest in front"),
    Field("captured", "string", "When the page was captured that this text was read from (UTC)"),
    Field("capture_sha256", "string", "SHA-256 of that page as it came over the wire"),
    Field("warc", "string", "WARC file that keeps it"),
    Field("warc_offset", "integer", "Where its record begins in that file"),
    Field("extractor", "string", "Program and version that read the text from the page"),
)
LISTS = frozenset(field.name for field in FIELDS if field.kind == "array")

_IMAGES = """(select json_group_array({column}) from (
    select i.url, l.caption, l.credit from article_images l join images i on i.id = l.image
    where l.article = a.id order by l.lead desc, l.position))"""
_ROWS = f"""
select v.id, v.site, s.title as newspaper, v.url, v.title, v.lead, v.body, v.authors, v.categories, v.tags, v.language,
    v.published, v.modified, v.day, v.first_seen, v.last_seen, v.gone, a.gone_reason, v.revisions, v.words,
    v.lead_image, v.images, {_IMAGES.format(column="caption")} as captions,
    {_IMAGES.format(column="credit")} as credits,
    r.digest, coalesce(c.time, r.time) as captured, c.sha256 as capture_sha256, c.warc, c.offset as warc_offset,
    r.extractor, a.markdown
from json_each(?) k
join articles a on a.id = k.value
join archive v on v.id = a.id
join sites s on s.name = a.site
left join revisions r on r.id = a.current_revision
left join revision_captures p on p.revision = r.id and p.position = (
    select min(position) from revision_captures where revision = r.id)
left join captures c on c.id = p.capture
order by k.key
"""  # noqa: S608


@contextmanager
def snapshot(reading: Reading) -> Iterator[None]:
    """Read from one snapshot of each archive, even while a crawl writes to it."""
    begun = [db for db in databases(reading) if not db.conn.in_transaction]
    for db in begun:
        db.conn.execute("begin")
    try:
        yield
    finally:
        for db in begun:
            db.conn.rollback()


@dataclass(frozen=True)
class Job:
    """One export: the archives, the numbers of the articles in order, and options."""

    dbs: Sequence[Database]
    articles: array[int]
    parts: array[int]
    """The archive of each article, as an index of `dbs`."""
    progress: Progress | None = None
    seen: Callable[[Record], None] | None = None
    """Called with every record."""
    largest: int = 0
    """Maximum size of each WARC file in bytes; 0 selects the default."""
    spreadsheet: bool = False
    """Write CSV for spreadsheet programs."""
    withheld: Withheld | None = None
    about: Mapping[str, Any] | None = None
    """What a WACZ says of itself besides."""

    @classmethod
    def of(
        cls,
        reading: Reading,
        query: str = "",
        filters: Filters | None = None,
        *,
        order: str = BY_TIME,
        progress: Progress | None = None,
    ) -> Job:
        """Return a job for the articles that a search finds; takes ten bytes per article. Raises FilterError."""
        articles, parts = array("q"), array("H")
        for part, article in in_order(reading, query, filters or Filters(), order=order):
            articles.append(article)
            parts.append(part)
        return cls(databases(reading), articles, parts, progress)

    def only(self, places: Iterable[int]) -> Job:
        """Return the job for a part of the articles, by their places in increasing order."""
        places = list(places)
        articles, parts = (array(a.typecode, (a[place] for place in places)) for a in (self.articles, self.parts))
        return replace(self, articles=articles, parts=parts)

    @classmethod
    def of_articles(cls, db: Database, numbers: Iterable[int], *, progress: Progress | None = None) -> Job:
        """Return a job for articles by their numbers, oldest first, without those that readers may not see."""
        sql = f"select o.article from json_each(?) k join search_order o on o.article = k.value where {VISIBLE}"  # noqa: S608
        found = db.conn.execute(f"{sql} order by o.key", (json.dumps(sorted(set(numbers))),))
        articles = array("q", (number for (number,) in found))
        return cls([db], articles, array("H", bytes(2 * len(articles))), progress)

    def records(self) -> Iterator[Record]:
        """Yield the record of every article: all of `FIELDS`, `markdown`, and `part` (its archive)."""
        self._report(0)
        for done, (part, row) in enumerate(self.rows(_ROWS), 1):
            record = {**_record(row), "part": part}
            if self.seen:
                self.seen(record)
            yield record
            if done % BATCH == 0 or done == len(self.articles):
                self._report(done)

    def rows(self, sql: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the archive and the row of every article; `sql` takes the numbers of articles as a JSON array.

        It returns one row for each, in the same order. Articles that are withheld by now are left out.
        """
        for start in range(0, len(self.articles), BATCH):
            wanted: dict[int, list[int]] = {}
            batch = slice(start, start + BATCH)
            for part, article in zip(self.parts[batch], self.articles[batch], strict=True):
                wanted.setdefault(part, []).append(article)
            left_out = {part: self.withheld(part, numbers) for part, numbers in wanted.items()} if self.withheld else {}
            found = {part: self.dbs[part].query(sql, [json.dumps(numbers)]) for part, numbers in wanted.items()}
            for part, article in zip(self.parts[batch], self.articles[batch], strict=True):
                row = next(found[part])
                if article not in left_out.get(part, ()):
                    yield part, row

    def _report(self, done: int) -> None:
        if self.progress:
            self.progress(done, len(self.articles))


def _record(row: Record) -> Record:
    return {name: json.loads(value) if name in LISTS else value for name, value in row.items()}

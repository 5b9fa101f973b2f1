"""The notebook as a table: one row per note, article of a collection, collection and saved search. Pure functions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from newsarchive.errors import NewsArchiveError
from newsarchive.notebook.exchange import Content
from newsarchive.notebook.records import Collection, Note, Passage, SavedSearch
from newsarchive.notebook.storing import clean_tags

COLUMNS = (
    "kind", "id", "site", "url", "name", "quotation", "before", "after", "start", "words", "tags", "query", "seen",
    "created", "modified",
)  # fmt: skip


class TableError(NewsArchiveError, ValueError):
    """The text is no table of a notebook."""


def table_rows(content: Content) -> Iterator[dict[str, Any]]:
    """Yield the rows of a notebook; a column that a row does not need is missing."""
    for note in content.notes:
        passage = note.passage
        yield {
            "kind": "note",
            "id": note.uuid,
            "site": note.site,
            "url": note.url,
            "quotation": passage.quotation,
            "before": passage.before,
            "after": passage.after,
            "start": passage.start,
            "words": note.words,
            "tags": "; ".join(note.tags),
            "seen": note.seen,
            "created": note.created,
            "modified": note.modified,
        }
    for group in content.collections:
        about = {"id": group.uuid, "name": group.name}
        times = {"created": group.created, "modified": group.modified}
        yield {"kind": "collection", **about, "words": group.about, **times}
        for url, added in group.articles.items():
            yield {"kind": "article", **about, "url": url, "created": added}
    for search in content.searches:
        about = {"id": search.uuid, "name": search.name}
        yield {"kind": "search", **about, "query": search.query, "created": search.created}


def write_table(content: Content) -> str:
    """Return a notebook as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(table_rows(content))
    return out.getvalue()


def read_table(text: str) -> tuple[Content, int]:
    """Return the notebook in a CSV text, and the number of rows that cannot be read. Raises TableError."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        missing = {"kind", "id"} - set(reader.fieldnames or ())
        rows = list(reader)
    except csv.Error as error:
        raise TableError(f"This is no CSV: {error}.") from error
    if missing:
        raise TableError(f"This is no table of a notebook: it has no column “{sorted(missing)[0]}”.")
    notes, searches, skipped = [], [], 0
    groups: dict[str, Collection] = {}
    for row in rows:
        value = {name: row.get(name) or "" for name in COLUMNS}
        kind, identifier = value["kind"], value["id"]
        if not identifier or (kind in ("note", "article") and not value["url"]):
            skipped += 1
        elif kind == "note":
            notes.append(_note(value))
        elif kind == "search":
            searches.append(
                SavedSearch(uuid=identifier, name=value["name"], query=value["query"], created=value["created"])
            )
        elif kind in ("collection", "article"):
            groups[identifier] = _with_row(groups.get(identifier), value)
        else:
            skipped += 1
    return Content(notes=notes, collections=list(groups.values()), searches=searches), skipped


def _note(value: Mapping[str, str]) -> Note:
    start = value["start"]
    passage = Passage(
        quotation=value["quotation"],
        before=value["before"],
        after=value["after"],
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 16 else None,
    )
    plain = {name: value[name] for name in ("site", "url", "seen", "words", "created", "modified")}
    return Note(uuid=value["id"], **plain, passage=passage, tags=clean_tags(value["tags"]))


def _with_row(group: Collection | None, value: Mapping[str, str]) -> Collection:
    group = group or Collection(uuid=value["id"], name=value["name"])
    if value["kind"] == "article":
        return replace(group, articles={**group.articles, value["url"]: value["created"]})
    return replace(group, about=value["words"], created=value["created"], modified=value["modified"])

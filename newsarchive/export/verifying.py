"""What became of a cited version: whether the archive still has it, and whether the newspaper still says the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from sqlite_utils import Database

from newsarchive.database import article_of
from newsarchive.database.forgotten import Forgotten, refuse_forgotten
from newsarchive.database.revisions import stored_content
from newsarchive.revisions.content import content_digest
from newsarchive.revisions.differences import Piece, compare_revisions
from newsarchive.search.several import Reading, databases

SAME, EDITED, GONE, WITHHELD, MISMATCH, UNKNOWN = "same", "edited", "gone", "withheld", "mismatch", "unknown"

_NOTE = re.compile(
    r"Revision (?P<revision>\d+), archived (?P<archived>\S+), content digest (?P<digest>\d+:[0-9a-f]{64}),"
    r" (?P<pwid>urn:pwid:[^\s)}\"]+)"
)
_PWID = re.compile(r"urn:pwid:(?P<archive>[^:\s]+):(?P<archived>[\dT:Z-]+):(?:part|page):(?P<url>[^\s)}\"]+)")
_DIGEST = re.compile(r"\b\d+:[0-9a-f]{64}\b")
_URL = re.compile(r"https?://[^\s<>\"'{}]+")
_TEX = re.compile(r"\\([&%$#_{}])")
_TEX_NAMES = {r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textbackslash{}": "\\"}


@dataclass(frozen=True, kw_only=True)
class Cited:
    """What a citation says of a version; unknown values are empty or 0."""

    url: str
    digest: str = ""
    revision: int = 0
    archived: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a cited version."""

    cited: Cited
    state: str
    """``same``, ``edited``, ``gone``, ``withheld``, ``mismatch`` (no version has this digest) or ``unknown``."""
    sentence: str
    article: int | None = None
    revision: int | None = None
    """Number of the cited version in this archive."""
    latest: int | None = None
    """Number of the newspaper's latest version."""
    is_edited: bool = False
    """True if the newspaper edited the article since, whether or not it is gone."""
    changes: dict[str, list[Piece]] = field(default_factory=dict)
    """The words that changed since, by field."""


def read_citations(text: str) -> list[Cited]:
    """Return the citations in a text: of any style of `cite`, the records of an export, or a URL with a digest.

    >>> read_citations(f"Көпір. https://a.kz/1/ 1:{'0' * 64}")[0].url
    'https://a.kz/1/'
    """
    return _records(text) or _notes(text) or _loose(text)


def _records(text: str) -> list[Cited]:
    """Return the citations of JSON, JSON Lines or CSV with columns `url` and `digest`."""
    return [
        Cited(url=str(row["url"]), digest=str(row["digest"]))
        for row in _rows(text)
        if isinstance(row, dict) and row.get("url") and row.get("digest")
    ]


def _rows(text: str) -> Iterator[Any]:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        try:
            data = json.loads(start)
            yield from data if isinstance(data, list) else [data]
        except ValueError:
            for line in start.splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    return
    elif {"url", "digest"} <= set(start.partition("\n")[0].strip().split(",")):
        csv.field_size_limit(1 << 30)
        yield from csv.DictReader(io.StringIO(start))


def _notes(text: str) -> list[Cited]:
    """Return the citations by the notes that every style has."""
    for name, letter in _TEX_NAMES.items():
        text = text.replace(name, letter)
    plain = " ".join(_TEX.sub(r"\1", text).split())
    found = []
    for note in _NOTE.finditer(plain):
        place = _PWID.match(note["pwid"])
        url = unquote(place["url"]) if place else ""
        found.append(
            Cited(url=url, digest=note["digest"], revision=int(note["revision"]), archived=note["archived"].rstrip(","))
        )
    return found


def _loose(text: str) -> list[Cited]:
    """Return one citation of a text with a URL or PWID, and a digest if it has one."""
    digest = next(iter(_DIGEST.findall(text)), "")
    place = _PWID.search(text)
    url = unquote(place["url"]) if place else next((u.rstrip(".,;)") for u in _URL.findall(text)), "")
    archived = place["archived"] if place else ""
    return [Cited(url=url, digest=digest, archived=archived)] if url or digest else []


def verify(reading: Reading, cited: Cited) -> Verdict:
    """Return what became of a cited version; among several archives, in the one that knows most of it."""
    verdicts = [_verify(db, cited) for db in databases(reading)]
    return min(verdicts, key=lambda verdict: _CERTAIN.get(verdict.state, 0), default=_unknown(cited))


_CERTAIN = {MISMATCH: 1, UNKNOWN: 2}


def _unknown(cited: Cited) -> Verdict:
    return Verdict(cited=cited, state=UNKNOWN, sentence="not in this archive")


def _verify(db: Database, cited: Cited) -> Verdict:
    article = article_of(db, cited.url) if cited.url else None
    if article is None and cited.digest:
        row = db.conn.execute("select article from revisions where digest = ? limit 1", (cited.digest,)).fetchone()
        article = row[0] if row and not cited.url else None
    if article is None:
        return _not_here(db, cited)
    until = db.conn.execute(
        "select max(until) from embargoes where article = ? and article in (select article from hidden)", (article,)
    ).fetchone()[0]
    if until:
        return Verdict(cited=cited, state=WITHHELD, sentence=f"under an embargo until {until}")
    return _compare(db, cited, int(article))


def _not_here(db: Database, cited: Cited) -> Verdict:
    try:
        if cited.url:
            refuse_forgotten(db, [cited.url])
    except Forgotten as error:
        return Verdict(cited=cited, state=WITHHELD, sentence=f"taken down: {error.reason}")
    row = db.conn.execute(
        "select time, reason from forgotten where digest = ? and ? <> ''", (cited.digest, cited.digest)
    ).fetchone()
    if row and not cited.url:
        return Verdict(cited=cited, state=WITHHELD, sentence=f"taken down on {row[0][:10]}: {row[1]}")
    return _unknown(cited)


def _compare(db: Database, cited: Cited, article: int) -> Verdict:
    rows = list(db.query("select * from revisions where article = ? order by number", [article]))
    (gone,) = db.conn.execute("select gone from articles where id = ?", (article,)).fetchone()
    own = [row for row in rows if row["kind"] != "reextracted"]
    latest = own[-1]
    version = _version(db, rows, cited)
    if version is None:
        what = f"no version {'has the cited digest' if cited.digest else 'is the cited one'}"
        return Verdict(cited=cited, state=MISMATCH, sentence=what, article=article, latest=latest["number"])
    if content_digest(stored_content(version)) != version["digest"]:
        sentence = "the stored version is damaged: its digest differs; see newsarchive check"
        return Verdict(
            cited=cited, state=MISMATCH, sentence=sentence, article=article, revision=version["number"],
            latest=latest["number"],
        )  # fmt: skip
    changes = _changes(rows, version, latest)
    state = GONE if gone else EDITED if changes else SAME
    edited = f"edited since: {', '.join(changes)}" if changes else "not edited since"
    sentence = f"gone from the site since {gone[:10]}; {edited}" if gone else edited if changes else "the same"
    return Verdict(
        cited=cited, state=state, sentence=sentence, article=article, revision=version["number"],
        latest=latest["number"], is_edited=bool(changes), changes=changes,
    )  # fmt: skip


def _version(db: Database, rows: list[dict[str, Any]], cited: Cited) -> dict[str, Any] | None:
    """Return the cited version: by its digest; if the citation has none, by its number or the time of its capture."""
    if cited.digest:
        having = [row for row in rows if row["digest"] == cited.digest]
        return next((row for row in having if row["number"] == cited.revision), having[-1] if having else None)
    sql = "select p.revision from revision_captures p join captures c on c.id = p.capture where c.time = ?"
    captured = {revision for (revision,) in db.conn.execute(sql, (cited.archived,))}
    named = (row for row in rows if row["number"] == cited.revision)
    return next(named, None) or next((r for r in rows if r["id"] in captured or r["time"] == cited.archived), None)


def _changes(rows: list[dict[str, Any]], version: dict[str, Any], latest: dict[str, Any]) -> dict[str, list[Piece]]:
    """Return what the newspaper changed since a version, as far as possible as the same extractor reads both."""
    base = version["reextracts"] or version["id"]
    if base == latest["id"] or version["digest"] == latest["digest"]:
        return {}
    readings = [row for row in rows if row["reextracts"] == base and row["id"] < latest["id"]]
    before = max(readings, key=lambda row: int(row["id"])) if readings else version
    return compare_revisions(before, latest)

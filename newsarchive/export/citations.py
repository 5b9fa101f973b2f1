"""Citations of archived articles: plain text, BibTeX, CSL-JSON and RIS, each with the PWID of its capture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from sqlite_utils import Database

from newsarchive.errors import NewsArchiveError
from newsarchive.kazakh.scripts import fold_for_search

_PAIRS = (
    "аa әa бb вv гg ғg дd еe ёe жzh зz иi йi кk қq лl мm нn ңn оo өo "
    "пp рr сs тt уu ұu үu фf хkh һh цts чch шsh щshch ъ ыy іi ь эe юyu яya"
)
_ASCII = {pair[0]: pair[1:] for pair in _PAIRS.split()}
_PATRONYMIC = re.compile(r"(?:ұлы|қызы|улы|кызы|вич|вна|чна)$", re.IGNORECASE)


class CitationError(NewsArchiveError):
    """The citation cannot be made; the message is written for the user."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The data of a citation, for one revision of an article; unknown values are empty."""

    id: int
    revision: int
    authors: tuple[tuple[str, str], ...]
    """Name and role (``author``, ``desk``)."""
    title: str
    newspaper: str
    day: str
    language: str
    url: str
    archived: str
    digest: str
    archive: str
    pwid: str


def cite(
    db: Database,
    article_id: int,
    *,
    revision: int | None = None,
    style: str = "text",
    archive: str = "newsarchive",
) -> str:
    """Return a citation of an article's current content or of one revision, without a trailing newline.

    `style` is one of `STYLES`; `archive` is the archive's name, used in the PWID. Raises CitationError if there is no
    such article, revision or style.
    """
    if style not in STYLES:
        raise CitationError(f"Unknown style “{style}”; choose one of {', '.join(STYLES)}.")
    return STYLES[style](read_source(db, article_id, revision=revision, archive=archive))


def read_source(db: Database, article_id: int, *, revision: int | None = None, archive: str = "newsarchive") -> Source:
    """Read the data of a citation from the archive. Raises CitationError."""
    row = next(db.query(_SOURCE, {"article": article_id, "number": revision}), None)
    if row is None:
        (last,) = db.conn.execute("select max(number) from revisions where article = ?", (article_id,)).fetchone()
        if last is None:
            raise CitationError(f"There is no article {article_id} in this archive.")
        raise CitationError(f"Article {article_id} has no revision {revision}; its last revision is {last}.")
    people = [(a["name"], a["role"]) for a in json.loads(row["authors"]) if a["role"] != "photo"]
    signed = [person for person in people if person[1] == "author"]
    return Source(
        id=article_id,
        revision=row["number"],
        authors=tuple(signed or people),
        title=row["title"],
        newspaper=row["newspaper"] or row["site"],
        # The day is in the newspaper's time zone. A revision with a different publication time has only that time.
        day=row["day"] if row["published"] == row["present"] else row["published"][:10],
        language=row["language"] or "",
        url=row["url"],
        archived=row["archived"],
        digest=row["digest"],
        archive=archive,
        pwid=pwid(archive, row["archived"], row["capture_url"] or row["url"]),
    )


_SOURCE = """
select r.number, r.authors, r.title, r.language, r.digest, coalesce(r.published, '') as published,
    coalesce(a.published, '') as present, coalesce(a.day, '') as day, a.url, a.site, s.title as newspaper,
    coalesce(c.time, r.time) as archived, c.url as capture_url
from articles a
join sites s on s.name = a.site
join revisions r on r.article = a.id and (r.number = :number or :number is null and r.id = a.current_revision)
left join revision_captures p on p.revision = r.id and p.position = (
    select min(position) from revision_captures where revision = r.id)
left join captures c on c.id = p.capture
where a.id = :article
"""


def pwid(archive: str, time: str, url: str) -> str:
    """Return the Persistent Web IDentifier of a capture (https://www.iana.org/assignments/urn-formal/pwid).

    >>> pwid("newsarchive", "2025-02-28T23:59:00Z", "https://tan.example/көпір/?p=1")
    'urn:pwid:newsarchive:2025-02-28T23:59:00Z:part:https://tan.example/%D0%BA%D3%A9%D0%BF%D1%96%D1%80/%3Fp=1'
    """
    item = quote(url, safe="/:@!$&'()*+,;=-._~%")
    return f"urn:pwid:{archive}:{time}:part:{item}"


_KEPT = """
select c.time, c.url from captures c
where c.status = 200 and c.id in (
    select c.id from urls u join captures c on c.url = u.url where u.article = :article
    union select p.capture from revision_captures p join revisions r on r.id = p.revision where r.article = :article)
order by c.time, c.id
"""


def timemap(db: Database, article: int, *, archive: str = "newsarchive") -> str:
    """Return the captures of an article, oldest first, as a TimeMap in link format (RFC 7089, section 5).

    A capture's URI is its `urn:pwid`, as in citations. The TimeMap is empty if no capture is kept. Raises
    CitationError if there is no such article.
    """
    found = db.conn.execute("select url from articles where id = ?", (article,)).fetchone()
    if found is None:
        raise CitationError(f"There is no article {article} in this archive.")
    rows = db.conn.execute(_KEPT, {"article": article}).fetchall()
    lines = [f'<{found[0]}>;rel="original"']
    for number, (time, url) in enumerate(rows, 1):
        ends = (("first", number == 1), ("last", number == len(rows)))
        relation = " ".join([*(name for name, applies in ends if applies), "memento"])
        moment = format_datetime(datetime.fromisoformat(time), usegmt=True)
        lines.append(f'<{pwid(archive, time, url)}>;rel="{relation}";datetime="{moment}"')
    return ",\n".join(lines) if rows else ""


def split_name(name: str) -> tuple[str, str]:
    """Split a name into family and given names; a single name is a family name.

    >>> split_name("Аида Бек"), split_name("Бек А."), split_name("Бек Аида Серікқызы"), split_name("Абай")
    (('Бек', 'Аида'), ('Бек', 'А.'), ('Бек', 'Аида Серікқызы'), ('Абай', ''))
    """
    words = name.split()
    if len(words) < 2:
        return name, ""
    if words[-1].endswith(".") or (len(words) > 2 and _PATRONYMIC.search(words[-1])):
        return words[0], " ".join(words[1:])
    return words[-1], " ".join(words[:-1])


def ascii_key(text: str) -> str:
    """Transliterate a text to ASCII letters and digits, for citation keys.

    >>> ascii_key("Ғазезқызы"), ascii_key("Жаңа көпір")
    ('gazezqyzy', 'zhanakopir')
    """
    return re.sub("[^a-z0-9]", "", "".join(_ASCII.get(c, c) for c in fold_for_search(text)))


def _key(source: Source) -> str:
    author = ascii_key(split_name(source.authors[0][0])[0]) if source.authors else ascii_key(source.newspaper)
    word = next(filter(None, map(ascii_key, source.title.split())), "")
    return f"{author or 'article'}{source.day[:4]}{word}{source.id}"


def _note(source: Source) -> str:
    return f"Revision {source.revision}, archived {source.archived}, content digest {source.digest}, {source.pwid}"


def _text(source: Source) -> str:
    authors = ", ".join(name for name, _ in source.authors)
    parts = [authors, source.title, f"{source.newspaper}, {source.day}" if source.day else source.newspaper]
    sentences = [part if part[-1:] in "?!….»" else f"{part}." for part in parts if part]
    return " ".join([*sentences, source.url, f"({_note(source)})"])


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {c: f"\\{c}" for c in "&%$#_{}"}


def _tex(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in " ".join(text.split()))


def _bibtex(source: Source) -> str:
    people = [
        f"{{{_tex(name)}}}" if role == "desk" else ", ".join(filter(None, map(_tex, split_name(name))))
        for name, role in source.authors
    ]
    year, month, day = (*source.day.split("-"), "", "", "")[:3]
    fields = {
        "author": " and ".join(people),
        "title": f"{{{_tex(source.title)}}}",  # the second pair of braces preserves case
        "journal": _tex(source.newspaper),
        "year": year,
        "month": month.lstrip("0"),
        "day": day.lstrip("0"),
        "language": source.language,
        "url": quote(source.url, safe="/:@!$&'()*+,;=-._~%?#"),
        "urldate": source.archived[:10],
        "note": _tex(_note(source)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@article{{{_key(source)},", *lines, "}"])


def _csl_json(source: Source) -> str:
    people = [
        {"literal": name}
        if role == "desk" or " " not in name
        else dict(zip(("family", "given"), split_name(name), strict=True))
        for name, role in source.authors
    ]
    item = {
        "id": _key(source),
        "type": "article-newspaper",
        "title": source.title,
        "author": people,
        "container-title": source.newspaper,
        "issued": _date_parts(source.day),
        "accessed": _date_parts(source.archived[:10]),
        "URL": source.url,
        "language": source.language,
        "archive": source.archive,
        "archive_location": source.pwid,
        "version": str(source.revision),
        "note": _note(source),
    }
    return json.dumps([{k: v for k, v in item.items() if v}], ensure_ascii=False, indent=2)


def _date_parts(day: str) -> dict[str, list[list[int]]]:
    return {"date-parts": [[int(part) for part in day.split("-")]]} if day else {}


def _ris(source: Source) -> str:
    people = [name if role == "desk" else ", ".join(filter(None, split_name(name))) for name, role in source.authors]
    lines = [
        ("TY", "NEWS"),
        ("ID", _key(source)),
        *(("AU", name) for name in people),
        ("TI", source.title),
        ("T2", source.newspaper),
        ("PY", source.day[:4]),
        ("DA", f"{source.day.replace('-', '/')}/" if source.day else ""),
        ("LA", source.language),
        ("UR", source.url),
        ("Y2", f"{source.archived[:10].replace('-', '/')}/"),
        ("N1", _note(source)),
    ]
    return "\r\n".join([*(f"{tag}  - {' '.join(value.split())}" for tag, value in lines if value), "ER  - "])


STYLES: dict[str, Callable[[Source], str]] = {"text": _text, "bibtex": _bibtex, "csl-json": _csl_json, "ris": _ris}

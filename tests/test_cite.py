"""Citations in four styles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_capture, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.export.citations import CitationError, cite
from newsarchive.items import Article, Author, Capture
from newsarchive.sites import Site

SITE = Site(name="tan", title="Таң & Түн", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
URL = "https://tan.example/100%25_көпір/"


def add(db: Database, title: str, time: str, **fields: object) -> int:
    capture = Capture(url=URL, time=time, status=200, sha256="ab" * 32, warc=f"{time[:10]}.warc.gz", offset=1, length=1)
    article = Article(
        url=URL,
        site="tan",
        title=title,
        body="Мәтін",
        language="kk",
        published="2025-02-18T20:30:00Z",
        **fields,  # type: ignore[arg-type]
    )
    provenance = Provenance(time=time, captures=(save_capture(db, capture, None),))
    return save_article(db, article, site=SITE, urls=[URL], provenance=provenance).article


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    authors = (
        Author(name="Аида Бек", as_written="Аида БЕК"),
        Author(name="Ерлан Сәт", as_written="Ерлан Сәт"),
        Author(name="Фото Түсірген", as_written="Фото Түсірген", role="photo"),
    )
    add(db, "Ескі тақырып", "2025-02-28T23:59:00Z", authors=authors)
    add(db, "Жаңа көпір: 100% {дайын} & #1_", "2025-03-02T01:00:00Z", authors=authors)
    yield db
    db.close()


def digest(db: Database, number: int) -> str:
    return str(db.conn.execute("select digest from revisions where number = ?", (number,)).fetchone()[0])


def test_text_names_everything(db: Database) -> None:
    text = cite(db, 1)
    assert text.startswith(
        f"Аида Бек, Ерлан Сәт. Жаңа көпір: 100% {{дайын}} & #1_. Таң & Түн, 2025-02-19. {URL} (Revision 2, archived "
        f"2025-03-02T01:00:00Z, content digest {digest(db, 2)}, urn:pwid:newsarchive:2025-03-02T01:00:00Z:part:https://"
    )
    assert text.endswith(")")


def test_an_earlier_revision_is_cited_with_its_own_title_and_capture(db: Database) -> None:
    text = cite(db, 1, revision=1)
    assert "Ескі тақырып" in text
    assert "urn:pwid:newsarchive:2025-02-28T23:59:00Z:part:" in text
    assert digest(db, 1) in text


def test_bibtex_escapes_text_and_has_an_ascii_key(db: Database) -> None:
    entry = cite(db, 1, style="bibtex")
    assert entry.startswith("@article{bek2025zhana1,\n")
    assert "author = {Бек, Аида and Сәт, Ерлан}," in entry
    assert r"title = {{Жаңа көпір: 100\% \{дайын\} \& \#1\_}}," in entry
    assert r"journal = {Таң \& Түн}," in entry
    assert "url = {https://tan.example/100%25_%D0%BA%D3%A9%D0%BF%D1%96%D1%80/}," in entry
    assert re.search(r"\n  year = \{2025\},\n  month = \{2\},\n  day = \{19\},", entry)
    assert entry.count("{") == entry.count("}")


def test_csl_json_is_one_newspaper_article(db: Database) -> None:
    (item,) = json.loads(cite(db, 1, style="csl-json"))
    assert item["type"] == "article-newspaper"
    assert item["author"] == [{"family": "Бек", "given": "Аида"}, {"family": "Сәт", "given": "Ерлан"}]
    assert item["issued"] == {"date-parts": [[2025, 2, 19]]}
    assert item["accessed"] == {"date-parts": [[2025, 3, 2]]}
    assert item["archive_location"].startswith("urn:pwid:newsarchive:2025-03-02T01:00:00Z:part:https://tan.example/")
    assert digest(db, 2) in item["note"]


def test_ris_begins_with_its_type_and_ends_its_record(db: Database) -> None:
    lines = cite(db, 1, style="ris").split("\r\n")
    assert (lines[0], lines[-1]) == ("TY  - NEWS", "ER  - ")
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
    assert [line[6:] for line in lines if line.startswith("AU")] == ["Бек, Аида", "Сәт, Ерлан"]
    assert "DA  - 2025/02/19/" in lines
    assert f"UR  - {URL}" in lines


def test_a_desk_keeps_its_whole_name(db: Database) -> None:
    add(db, "Хабар", "2025-03-03T00:00:00Z", authors=(Author(name="Таң редакциясы", as_written="", role="desk"),))
    assert "author = {{Таң редакциясы}}," in cite(db, 1, style="bibtex")
    assert json.loads(cite(db, 1, style="csl-json"))[0]["author"] == [{"literal": "Таң редакциясы"}]
    assert "AU  - Таң редакциясы\r\n" in cite(db, 1, style="ris")


def test_an_article_without_authors_and_capture_can_be_cited(db: Database) -> None:
    article = Article(url="https://tan.example/b/", site="tan", title="", body="Мәтін")
    number = save_article(
        db, article, site=SITE, urls=[article.url], provenance=Provenance(time="2025-03-04T00:00:00Z")
    ).article
    for style in ("text", "bibtex", "csl-json", "ris"):
        assert "2025-03-04T00:00:00Z" in cite(db, number, style=style)
    assert cite(db, number, style="bibtex").startswith(f"@article{{tantun2025{number},")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"article_id": 9}, "There is no article 9"),
        ({"article_id": 1, "revision": 5}, "has no revision 5; its last revision is 2"),
        ({"article_id": 1, "style": "apa"}, "text, bibtex, csl-json, ris"),
    ],
)
def test_what_cannot_be_cited_is_named(db: Database, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(CitationError, match=message):
        cite(db, **arguments)  # type: ignore[arg-type]

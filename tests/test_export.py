"""Exports of a small archive, read back by other people's programs."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
import trafilatura
import yaml
from lxml import etree
from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_capture, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.export import FIELDS, FORMATS, ExportError, export, release
from newsarchive.items import Article, Author, Capture, Image
from newsarchive.search import FilterError
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="«Таң» газеті", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
TRICKY = '— Тырнақша "ішінде", үтір; & <таңба> =1+1 | сызық\\'
CAPTURES = ("warc", "wacz")
"""Formats that hold captures: these here have no files; tests/test_export_warc.py and test_export_wacz.py have such."""
FILES = [name for name, form in FORMATS.items() if not form.folder and name not in CAPTURES]


def add(db: Database, article: Article, capture: Capture | None = None) -> int:
    search_text = make_search_text(
        title=article.title,
        lead=article.lead,
        body=article.body,
        authors=[a.name for a in article.authors],
        language=article.language,
    )
    captures = (save_capture(db, capture, None),) if capture else ()
    provenance = Provenance(time="2025-03-01T00:00:00Z", captures=captures, extractor="newsarchive 0.1")
    return save_article(
        db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text
    ).article


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_archive(tmp_path / "archive")
    save_site(db, SITE)
    add(
        db,
        Article(
            url="https://tan.example/kopir/",
            site="tan",
            title=TRICKY,
            lead="Қысқаша: жаңа көпір.",
            body="А. Бек көпірді ашты. Құны 3,5 млн. теңге!\n\nЕкінші абзац\nжаңа жолда.",
            markdown=f"# {TRICKY}\n\nҚысқаша: жаңа көпір.\n\nА. Бек көпірді ашты.",
            language="kk",
            published="2025-02-18T20:30:00Z",
            authors=(Author(name="Аида Бек", as_written="Аида БЕК"), Author(name="Ерлан Сәт", as_written="Е. Сәт")),
            images=(Image(url="https://tan.example/a.jpg", caption="Көпір | су", credit="Ф. Тан", lead=True),),
            categories=("Аймақ", "Жол"),
            tags=("көпір",),
        ),
        Capture(
            url="https://tan.example/kopir/",
            time="2025-02-28T23:59:00Z",
            status=200,
            sha256="ab" * 32,
            warc="tan.warc.gz",
            offset=7,
            length=9,
        ),
    )
    add(db, Article(url="https://tan.example/bos/", site="tan", title="", body="", published="2024-11-02"))
    add(db, Article(url="https://tan.example/ru/", site="tan", title="Мост", body="Открыт мост.", language="ru"))
    db.conn.execute("update articles set gone = '2025-03-02T00:00:00Z', gone_reason = '404' where id = 2")
    db.conn.commit()
    yield db
    db.close()


def wanted(db: Database) -> list[dict[str, Any]]:
    """The articles as the archive's own view gives them, oldest first."""
    rows = db.query("select * from archive order by day, published")
    lists = ("authors", "categories", "tags", "images")
    return [{k: json.loads(v) if k in lists else v for k, v in row.items()} for row in rows]


def same(record: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(record[name] == value for name, value in row.items())


def test_json_lines_hold_every_field(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert export(db, path, format="jsonl") == 3
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all(same(*pair) for pair in zip(records, wanted(db), strict=True))
    assert [list(record) for record in records] == [[field.name for field in FIELDS]] * 3
    full = records[1]
    assert full["title"] == TRICKY
    assert (full["newspaper"], full["captions"], full["credits"]) == ("«Таң» газеті", ["Көпір | су"], ["Ф. Тан"])
    assert (full["captured"], full["capture_sha256"]) == ("2025-02-28T23:59:00Z", "ab" * 32)
    assert (full["warc"], full["warc_offset"]) == ("tan.warc.gz", 7)
    assert full["digest"].startswith("1:")


def test_csv_reads_back_in_python_pandas_and_duckdb(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    export(db, path, format="csv")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    frame = pandas.read_csv(path)
    table = duckdb.sql(
        f"select title, body, authors, gone from read_csv('{path}', all_varchar = true) order by day"
    ).fetchall()
    expected = wanted(db)
    assert [row["title"] for row in rows] == [row["title"] for row in expected]
    assert json.loads(rows[1]["authors"]) == ["Аида Бек", "Ерлан Сәт"]
    assert frame["body"].fillna("").tolist() == [row["body"] for row in expected]
    assert frame["words"].tolist() == [row["words"] for row in expected]
    assert table[1][:3] == (TRICKY, expected[1]["body"], '["Аида Бек", "Ерлан Сәт"]')
    assert table[0][3] == "2025-03-02T00:00:00Z"


def test_csv_has_no_line_ends_and_nuls_that_break_readers(db: Database, tmp_path: Path) -> None:
    add(
        db,
        Article(url="https://tan.example/r/", site="tan", title="Бір\rекі\r\nүш\x00", body="а", published="2030-01-01"),
    )
    export(db, tmp_path / "a.csv", format="csv")
    assert pandas.read_csv(tmp_path / "a.csv")["title"].tolist()[-1] == "Бір\nекі\nүш"


def test_parquet_reads_back_in_pandas_and_duckdb(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    export(db, path, format="parquet")
    frame = pandas.read_parquet(path)
    assert frame["title"].tolist() == ["", TRICKY, "Мост"]
    assert list(frame["authors"][1]) == ["Аида Бек", "Ерлан Сәт"]
    counted = duckdb.sql(
        f"select author, count(*) from (select unnest(authors) author from '{path}') group by 1 order by 1"
    )
    assert counted.fetchall() == [("Аида Бек", 1), ("Ерлан Сәт", 1)]


def test_json_lines_read_back_in_pandas_and_duckdb(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    export(db, path, format="jsonl")
    assert pandas.read_json(path, lines=True)["id"].tolist() == [2, 1, 3]
    assert duckdb.sql(f"select tags from '{path}' where id = 1").fetchall() == [(["көпір"],)]


def test_markdown_files_have_front_matter_and_the_text(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "md"
    export(db, folder, format="markdown")
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*.md")) == [
        "tan/2024/2024-11-02-2.md",
        "tan/2025/2025-02-19-1.md",
        "tan/2025/2025-03-01-3.md",
    ]
    _, front, text = (folder / "tan/2025/2025-02-19-1.md").read_text(encoding="utf-8").split("---\n", 2)
    meta = yaml.safe_load(front)
    assert meta["title"] == TRICKY
    assert meta["authors"] == ["Аида Бек", "Ерлан Сәт"]
    assert meta["day"] == "2025-02-19"
    assert "gone" not in meta
    assert text.startswith(f"\n# {TRICKY}\n\nҚысқаша")


def test_tei_is_valid_and_holds_text_and_metadata(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    export(db, path, format="tei")
    tree = etree.parse(path)
    dtd = etree.DTD(str(Path(trafilatura.__file__).parent / "data" / "tei_corpus.dtd"))
    assert dtd.validate(tree), dtd.error_log
    space = {"t": "http://www.tei-c.org/ns/1.0"}
    article = tree.xpath("//t:TEI[@xml:id='article-1']", namespaces=space)[0]
    assert [p.text for p in article.iterfind(".//t:body/t:p", space)] == [
        "Қысқаша: жаңа көпір.",
        "А. Бек көпірді ашты. Құны 3,5 млн. теңге!",
        "Екінші абзац\nжаңа жолда.",
    ]
    assert article.findtext(".//t:body/t:head", namespaces=space) == TRICKY
    source = article.find(".//t:sourceDesc/t:bibl", space)
    assert [a.text for a in source.findall("t:author", space)] == ["Аида Бек", "Ерлан Сәт"]
    assert source.find("t:date[@type='published']", space).get("when") == "2025-02-18T20:30:00Z"
    assert [t.text for t in article.iterfind(".//t:keywords[@scheme='#categories']/t:term", space)] == ["Аймақ", "Жол"]


def test_tei_of_nothing_is_valid(db: Database, tmp_path: Path) -> None:
    assert export(db, tmp_path / "a.xml", format="tei", query="жоқсөз") == 0
    dtd = etree.DTD(str(Path(trafilatura.__file__).parent / "data" / "tei_corpus.dtd"))
    assert dtd.validate(etree.parse(tmp_path / "a.xml")), dtd.error_log


def test_characters_that_xml_forbids_are_left_out(db: Database, tmp_path: Path) -> None:
    add(db, Article(url="https://tan.example/c/", site="tan", title="Бір\x0bекі", body="а\x01б \ud7ff"))
    export(db, tmp_path / "a.xml", format="tei")
    assert "Бірекі" in (tmp_path / "a.xml").read_text(encoding="utf-8")


def test_vertical_text_has_paragraphs_sentences_and_tokens(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.vert"
    export(db, path, format="vertical", query="көпір")
    lines = path.read_text(encoding="utf-8").splitlines()
    doc = etree.fromstring(lines[0] + "</doc>")
    assert doc.get("authors") == "Аида Бек|Ерлан Сәт"
    assert doc.get("captions") == "Көпір / су"
    assert doc.get("title") == TRICKY
    text = "\n".join(lines)
    assert text.count("<p ") == text.count("</p>") == 4
    body = text.split('<p type="text">\n')[1].split("</p>")[0]
    sentences = re.findall(r"<s>\n(.*?)</s>", body, re.DOTALL)
    words = [[line.split("\t")[0] for line in s.splitlines() if line != "<g/>"] for s in sentences]
    assert words == [["А", ".", "Бек", "көпірді", "ашты", "."], ["Құны", "3,5", "млн", ".", "теңге", "!"]]
    assert "көпірді\tкөпір" in body
    assert "ашты\tаш\n<g/>\n.\t." in body


@pytest.mark.parametrize("kind", FILES)
def test_the_same_archive_gives_the_same_bytes(db: Database, tmp_path: Path, kind: str) -> None:
    for name in ("a", "b"):
        export(db, tmp_path / name, format=kind)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("kind", [name for name in FORMATS if name not in CAPTURES])
def test_a_broken_export_leaves_nothing(db: Database, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "out"
    place.mkdir()

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(db, place / "a", format=kind, progress=stop)
    assert list(place.iterdir()) == []
    assert export(db, place / "a", format=kind) == 3


def test_a_broken_export_keeps_the_file_of_before(db: Database, tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text("бұрынғы", encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        export(db, place, format="csv", progress=lambda done, total: 1 // (total - done))  # type: ignore[arg-type, return-value]
    assert place.read_text(encoding="utf-8") == "бұрынғы"


def test_progress_says_how_many_of_how_many(db: Database, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    export(db, tmp_path / "a", format="jsonl", progress=lambda *numbers: seen.append(numbers))
    assert seen == [(0, 3), (3, 3)]


def test_a_search_is_exported_with_its_filters(db: Database, tmp_path: Path) -> None:
    assert export(db, tmp_path / "a", format="jsonl", query="көпірлер") == 1
    assert export(db, tmp_path / "a", format="jsonl", language="ru") == 1
    assert export(db, tmp_path / "a", format="jsonl", until="2024") == 1
    with pytest.raises(FilterError):
        export(db, tmp_path / "b", format="jsonl", since="ертең")
    assert not (tmp_path / "b").exists()


def test_wrong_places_and_formats_are_named(db: Database, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="jsonl, csv"):
        export(db, tmp_path / "a", format="docx")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ExportError, match="already exists"):
        export(db, tmp_path / "full", format="markdown")
    with pytest.raises(ExportError, match="is a folder"):
        export(db, tmp_path / "full", format="csv")
    with pytest.raises(ExportError, match="Cannot write"):
        export(db, tmp_path / "full" / "x" / "y.csv", format="csv")


def test_a_reading_connection_is_enough(db: Database, tmp_path: Path) -> None:
    from newsarchive.database import read_archive

    reading = read_archive(tmp_path / "archive")
    assert export(reading, tmp_path / "a", format="jsonl") == 3
    assert not reading.conn.in_transaction
    reading.close()


def test_a_release_passes_frictionless_and_its_own_checksums(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    assert release(db, folder) == 3
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        "SHA256SUMS",
        "articles.jsonl",
        "articles.parquet",
        "datapackage.json",
    ]
    for line in (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    report = validate(folder)
    assert report["valid"], report
    assert [task["stats"]["rows"] for task in report["tasks"]] == [3, 3]
    with open(folder / "articles.jsonl", "a", encoding="utf-8") as file:
        file.write('{"id": "екі"}\n')
    assert not validate(folder)["valid"]


def validate(folder: Path) -> Any:
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)


def test_a_release_says_what_it_holds_and_what_is_missing(db: Database, tmp_path: Path) -> None:
    db.conn.execute(
        "insert into urls (site, url, key, source, first_listed, last_listed, state, reason)"
        " values ('tan', 'u', 'u', 'feed', '', '', 'failed', 'HTTP 500')"
    )
    db.conn.commit()
    release(db, tmp_path / "release")
    text = (tmp_path / "release" / "README.md").read_text(encoding="utf-8")
    assert "| tan | «Таң» газеті | 3 |" in text
    assert "| tan | 2025 | 2 |" in text
    assert "| tan | ru | 1 |" in text
    assert "| tan | 2024-12 | 2025-01 | 2 |" in text
    assert "| tan | HTTP 500 | 1 |" in text
    assert "No longer on their site: 1 " in text
    assert "newsarchive 0.1 (text read from the page)" in text
    assert "## Licence" in text


def test_a_release_of_the_same_archive_is_the_same(db: Database, tmp_path: Path) -> None:
    release(db, tmp_path / "a")
    release(db, tmp_path / "b")
    assert (tmp_path / "a" / "SHA256SUMS").read_bytes() == (tmp_path / "b" / "SHA256SUMS").read_bytes()


def test_memory_stays_flat(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from newsarchive.database import open_archive, save_site
from newsarchive.export import export
from newsarchive.sites import Site
db = open_archive(Path(sys.argv[1]))
save_site(db, Site(name="x", url="https://x.example/"))
for i in range(700):
    db.conn.execute(
        "insert into articles (id, site, url, key, title, body, day, first_seen, last_seen) values"
        " (?, 'x', ?, ?, 't', ?, '2025-01-01', '2025-01-01T00:00:00Z', '')", (i + 1, str(i), str(i), "сөз " * 9000))
    db.conn.execute("insert into stems (id, title) values (?, 'сөз')", (i + 1,))
db.conn.commit()
export(db, Path(sys.argv[1]) / "few", format=sys.argv[2], until="2024")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export(db, Path(sys.argv[1]) / "all", format=sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    for kind in ("jsonl", "tei"):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / kind), kind], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 15_000  # kB; the export itself has 45 MB

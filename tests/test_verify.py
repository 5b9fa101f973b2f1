"""What became of a cited version: same, edited, gone, withheld; its digest is checked."""

from __future__ import annotations

import datetime
import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from newsarchive.cli import cli
from newsarchive.database import lock_archive, open_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance, insert_reextracted
from newsarchive.export import export
from newsarchive.export.citations import STYLES, cite
from newsarchive.export.verifying import read_citations, verify
from newsarchive.items import Article
from newsarchive.sites import Site
from newsarchive.takedown import forget

SITE = Site(name="a", url="https://a.kz/", title="Ауыл & Co", language="kk", timezone="Asia/Almaty")
EACH = int(os.environ.get("NEWSARCHIVE_CITATIONS", "8"))
"""So many citations of each kind; the trial is 50."""
KINDS = ("same", "edited", "gone", "withheld", "withheld", "mismatch")


def article_of(number: int, body: str) -> Article:
    return Article(
        url=f"https://a.kz/көпір_{number}/~x?p={number}&b=1", site="a", title=f"Көпір {number}: 5% #1", body=body, markdown=body,
        language="kk", published="2025-02-01T05:00:00Z",
    )  # fmt: skip


def publish(db: Database, number: int, body: str, time: str = "2025-02-01T06:00:00Z") -> int:
    article = article_of(number, body)
    return save_article(db, article, site=SITE, urls=[article.url], provenance=Provenance(time=time)).article


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def db(folder: Path) -> Database:
    archive = open_archive(folder)
    save_site(archive, SITE)
    return archive


def befall(db: Database, folder: Path, kind: str, article: int, *, forgotten: bool) -> None:
    """Let happen to an article what its kind says."""
    if kind == "edited":
        publish(db, article, f"Басқа мәтін {article}.", time="2025-03-01T06:00:00Z")
    elif kind == "gone":
        db.conn.execute("update articles set gone = '2025-04-01T00:00:00Z' where id = ?", (article,))
    elif kind == "withheld" and forgotten:
        url = article_of(article, "").url
        with lock_archive(folder):
            forget(db, folder, article=article, site="a", url=url, reason="өтініш")
    elif kind == "withheld":
        embargo_article(db, article, until=datetime.date(2099, 1, 1))
    db.conn.commit()


def test_what_became_of_citations_in_every_style(db: Database, folder: Path) -> None:
    with db.atomic():
        for number in range(1, EACH * len(KINDS) + 1):
            publish(db, number, f"Мәтін {number}.")
    cited = {n: cite(db, n, style=list(STYLES)[n % len(STYLES)]) for n in range(1, EACH * len(KINDS) + 1)}
    forgettable = {len(KINDS) - 2, 2 * len(KINDS) - 2}  # each takedown rewrites the database
    for number in cited:
        place = (number - 1) % len(KINDS)
        if KINDS[place] == "mismatch":
            digest = read_citations(cited[number])[0].digest
            cited[number] = cited[number].replace(digest, f"1:{'0' * 64}")
        else:
            befall(db, folder, KINDS[place], number, forgotten=number in forgettable)
    told = {n: [verify(db, one).state for one in read_citations(text)] for n, text in cited.items()}
    assert told == {n: [KINDS[(n - 1) % len(KINDS)]] for n in cited}


def test_the_difference_and_the_versions_are_told(db: Database) -> None:
    publish(db, 1, "Екі үй.")
    (cited,) = read_citations(cite(db, 1))
    assert (cited.revision, cited.archived, cited.digest[:2]) == (1, "2025-02-01T06:00:00Z", "1:")
    row = next(db.query("select * from revisions where article = 1"))
    insert_reextracted(db, row, row["id"], article_of(1, "Екі үй. Сурет."), Provenance(time="2025-02-05T00:00:00Z"))
    assert verify(db, cited).state == "same"  # only read differently
    (place,) = read_citations(re.search(r"urn:pwid:[^)]+", cite(db, 1, revision=1))[0])  # type: ignore[index]
    assert verify(db, place).revision == 1
    publish(db, 1, "Бес үй.", time="2025-03-01T06:00:00Z")
    verdict = verify(db, cited)
    assert (verdict.state, verdict.revision, verdict.latest, list(verdict.changes)) == ("edited", 1, 3, ["body"])
    publish(db, 1, "Екі үй.", time="2025-04-01T06:00:00Z")
    assert verify(db, cited).state == "same"  # it says it again


def test_damage_is_not_taken_for_the_cited_version(db: Database) -> None:
    publish(db, 1, "Екі үй.")
    (cited,) = read_citations(cite(db, 1))
    db.conn.execute("update revisions set body = 'Алты үй.'")
    verdict = verify(db, cited)
    assert (verdict.state, "damaged" in verdict.sentence) == ("mismatch", True)


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["--archive", str(folder), *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command_reads_citations_files_and_exports(db: Database, folder: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        publish(db, number, f"Мәтін {number}.")
    file = tmp_path / "library.bib"
    file.write_text("\n\n".join(cite(db, n, style="bibtex") for n in (1, 2, 3)), encoding="utf-8")
    for form in ("jsonl", "csv"):
        export(db, tmp_path / f"all.{form}", format=form)
    befall(db, folder, "edited", 2, forgotten=False)
    befall(db, folder, "gone", 3, forgotten=False)
    for name in ("library.bib", "all.jsonl", "all.csv"):
        verdicts = json.loads(run(folder, "verify", str(tmp_path / name), "--json"))
        assert [v["state"] for v in verdicts] == ["same", "edited", "gone"], name
    assert "[-" in run(folder, "verify", str(file), "--diff")
    assert run(folder, "verify", cite(db, 1)).startswith("same")
    assert run(folder, "verify", f"https://b.kz/1/ 1:{'0' * 64}", code=1).startswith("unknown")
    assert run(folder, "verify", f"{article_of(1, '').url} 1:{'0' * 64}", code=1).startswith("mismatch")
    run(folder, "verify", "бір нәрсе", code=2)
    run(folder, "verify", "x" * 5000, code=2)
    run(folder, "verify", "\x00", code=2)

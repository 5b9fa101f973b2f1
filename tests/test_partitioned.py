"""Parquet by site and year, only of archives that changed, and SQL over it: what is hidden is never in it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, read_archive
from newsarchive.database.embargoes import embargo_article, lift_embargo
from newsarchive.export import ExportError
from newsarchive.export.partitioned import OWN, export_partitioned
from newsarchive.export.sql import SqlError, query_archive, query_partitions
from newsarchive.search.several import Archives, Part
from tests.test_search_several import ARTICLES, SITES, articles, store

SECRET = "құпиясөз"


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("shards"), articles()
    for site in SITES:
        store(folder / site.name, [each for each in found if each[0] == site])
    return folder


@pytest.fixture
def several(shards: Path) -> Callable[..., Archives]:
    """Open the shards, each with a state: that of its name, unless another is given."""

    def opened(**states: str) -> Archives:
        parts = [
            Part(site.name, shards / site.name, read_archive(shards / site.name, any_thread=True), f"{site.name}1")
            for site in SITES
            if states.get(site.name) != ""
        ]
        return Archives([Part(p.name, p.folder, p.db, states.get(p.name, p.state)) for p in parts])

    return opened


def files(folder: Path) -> dict[str, int]:
    """The Parquet files in a folder, with the times at which they were written."""
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}


def test_only_shards_that_changed_are_written_again(several: Callable[..., Archives], tmp_path: Path) -> None:
    first = export_partitioned(several(), tmp_path / "out")
    assert (first.articles, first.written) == (ARTICLES, [site.name for site in SITES])
    before = files(tmp_path / "out")
    assert {name.rpartition("/")[0] for name in before} == {f"site={site.name}/year=2024" for site in SITES}
    again = export_partitioned(several(), tmp_path / "out")
    assert (again.written, files(tmp_path / "out")) == ([], before)
    changed = export_partitioned(several(vesti="vesti2"), tmp_path / "out")
    after = files(tmp_path / "out")
    assert (changed.written, changed.articles) == (["vesti"], ARTICLES)
    assert {name for name in after if name not in before} == {n for n in after if n.startswith("site=vesti/")}
    fewer = export_partitioned(several(vesti=""), tmp_path / "out")
    assert (fewer.written, fewer.articles) == ([], sum(site.name != "vesti" for site, _ in articles()))
    assert not (tmp_path / "out" / "site=vesti").exists()


def test_other_programs_read_it(several: Callable[..., Archives], tmp_path: Path) -> None:
    export_partitioned(several(), tmp_path / "out", filters={"since": "2024-03"})
    expected = sum(article.published >= "2024-03" for _, article in articles())
    frame = pandas.read_parquet(tmp_path / "out")
    assert len(frame) == expected
    assert set(frame["site"]) == {site.name for site in SITES}
    with duckdb.connect() as db:
        count = db.execute(f"select count(*), min(year) from '{tmp_path}/out/**/*.parquet'")
        assert count.fetchall() == [(expected, 2024)]


def test_what_a_killed_export_left_is_mended(several: Callable[..., Archives], tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_partitioned(several(), out)
    left = out / "site=vesti" / "year=2024" / "0123.parquet"
    left.write_bytes(SECRET.encode())
    lost = next((out / "site=arqa").rglob("*.parquet"))
    lost.write_bytes(lost.read_bytes()[:100])
    (out / OWN / "bastau.json").write_text("{")
    again = export_partitioned(several(), out)
    assert (again.written, again.articles) == (["arqa", "bastau"], ARTICLES)
    assert not left.exists()
    assert len(pandas.read_parquet(out)) == ARTICLES


def test_an_embargo_takes_text_out_at_once_also_after_kills(
    several: Callable[..., Archives], shards: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_partitioned(several(), out)
    db = open_archive(shards / "vesti")
    hidden, url = db.conn.execute("select id, url from articles limit 1").fetchone()
    embargo_article(db, hidden, until=date(2999, 1, 1))
    steps = 0
    while killed_at_step(steps := steps + 1, lambda: export_partitioned(several(), out)):
        if steps > 2:  # the second step deletes it
            assert not any(url in set(pandas.read_parquet(path)["url"]) for path in whole(out))
    assert steps > 4
    found = export_partitioned(several(), out)
    assert found.articles == ARTICLES - 1
    assert url not in {row[0] for row in query_partitions(found, out, "select url from archive").rows}
    assert not any(url in set(pandas.read_parquet(path)["url"]) for path in out.rglob("*.parquet"))
    lift_embargo(db, hidden)
    db.close()
    assert export_partitioned(several(), out).articles == ARTICLES


def whole(folder: Path) -> list[Path]:
    """The Parquet files that are complete."""
    return [path for path in folder.rglob("*.parquet") if path.read_bytes()[-4:] == b"PAR1"]


def killed_at_step(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that kills itself before the step `number` that changes a file; False if it ends before."""
    child = os.fork()
    if child == 0:
        steps = 0

        def watch(event: str, arguments: Any) -> None:
            nonlocal steps
            writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wx")
            if writes or event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir"):
                steps += 1
                if steps == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_folder_with_other_files_is_refused(several: Callable[..., Archives], shards: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").touch()
    with pytest.raises(ExportError, match="has other files"):
        export_partitioned(several(), tmp_path / "letters")
    assert (tmp_path / "letters" / "letter.txt").exists()
    with pytest.raises(ExportError, match="belongs to the archive"):
        export_partitioned(several(), shards / "vesti")
    (tmp_path / "file").touch()
    with pytest.raises(ExportError):
        export_partitioned(several(), tmp_path / "file")


def test_sql_gives_the_same_on_an_archive_and_a_collection(several: Callable[..., Archives], tmp_path: Path) -> None:
    store(tmp_path / "one", articles())
    one, out = read_archive(tmp_path / "one"), tmp_path / "out"
    partitions = export_partitioned(several(), out)
    for statement in (
        "select site, count(*) as articles, min(day) as first, sum(words) as words from archive group by 1 order by 1",
        "select url, authors, categories, tags, images, lead_image, gone, revisions from archive order by url limit 9",
        "select * from (select * from archive where site = 'vesti') where 1 = 0",
        "select substr(day, 1, 7) as month, count(*) as n from archive where body like '%мектеп%' group by 1 order by 1",
    ):
        answers = query_archive(one, statement), query_partitions(partitions, out, statement)
        assert answers[0].columns == answers[1].columns
        assert [tuple(row) for row in answers[0].rows] == [tuple(row) for row in answers[1].rows]


def test_sql_over_an_empty_collection(tmp_path: Path) -> None:
    partitions = export_partitioned(Archives([]), tmp_path)
    assert list(query_partitions(partitions, tmp_path, "select count(*), max(title) from archive").rows) == [(0, None)]


WRONG = (
    "delete from archive",
    "select 1; select 2",
    "attach '{}/other.db' as other",
    "create table x (y text)",
    "pragma journal_mode = delete",
    "vacuum into '{}/copy.db'",
    "copy archive to '{}/copy.csv'",
    "select load_extension('x')",
    "select * from read_csv('/etc/hostname')",
    "select * from '/etc/hostname'",
    "set enable_external_access = true",
    "selec",
    "select nothing from archive",
    "begin",
    "",
    " ; ",
    "\0",
)


@pytest.mark.parametrize("statement", WRONG)
def test_sql_reads_only(several: Callable[..., Archives], shards: Path, tmp_path: Path, statement: str) -> None:
    statement = statement.format(tmp_path)
    partitions = export_partitioned(several(), tmp_path / "out")
    db = read_archive(shards / "vesti")
    with pytest.raises(SqlError):
        list(query_archive(db, statement).rows)
    with pytest.raises(SqlError):
        list(query_partitions(partitions, tmp_path / "out", statement).rows)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_sql_on_an_archive_waits_for_the_end_of_an_embargo(tmp_path: Path) -> None:
    store(tmp_path, articles()[:2])
    db = open_archive(tmp_path)
    embargo_article(db, 1, until=date(2999, 1, 1))
    with pytest.raises(SqlError, match="embargo is in force until 2998-12-31T19:00:00Z"):
        query_archive(read_archive(tmp_path), "select count(*) from archive")
    lift_embargo(db, 1)
    assert rows(read_archive(tmp_path), "select count(*) from archive") == [(2,)]
    assert rows(read_archive(tmp_path), "select count(*) from stems_fts where stems_fts match 'су'")


def rows(db: Database, statement: str) -> list[Any]:
    return [tuple(row) for row in query_archive(db, statement).rows]

"""Reprints: who was first, what each changed, and that nothing withheld is in them."""

from __future__ import annotations

import asyncio
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from benchmarks.reprints import Sample, Writer, measure, store
from newsarchive.browse.app import make_datasette
from newsarchive.cli import cli
from newsarchive.database import open_archive, read_archive
from newsarchive.database.embargoes import embargo_article, lift_embargo
from newsarchive.database.removal import remove_article
from newsarchive.reprints import count_pending, group_of, list_groups, update_reprints
from newsarchive.reprints.reused import most_reused, quotations_of

FIRST = (
    "Облыс орталығында жаңа көпір салынып жатыр деп хабарлады әкімдік. Көпірдің ұзындығы үш жүз жиырма метр болмақ."
    "\n\nҚұрылысқа республикалық бюджеттен екі миллиард теңге бөлінді. Жұмыс келесі жылдың күзінде аяқталады."
)
CHANGED = FIRST.replace("үш жүз жиырма", "үш жүз").replace(" Жұмыс келесі жылдың күзінде аяқталады.", "")
LATIN = (
    "Oblys ortalyǵynda jańa kópir salynyp jatyr dep habarlady ákimdik. Kópirdiń uzyndyǵy úsh júz jıyrma metr bolmaq."
    "\n\nQurylysqa respýblıkalyq bıýdjetten eki mıllıard teńge bólindi. Jumys kelesi jyldyń kúzinde aıaqtalady."
)
OTHER = "Ауыл мектебінде оқу жылы басталды. " * 12


def sample(body: str, language: str = "kk", title: str = "Көпір") -> Sample:
    return Sample(group=None, way="", title=title, body=body, language=language)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    store(archive, [sample(FIRST), sample(CHANGED, title="Жаңа көпір"), sample(LATIN, "kk-Latn"), sample(OTHER)])
    archive.conn.commit()
    return archive


def get(folder: Path, path: str) -> Any:
    room = make_datasette(folder)

    async def ask() -> Any:
        return await room.client.get(path)

    return asyncio.run(ask())


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["--archive", str(folder), *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_generated_reprints_are_found_and_decoys_are_not(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    writer = Writer([])
    stored = store(db, [one for number in range(12) for one in writer.group(number)])
    update_reprints(db)
    precision, recall, decoys = measure(db, stored)
    assert (precision >= 0.98, recall >= 0.95, decoys) == (True, True, 0), (precision, recall)


@pytest.mark.parametrize("compared", [True, False])
def test_a_group_tells_who_was_first_and_what_is_shared(compared: bool, db: Database) -> None:
    if compared:
        update_reprints(db)
    for asked in (1, 2, 3):
        group = group_of(db, asked)
        assert group is not None
        assert [(m.place, m.article, m.site) for m in group.members] == [(1, 1, "p0"), (2, 2, "p1"), (3, 3, "p2")]
        assert group.is_order_known
        assert group.members[2].share > 0.9
        assert 0.6 < group.members[1].kept < 0.9 < group.members[1].share + 0.2
    assert group_of(db, 4) is None


def test_an_update_can_be_cut_short_and_resumed(db: Database) -> None:
    assert update_reprints(db, seconds=0).pending == 4
    assert update_reprints(db).done == 4
    assert update_reprints(db).done == 0
    assert [[row["article"] for row in group] for group in list_groups(db)] == [[1, 2, 3]]


def test_many_small_updates_leave_an_index_of_few_parts(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    for number in range(16):
        store(db, [sample(OTHER.replace("Ауыл", f"Ауыл{number}"))])
        update_reprints(db)
    (parts,) = db.conn.execute("select count(distinct segid) from reprint_sketches_fts_idx").fetchone()
    assert parts <= 4  # each hash is looked for in every one


def test_a_changed_text_is_compared_again(db: Database) -> None:
    update_reprints(db)
    db.conn.execute("update stems set body = 'басқа сөз' where id = 2")
    assert count_pending(db) == 1
    assert [row["article"] for row in db.query("select article from reprints order by place")] == [1, 3]
    update_reprints(db)
    assert group_of(db, 2) is None


@pytest.mark.parametrize("compared", [True, False])
def test_what_is_withheld_is_in_no_group(compared: bool, db: Database, tmp_path: Path) -> None:
    if compared:
        update_reprints(db)
    embargo_article(db, 1, until=datetime.date(2099, 1, 1))
    group = group_of(db, 2)
    assert group is not None
    assert [m.article for m in group.members] == [2, 3]
    assert group_of(db, 1) is None
    assert "/article/1" not in get(tmp_path, "/reprints").text + get(tmp_path, "/reprints/2").text
    assert get(tmp_path, "/reprints/1").status_code == 404
    assert all(row["article"] != 1 for row in get(tmp_path, "/archive/reprints.json?_shape=array").json())
    run(tmp_path, "reprints", "1", code=1)
    lift_embargo(db, 1)
    with db.atomic():
        remove_article(db, 1)
    group = group_of(db, 2)
    assert group is not None
    assert [m.article for m in group.members] == [2, 3]
    left = ("reprint_sketches", "reprint_pairs", "reprint_groups", "uncompared")
    assert not [t for t in left for row in db[t].rows if 1 in (row.get("article"), row.get("first"), row.get("second"))]
    db.conn.execute("insert into reprint_sketches_fts(reprint_sketches_fts, rank) values ('integrity-check', 1)")


def test_the_command_lists_groups_and_shows_one(db: Database, tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "reprints", "--json")) == []
    run(tmp_path, "reprints", "--update")
    (group,) = json.loads(run(tmp_path, "reprints", "--json"))
    assert [row["article"] for row in group] == [1, 2, 3]
    data = json.loads(run(tmp_path, "reprints", "2", "--json"))
    assert (data["first"], [row["article"] for row in data["articles"]]) == (1, [1, 2, 3])
    states = {row["sentence"][:12]: [a["state"] for a in row["articles"]] for row in data["sentences"]}
    assert states == {
        "Облыс орталы": ["same", "same", "same"],
        "Көпірдің ұзы": ["same", "changed", "same"],
        "Құрылысқа ре": ["same", "same", "same"],
        "Жұмыс келесі": ["same", "lacks", "same"],
    }
    assert "Көпірдің ұзындығы үш жүз метр болмақ." in run(tmp_path, "reprints", "2", "--sentences")
    assert json.loads(run(tmp_path, "reprints", "4", "--json"))["articles"] == []


def test_the_pages_show_groups_and_sentences(db: Database, tmp_path: Path) -> None:
    update_reprints(db)
    assert get(tmp_path, "/reprints?lang=kk").text.count('href="/article/') == 3
    page = get(tmp_path, "/reprints/3?lang=ru").text
    assert re.search(r"<del>\s*жиырма\s*</del>", page)
    assert get(tmp_path, "/reprints.csv").text.count("\r\n") == 4
    assert len(get(tmp_path, "/reprints/1.json").json()["sentences"]) == 4
    assert get(tmp_path, "/reprints/1.csv").text.count("lacks") == 1
    assert get(tmp_path, "/reprints/99").status_code == 404


def test_a_crawl_compares_what_it_stored(crawl: Any, folder: Path) -> None:
    crawl()
    db = read_archive(folder)
    assert count_pending(db) == 0
    assert db["reprint_sketches"].count == db["articles"].count > 0


SAID = "Біз бұл жолды келесі жылдың соңына дейін толық аяқтаймыз"


@pytest.mark.parametrize("compared", [True, False])
def test_the_first_use_of_a_quotation_comes_first(compared: bool, tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    texts = [f"Кеше әкім мәлімдеме жасады. «{SAID}», – деді ол.", f"Депутат «Иә. {SAID}» деп еске салды.", SAID]
    texts += [f"Басқа хабар: “{SAID.upper()}!” екен.", f"{FIRST} «{SAID}».", f"{FIRST} «{SAID}»."]
    store(db, [sample(text) for text in texts])
    if compared:
        update_reprints(db)
    found = quotations_of(db, 2)
    assert [[use.article for use in reused.uses] for reused in found] == [[1, 2, 4, 5, 6]]
    if compared:
        assert [use.is_reprint for use in found[0].uses] == [False, False, False, False, True]
        (row,) = most_reused(db)
        assert (row["articles"], row["sites"]) == (5, 4)
        page = get(tmp_path, f"/quotations/{row['key']}?lang=kk").text
        assert page.index("/article/1") < page.index("/article/2")
        assert SAID in get(tmp_path, "/quotations").text
    assert get(tmp_path, "/quotations/0123456789abcdef").status_code == 404
    assert len(json.loads(run(tmp_path, "quotations", "1", "--json"))[0]["uses"]) == 5
    embargo_article(db, 1, until=datetime.date(2099, 1, 1))
    assert [use.article for use in quotations_of(db, 2)[0].uses] == [2, 4, 5, 6]
    assert get(tmp_path, "/article/1/quotations").status_code == 404
    with db.atomic():
        remove_article(db, 4)
    assert [use.article for use in quotations_of(db, 2)[0].uses] == [2, 5, 6]
    assert not [row for row in db["quotations"].rows if row["article"] == 4]

"""What stored pages teach of a site: blocks that are no text, and where the text stands."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from newsarchive.demo import Newspaper

Run = Callable[..., subprocess.CompletedProcess[str]]
NOTICE = "Газетке әр айдың соңына дейін кез келген пошта бөлімшесінде тіркелуге болады."


def test_a_block_that_stands_in_all_articles_is_proposed_and_the_hint_takes_it_out(
    paper: Newspaper, crawl: Callable[..., str], newsarchive: Run, folder: Path, db: Callable[[], Database]
) -> None:
    paper.notice, paper.rest = NOTICE, "404"  # where WordPress tells its texts, there is nothing to learn
    crawl()
    (with_notice,) = db().conn.execute("select count(*) from articles where instr(body, ?)", [NOTICE]).fetchone()
    assert with_notice == 45
    before = db().conn.execute("select count(*) from revisions").fetchone()
    proposal = json.loads(newsarchive("sites", "check", "paper", "--learn", "--json").stdout)
    assert list(proposal["drop"]) == ["div.gazet-line"]
    changes = proposal["drop"]["div.gazet-line"]
    assert len(changes) == 45
    assert {line for change in changes for line in change["lines"]} == {NOTICE}
    assert proposal["body"] == "div.entry-content"
    assert db().conn.execute("select count(*) from revisions").fetchone() == before
    path = folder / "sites" / "paper.toml"
    path.write_text(path.read_text(encoding="utf-8") + proposal["toml"], encoding="utf-8")
    newsarchive("reextract")
    assert db().conn.execute("select count(*) from articles where instr(body, ?)", [NOTICE]).fetchone() == (0,)
    assert db().conn.execute("select count(*) from changes").fetchone() == (0,)


def test_too_few_articles_teach_nothing(newsarchive: Run, crawl: Callable[..., str]) -> None:
    crawl("--limit", "3")
    assert "too few" in newsarchive("sites", "check", "paper", "--learn", code=1).stderr

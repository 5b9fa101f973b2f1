"""Parameters of URLs that change nothing: what proves them, and what becomes of the copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsarchive.database import open_archive, save_article, save_capture, save_listed, save_site
from newsarchive.database.idle import KnownAddresses, idle_parameters, learn_idle_parameters, learned_idle
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Capture, Listed
from newsarchive.sites import Site
from newsarchive.times import now
from newsarchive.urls import url_key

SITE = Site(name="a", url="https://a.kz/")
THREE = range(3)


@pytest.mark.parametrize(
    ("digests", "idle"),
    [
        ({f"a.kz/n?id={n}&from={x}": f"d{n}" for n in THREE for x in "ab"}, {"from"}),
        ({f"a.kz/{n}{x}": f"d{n}" for n in THREE for x in ("", "?ref=x")}, {"ref"}),  # with and without it
        ({f"a.kz/{n}?p={x}&rnd={x}{n}": f"d{n}" for n in THREE for x in "ab"}, {"p", "rnd"}),  # only together
        ({f"a.kz/{n}?from={x}": f"d{n}" for n in range(2) for x in "ab"}, set()),  # too few
        ({f"a.kz/n?id={n}": "maintenance" for n in range(9)}, set()),  # one page in place of many
        ({f"a.kz/n?id={n}": f"d{n % 3}" for n in range(9)}, set()),  # published twice: the ID does matter
        (
            {**{f"a.kz/{n}?lang={x}": f"d{n}" for n in THREE for x in "ab"}, "a.kz/9?lang=kk": "x", "a.kz/9?lang=ru": "y"},
            set(),
        ),
        ({f"a.kz/{n}?id={n}": f"d{n}" for n in range(9)}, set()),
    ],
)  # fmt: skip
def test_copies_prove_which_parameters_change_nothing(digests: dict[str, str], idle: set[str]) -> None:
    assert idle_parameters(digests) == idle


def test_copies_become_aliases_and_their_captures_are_kept(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    for place in ("rss", "home"):
        for number in THREE:
            url = f"https://a.kz/n?id={number}&from={place}"
            capture = Capture(url=url, time=now(), status=200, sha256="x", warc="w", offset=number, length=1)
            numbers = (save_capture(db, capture, None),) if place == "home" else ()
            save_listed(db, Listed(url=url), site=SITE, source="feed", time=now())
            article = Article(url=url, site="a", title=f"Су {number}", body="Суды үнемдеу керек. " * 9)
            save_article(db, article, site=SITE, urls=[url], provenance=Provenance(time=now(), captures=numbers))
    assert learn_idle_parameters(db, "a", known=(), time=now()) == (["from"], 3)
    assert [row["url"] for row in db.query("select url from articles")] == [
        f"https://a.kz/n?id={n}&from=rss" for n in THREE
    ]
    aliases = db.execute("select count(*) from urls where state = 'alias' and article is not null").fetchone()
    assert aliases == (3,)
    assert db.execute("select count(*) from sightings").fetchone() == (3,)
    assert learn_idle_parameters(db, "a", known=(), time=now()) == ([], 0)
    assert learned_idle(db, "a") == {"from"}
    listed = KnownAddresses(db, SITE).listed_as(
        Listed(url=f"https://a.kz/n?{query}")
        for query in ("id=1&from=mail", "id=1", "id=7&from=mail", "id=7&from=x", "id=8")
    )
    assert [entry.url.partition("?")[2] for entry in listed] == [
        "id=1&from=rss", "id=1&from=rss", "id=7&from=mail", "id=7&from=mail", "id=8",
    ]  # fmt: skip


def test_a_parameter_of_the_profile_is_known_from_the_first_listing_on(tmp_path: Path) -> None:
    db, site = open_archive(tmp_path), Site(name="a", url="https://a.kz/", idle_parameters=("from",))
    save_site(db, site)
    listed = KnownAddresses(db, site).listed_as(Listed(url=f"https://a.kz/1?from={place}") for place in "xyz")
    assert {url_key(entry.url) for entry in listed} == {"a.kz/1?from=x"}

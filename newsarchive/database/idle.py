"""Parameters of URLs that change nothing on a site: how they are proved, and the copies of articles that they made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import parse_qs

from sqlite_utils import Database

from newsarchive.database.removal import remove_article
from newsarchive.database.revisions import save_sighting
from newsarchive.items import Listed
from newsarchive.sites import Site
from newsarchive.urls import key_without, url_key

ENOUGH_COPIES = 3
"""Articles whose copies prove that a parameter changes nothing."""


def idle_parameters(digests: Mapping[str, str]) -> frozenset[str]:
    """Return the parameters that change nothing, from the digest of each article's content by its key.

    Proof is that at least ENOUGH_COPIES articles have copies whose URLs differ in such parameters alone, and that no
    other content hides under one of the URLs without them.

    >>> sorted(idle_parameters({f"a.kz/{n}?from={x}": f"d{n}" for n in range(3) for x in "ab"}))
    ['from']
    """
    copies: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, digest in digests.items():
        copies[key.partition("?")[0], digest].append(key)
    varied: dict[str, set[str]] = defaultdict(set)
    for (_path, digest), keys in copies.items():
        for name in _varied(keys):
            varied[name].add(digest)
    names = frozenset(name for name, found in varied.items() if len(found) >= ENOUGH_COPIES)
    if _proved(names, digests):
        return names
    return frozenset(name for name in names if _proved(frozenset({name}), digests))


def _varied(keys: Iterable[str]) -> set[str]:
    """Return the names of the parameters whose values differ among keys."""
    queries = [parse_qs(key.partition("?")[2], keep_blank_values=True) for key in keys]
    names = {name for query in queries for name in query}
    return {name for name in names if any(query.get(name) != queries[0].get(name) for query in queries)}


def _proved(names: frozenset[str], digests: Mapping[str, str]) -> bool:
    """True if no two contents have one key without these parameters."""
    found: dict[str, str] = {}
    return all(found.setdefault(key_without(key, names), digest) == digest for key, digest in digests.items())


def learn_idle_parameters(db: Database, site: str, *, known: Iterable[str], time: str) -> tuple[list[str], int]:
    """Learn from a site's articles which parameters change nothing, and merge the copies that they made.

    `known` are those of the profile. Returns the names that are new, and the number of copies merged.
    """
    rows = db.conn.execute(
        "select a.key, r.digest from articles a join revisions r on r.id = a.current_revision"
        " where a.site = ? and a.gone is null and a.key like '%?%'"
        " union all select a.key, r.digest from articles a join revisions r on r.id = a.current_revision"
        " where a.site = ?1 and a.key in"
        " (select substr(key, 1, instr(key, '?') - 1) from articles where site = ?1 and key like '%?%')",
        (site,),
    )
    before = learned_idle(db, site) | frozenset(known)
    found = idle_parameters(dict(rows.fetchall())) - before
    for name in sorted(found):
        db.conn.execute(
            "insert or ignore into idle_parameters (site, name, learned) values (?, ?, ?)", (site, name, time)
        )
    return sorted(found), _merge_copies(db, site, before | found) if before or found else 0


def learned_idle(db: Database, site: str) -> frozenset[str]:
    """Return the names of the parameters that crawls proved to change nothing."""
    return frozenset(name for (name,) in db.conn.execute("select name from idle_parameters where site = ?", (site,)))


def _merge_copies(db: Database, site: str, names: frozenset[str]) -> int:
    """Merge the articles whose URLs differ in idle parameters alone into the oldest of them; return how many.

    The copies' URLs become aliases, and their captures sightings of its content. One that has a history of its own, or
    is under embargo, stays.
    """
    rows = db.conn.execute(
        "select a.id, a.key, r.id, r.digest, (select count(*) from revisions where article = a.id) = 1"
        " and a.id not in (select article from embargoes)"
        " from articles a join revisions r on r.id = a.current_revision where a.site = ? order by a.id",
        (site,),
    ).fetchall()
    first: dict[tuple[str, str], tuple[int, int]] = {}
    merged = 0
    for article, key, revision, digest, simple in rows:
        kept, shown = first.setdefault((key_without(key, names), digest), (article, revision))
        if kept == article or not simple:
            continue
        captures = db.conn.execute("select capture from revision_captures where revision = ?", (revision,)).fetchall()
        save_sighting(db, shown, tuple(number for (number,) in captures))
        db.conn.execute(
            "update urls set article = ?, state = 'alias', next_visit = null where article = ?", (kept, article)
        )
        remove_article(db, article)
        merged += 1
    return merged


class KnownAddresses:
    """The URLs of a site by their keys without idle parameters, so that a listing's variants are known again."""

    def __init__(self, db: Database, site: Site) -> None:
        self.names = learned_idle(db, site.name) | frozenset(site.idle_parameters)
        self._db = db
        self._urls: dict[str, str] = {}
        if self.names:
            rows = db.conn.execute(
                "select key, url from urls where site = ? and key like '%?%' order by state = 'alias', id", (site.name,)
            )
            for key, url in rows:
                self._urls.setdefault(key_without(key, self.names), url)

    def listed_as(self, articles: Iterable[Listed]) -> tuple[Listed, ...]:
        """Return a listing's articles, those known under another variant of their URL with that URL."""
        return tuple(self._known(listed) for listed in articles) if self.names else tuple(articles)

    def _known(self, listed: Listed) -> Listed:
        key = url_key(listed.url)
        plain = key_without(key, self.names)
        if plain == key and plain not in self._urls:
            return listed
        row = self._db.conn.execute("select url from urls where key = ?", (plain,)).fetchone()
        url = row[0] if row else self._urls.setdefault(plain, listed.url)
        return listed if url == listed.url else replace(listed, url=url)

"""Proposes a profile from the pages of a probe: every source that lists articles, the most complete first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from newsarchive.discovery.links import MOST_FEEDS
from newsarchive.discovery.markup import base_of, parse_html
from newsarchive.discovery.pager import last_number
from newsarchive.discovery.probe import (
    html_pages,
    learned_home,
    less_usual_sitemaps,
    listing_of,
    pager_of,
    rest_roots,
    sitemap_of,
    sitemaps_named,
)
from newsarchive.discovery.sections import section_urls
from newsarchive.discovery.site_facts import rest_root_of, timezone_of, title_and_language
from newsarchive.items import Listed, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import url_key

MOST_LISTINGS = 24
_NO_SHORT_SITEMAP = 1_000


@dataclass(kw_only=True, frozen=True)
class Finding:
    """One source that a probe found: how many articles it lists, the newest and the oldest day it states.

    `exact` is False where the number is estimated from a part of the source. `keys` are those of the articles seen.
    """

    source: Source
    number: int
    exact: bool
    newest: str = ""
    oldest: str = ""
    keys: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    """Those on the first page of a listing."""
    elsewhere: str = ""
    """A host that is not the site's, if the source lists only articles there."""

    def sentence(self) -> str:
        """Return the finding in one clause.

        >>> Finding(source=Source(kind="feed"), number=10, exact=True, newest="2025-02-18").sentence()
        'feed: 10 articles, the newest of 2025-02-18'
        """
        name = f"{self.source.kind} {self.source.url}".strip()
        number = f"{'' if self.exact else 'about '}{self.number:,} article{'' if self.number == 1 else 's'}"
        days = f", the newest of {self.newest}" if self.newest else ""
        days = f", {self.oldest} to {self.newest}" if self.oldest else days
        return f"{name}: {number}{days}"


@dataclass(kw_only=True, frozen=True)
class Proposal:
    """A proposed profile, and what each of its sources would give."""

    site: Site
    findings: tuple[Finding, ...]
    elsewhere: tuple[str, ...] = ()
    """Hosts of the articles of sources that list none of the site's own."""

    @property
    def seen_whole(self) -> bool:
        """True if the probe saw every article that its sources list, so that it knows which of them are needed."""
        return not any(finding.number > len(finding.keys) for finding in self.findings)


def propose_site(name: str, url: str, pages: Mapping[str, Page]) -> Proposal:
    """Propose a profile from the probed `pages`, which are keyed by the requested URL."""
    home = learned_home(url, pages)
    rest = rest_root_of(pages)
    site = Site(name=name, url=home)
    title, language = title_and_language(pages.get(home) or next(iter(pages.values()), None))
    found = [*_wordpress(site, pages), *_sitemaps(site, pages), *_feeds(site, pages)]
    own = [finding for finding in found if not finding.elsewhere]
    own += _listings(site, pages, own)
    findings = tuple(sorted(own, key=lambda f: -f.number * _PREFERENCE[f.source.kind]))
    proposed = Site(
        name=name,
        title=str(rest.get("name") or title),
        url=home,
        language=language,
        timezone=timezone_of(rest, home),
        sources=tuple(finding.source for finding in findings),
    )
    elsewhere = tuple(dict.fromkeys(finding.elsewhere for finding in found if finding.elsewhere))
    return Proposal(site=proposed, findings=findings, elsewhere=elsewhere)


_PREFERENCE = {"wordpress": 3, "sitemap": 1.5, "feed": 1, "listing": 1}
"""What a source is worth besides the number of its articles: WordPress and most sitemaps state what changed."""


def _finding(
    site: Site, source: Source, articles: Sequence[Listed], *, number: int = 0, exact: bool = True
) -> Finding | None:
    """Measure a source by articles that it lists; None if there are none."""
    own = [listed for listed in articles if site.covers(listed.url)]
    if not own:
        host = urlsplit(articles[0].url).netloc if articles else ""
        return Finding(source=source, number=0, exact=True, elsewhere=host) if host else None
    days = sorted(day[:10] for listed in own if (day := listed.hints.published or listed.lastmod))
    return Finding(
        source=source,
        number=max(number, len(own)),
        exact=exact,
        newest=days[-1] if days else "",
        oldest=days[0] if days and exact else "",
        keys=frozenset(url_key(listed.url) for listed in own),
    )


def _wordpress(site: Site, pages: Mapping[str, Page]) -> list[Finding]:
    """Find posts, the newspaper's own post types, and posts in other languages."""
    usual, findings, seen = urljoin(site.url, "wp-json/wp/v2/posts"), list[Finding](), set[str]()
    roots = tuple(rest_roots(site.url, pages))
    for url, page in pages.items():
        if (
            not re.search(r"wp/v2/|%2Fwp%2Fv2%2F", url)
            or "per_page=" not in url
            or not url.startswith(tuple(r.partition("?")[0] for r in roots))
        ):
            continue
        plain = _without_probe_parameters(url)
        source = Source(kind="wordpress", url="" if plain == usual else plain)
        listing = listing_of(page, site, source)
        finding = listing and _finding(
            site,
            source,
            listing.articles,
            number=listing.total or 0,
            exact=listing.total is not None and listing.total <= len(listing.articles),
        )
        if listing and finding and (finding.elsewhere or finding.keys - seen):
            stated = replace(
                finding,
                exact=listing.total is not None,
                oldest="" if len(finding.keys) < finding.number else finding.oldest,
            )
            findings.append(stated)
            seen |= finding.keys
    return findings


def _without_probe_parameters(url: str) -> str:
    return (
        re.sub(r"[?&](?:per_page|_fields)=[^&]*", lambda m: "?" if m[0][0] == "?" else "", url)
        .replace("?&", "?")
        .rstrip("?&")
    )


def _sitemaps(site: Site, pages: Mapping[str, Page]) -> list[Finding]:
    """Find the sitemaps: those of robots.txt as one source, else the first of the usual ones that works."""
    findings: list[Finding] = []
    robots = pages.get(urljoin(site.url, "/robots.txt"))
    named = [*sitemaps_named(site.url, pages), *less_usual_sitemaps(site.url, pages)]
    from_robots = robots is not None and robots.status == 200 and b"map" in robots.body.lower()
    for url in named:
        files = [url]
        top = sitemap_of(pages.get(url), site)
        if top is None:
            continue
        files += [*top.listings[:1], *top.listings[-1:]]
        read = [m for f in dict.fromkeys(files) if (m := sitemap_of(pages.get(f), site))]
        articles = [listed for listing in read for listed in listing.articles]
        exact = all(file in pages for file in top.listings)
        per_file = max((len(listing.articles) for listing in read), default=0)
        number = len(articles) if exact else per_file * len(top.listings)
        finding = _finding(site, Source(kind="sitemap", url=url), articles, number=number, exact=exact)
        findings += [finding] if finding else []
    good = [finding for finding in findings if not finding.elsewhere]
    if from_robots and good:
        whole = good[0]
        for other in good[1:]:
            whole = _joined(whole, other)
        own_named = [u for u in named if site.covers(u)]
        url = "" if own_named and any(f.source.url in named for f in good) else good[0].source.url
        return [replace(whole, source=Source(kind="sitemap", url=url))]
    return good[:1] or findings[:1]


def _joined(one: Finding, other: Finding) -> Finding:
    new = len(other.keys - one.keys)
    days = [day for day in (one.oldest, other.oldest, one.newest, other.newest) if day]
    return replace(
        one,
        number=one.number + (new if other.exact else other.number),
        exact=one.exact and other.exact,
        newest=max(days, default=""),
        oldest=min((day for day in (one.oldest, other.oldest) if day), default=""),
        keys=one.keys | other.keys,
    )


def _feeds(site: Site, pages: Mapping[str, Page]) -> list[Finding]:
    """Find the feeds; one that lists nothing that the larger ones do not is left out."""
    found: list[Finding] = []
    usual, as_sitemaps = urljoin(site.url, "feed/"), set(sitemaps_named(site.url, pages))
    for url, page in pages.items():
        if url in as_sitemaps:
            continue
        source = Source(kind="feed", url="" if url == usual else url)
        listing = listing_of(page, site, source)
        finding = listing and _finding(site, source, listing.articles, exact=not listing.listings)
        found += [finding] if finding else []
    kept, seen = list[Finding](), set[str]()
    for finding in sorted(found, key=lambda f: (-f.number, f.source.url != "")):
        if finding.elsewhere or finding.keys - seen:
            kept.append(finding)
            seen |= finding.keys
    return kept[:MOST_FEEDS]


def _listings(site: Site, pages: Mapping[str, Page], known: Sequence[Finding]) -> list[Finding]:
    """Find listing pages: the home page and its sections, where the other sources do not have all that these list.

    If only the newest articles of a complete source were seen, only a listing's first page can be held against them.
    """
    seen = {key for finding in known for key in finding.keys}
    all_of = [finding for finding in known if finding.source.kind in ("wordpress", "sitemap")]
    complete, in_part = bool(all_of), any(finding.number > len(finding.keys) for finding in all_of)
    surely = any(f.source.kind == "wordpress" or not f.exact or f.number > _NO_SHORT_SITEMAP for f in all_of)
    homes = html_pages(site.url, pages)
    urls = dict.fromkeys([*(page.url for page in homes), *(u for page in homes for u in section_urls(page, site))])
    by_url = {page.url: page for page in homes} | dict(pages)
    found = [finding for url in urls if url in by_url and (finding := _listing(site, url, by_url[url], pages))]
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda f: (-f.number, -len(f.keys))):
        new = (finding.first if in_part else finding.keys) - seen
        longer = finding.number > sum(other.number for other in known) and not complete
        leads_further = not finding.exact and not surely  # a short sitemap may have the newest alone
        if (new and not complete) or len(new) > 1 or longer or (leads_further and not kept):
            kept.append(finding)
            seen |= finding.keys
    return kept[:MOST_LISTINGS]


def _listing(site: Site, url: str, page: Page, pages: Mapping[str, Page]) -> Finding | None:
    """Measure a listing page by its pager, which counts if its third page was proved, or its second is the last."""
    source = Source(kind="listing", url=url)
    read = pager_of(page, site, pages)
    articles = [listed for part in read if (listing := listing_of(part, site, source)) for listed in listing.articles]
    number, exact = len(articles), len(read) < 3
    if not exact:
        tree = parse_html(read[0])
        number = max(number, last_number(tree, read[0].url, base_of(tree, read[0].url)) * len(articles) // len(read))
    finding = _finding(site, source, articles, number=number, exact=exact)
    first = listing_of(read[0], site, source)
    keys = frozenset(url_key(listed.url) for listed in first.articles) if first else frozenset()
    return finding and replace(finding, first=keys & finding.keys)

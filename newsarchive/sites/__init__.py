"""Site profiles: one TOML file per newspaper."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cssselect import HTMLTranslator, SelectorError

from newsarchive.errors import NewsArchiveError
from newsarchive.urls import host_of, is_address

PACKAGED = Path(__file__).parent
MAX_DELAY = 3600
KINDS = ("wordpress", "sitemap", "feed", "listing")


class ProfileError(NewsArchiveError, ValueError):
    """An invalid profile; the message names the file and the key."""


@dataclass(kw_only=True, frozen=True)
class Source:
    """One way a site lists its articles.

    An empty `url` means the usual URL for this kind of source. `links` and `next` are CSS selectors.
    """

    kind: str
    url: str = ""
    links: str = ""
    next: str = ""
    pages: int = 0
    """Read at most this many listing pages; 0 means all."""


@dataclass(kw_only=True, frozen=True)
class ExtractionRules:
    """CSS selectors for fields that the extractor does not find by itself."""

    title: str = ""
    lead: str = ""
    body: str = ""
    authors: str = ""
    published: str = ""
    drop: tuple[str, ...] = ()


@dataclass(kw_only=True, frozen=True)
class Expect:
    """What a run is expected to find; an alert is raised if it finds less."""

    articles_per_week: float = 0
    fields: tuple[str, ...] = ()


@dataclass(kw_only=True, frozen=True)
class Site:
    """A newspaper and its profile."""

    name: str
    title: str = ""
    url: str
    language: str = ""
    timezone: str = "UTC"
    delay: float | None = None
    """Seconds between two requests to one host; None keeps the default."""
    contact: str = ""
    images: str = "none"
    strict_tls: bool = False
    """Refuse hosts with an invalid TLS certificate."""
    aliases: tuple[str, ...] = ()
    """Other hosts of the same site."""
    idle_parameters: tuple[str, ...] = ()
    """Parameters of URLs that change nothing."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    extraction: ExtractionRules = field(default_factory=ExtractionRules)
    expect: Expect = field(default_factory=Expect)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the site, each with and without ``www.``, with the port if it is not the default."""
        own = {host_of(self.url), *(host_of(f"https://{alias}") for alias in self.aliases)} - {""}
        bare = {h.removeprefix("www.") for h in own}
        return frozenset(bare | {f"www.{h}" for h in bare})

    def covers(self, url: str) -> bool:
        """True if the URL's host belongs to the site; False for an invalid URL."""
        return host_of(url) in self.hosts

    def wants(self, url: str) -> bool:
        """True if an article URL passes `include` and `exclude` (regular expressions, searched in the URL)."""
        if self.include and not any(re.search(p, url) for p in self.include):
            return False
        return not any(re.search(p, url) for p in self.exclude)


def read_profile(path: Path) -> Site:
    """Read one TOML profile; the site is named after the file's stem.

    Raises ProfileError, which names file and key, on broken TOML, unknown keys and values of the wrong type.
    """
    where = str(path).encode("utf-8", "backslashreplace").decode()
    try:
        path.stem.encode()
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(f"{where}: cannot be read: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise ProfileError(f"{where}: the file name is not UTF-8") from error
    except RecursionError as error:
        raise ProfileError(f"{where}: not valid TOML: nested too deeply") from error
    except ValueError as error:  # invalid TOML, UTF-8 or date, or a number with thousands of digits
        raise ProfileError(f"{where}: not valid TOML: {error}") from error
    return make_site(path.stem, data, where=where)


def make_site(name: str, data: Mapping[str, Any], *, where: str) -> Site:
    """Build a Site from a profile's data; `where` names the profile in errors. Raises ProfileError."""
    sources = data.get("sources", [])
    if not isinstance(sources, list):
        raise ProfileError(f"{where}: sources must be written as [[sources]]")
    if any(isinstance(source, dict) and "kind" not in source for source in sources):
        raise ProfileError(f"{where}: [[sources]]: kind is missing; known kinds: {', '.join(KINDS)}")
    if "url" not in data:
        raise ProfileError(f"{where}: url is missing")
    values = _checked(Site, {k: v for k, v in data.items() if k not in ("sources", "extraction", "expect")}, where)
    site = Site(
        **{**values, "name": name},
        sources=tuple(Source(**_checked(Source, s, f"{where}: [[sources]]")) for s in sources),
        extraction=ExtractionRules(**_checked(ExtractionRules, data.get("extraction", {}), f"{where}: [extraction]")),
        expect=Expect(**_checked(Expect, data.get("expect", {}), f"{where}: [expect]")),
    )
    _check_values(site, where)
    return site


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "float": (int, float),
    "float | None": (int, float),
    "int": (int,),
    "bool": (bool,),
    "tuple[str, ...]": (list,),
}


def _checked(record: type, data: Any, where: str) -> dict[str, Any]:
    known = {f.name: str(f.type) for f in fields(record) if str(f.type) in _TYPES}
    if record is Site:
        del known["name"]
    if not isinstance(data, dict):
        raise ProfileError(f"{where}: must be a table")
    for key, value in data.items():
        if key not in known:
            names = ", ".join([*known, *(("sources", "extraction", "expect") if record is Site else ())])
            raise ProfileError(f"{where}: unknown key “{key}”; known keys: {names}")
        types = _TYPES[known[key]]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ProfileError(f"{where}: {key} must be {_describe(types)}")
        if isinstance(value, list) and not all(isinstance(v, str) for v in value):
            raise ProfileError(f"{where}: {key} must be a list of text")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def _describe(types: tuple[type, ...]) -> str:
    return {str: "text", list: "a list of text", int: "a number", bool: "true or false"}[types[0]]


def _check_values(site: Site, where: str) -> None:
    if not is_address(site.url):
        raise ProfileError(f"{where}: url must be an http or https address")
    if site.images not in ("none", "lead", "all"):
        raise ProfileError(f"{where}: images must be none, lead or all")
    if site.delay is not None and not 0 <= site.delay <= MAX_DELAY:
        raise ProfileError(f"{where}: delay must be between 0 and {MAX_DELAY} seconds")
    if not 0 <= site.expect.articles_per_week < math.inf:
        raise ProfileError(f"{where}: [expect]: articles_per_week must be 0 or more")
    try:
        ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ProfileError(f"{where}: unknown time zone “{site.timezone}”") from error
    for source in site.sources:
        if source.kind not in KINDS:
            raise ProfileError(f"{where}: unknown source kind “{source.kind}”; known kinds: {', '.join(KINDS)}")
        if source.kind == "listing" and not source.url:
            raise ProfileError(f"{where}: a source of kind listing needs a url")
        if source.url and not is_address(source.url):
            raise ProfileError(f"{where}: [[sources]]: url must be an http or https address")
        if source.pages < 0:
            raise ProfileError(f"{where}: [[sources]]: pages must be 0 or more")
    _check_patterns(site, where)
    _check_selectors(site, where)


def _check_patterns(site: Site, where: str) -> None:
    for key, patterns in (("include", site.include), ("exclude", site.exclude)):
        for pattern in patterns:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise ProfileError(f"{where}: {key}: not a regular expression: “{pattern}”: {error}") from error


def _check_selectors(site: Site, where: str) -> None:
    rules = site.extraction
    named = {name: getattr(rules, name) for name in ("title", "lead", "body", "authors", "published")}
    selectors = [(f"[extraction]: {name}", selector) for name, selector in named.items()]
    selectors += [("[extraction]: drop", selector) for selector in rules.drop]
    selectors += [(f"[[sources]]: {name}", getattr(s, name)) for s in site.sources for name in ("links", "next")]
    for key, selector in selectors:
        try:
            if selector:
                HTMLTranslator().css_to_xpath(selector)
        except (SelectorError, RecursionError, ValueError) as error:
            raise ProfileError(f"{where}: {key}: not a CSS selector: “{selector}”: {error}") from error


@dataclass(kw_only=True, frozen=True)
class Profiles:
    """The sites by name, and the error of each invalid profile."""

    sites: dict[str, Site]
    broken: dict[str, ProfileError]


def load_profiles(*folders: Path) -> Profiles:
    """Load all profiles: the packaged ones, then those in `folders`. A later profile replaces one of the same name.

    An invalid profile does not affect the others.
    """
    sites: dict[str, Site] = {}
    broken: dict[str, ProfileError] = {}
    for name, path in sorted(profile_paths(PACKAGED, *folders).items()):
        try:
            sites[name] = read_profile(path)
        except ProfileError as error:
            broken[name] = error
    return Profiles(sites=sites, broken=broken)


def load_sites(*folders: Path) -> dict[str, Site]:
    """Return the sites of all valid profiles by name."""
    return load_profiles(*folders).sites


def profile_paths(*folders: Path) -> dict[str, Path]:
    """Return the profile files by site name; hidden files, such as editors leave behind, are skipped."""
    return {p.stem: p for folder in folders for p in sorted(folder.glob("*.toml")) if not p.name.startswith(".")}


def site_of(url: str, sites: Iterable[Site]) -> Site | None:
    """Return the site that covers the URL, if any."""
    return next((site for site in sites if site.covers(url)), None)


def host_site(url: str) -> Site:
    """Return a Site named after the URL's host, for a newspaper without a profile."""
    parts = urlsplit(url)
    host = (parts.hostname or "local").removeprefix("www.")
    return Site(name=host, title=host, url=f"{parts.scheme}://{parts.netloc}/")

"""Site profiles: what is known of a newspaper, read from one TOML file each."""

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
from newsarchive.urls import is_address

PACKAGED = Path(__file__).parent
LONGEST_DELAY = 3600
KINDS = ("wordpress", "sitemap", "feed", "listing")


class ProfileError(NewsArchiveError, ValueError):
    """A profile that cannot be used; the message names the file and the key."""


@dataclass(kw_only=True, frozen=True)
class Source:
    """One way a site lists its articles. `url` empty: the usual place of its kind. `links` and `next` are CSS."""

    kind: str
    url: str = ""
    links: str = ""
    next: str = ""
    pages: int = 0
    """How many listing pages to follow at most; 0 is all."""


@dataclass(kw_only=True, frozen=True)
class ExtractionRules:
    """CSS selectors for what a site's pages do not say themselves."""

    title: str = ""
    lead: str = ""
    body: str = ""
    authors: str = ""
    published: str = ""
    drop: tuple[str, ...] = ()


@dataclass(kw_only=True, frozen=True)
class Expect:
    """What a run must give; less is reported."""

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
    """Seconds between two requests to one host; None leaves the polite default."""
    contact: str = ""
    images: str = "none"
    strict_tls: bool = False
    """Refuse hosts whose TLS certificate is not valid."""
    aliases: tuple[str, ...] = ()
    """Further hosts that are the same site."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    extraction: ExtractionRules = field(default_factory=ExtractionRules)
    expect: Expect = field(default_factory=Expect)

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that are the site, each with and without ``www.``; with the port where it is not the default."""
        own = {urlsplit(self.url).netloc.lower(), *(a.lower() for a in self.aliases)}
        bare = {h.removeprefix("www.") for h in own}
        return frozenset(bare | {f"www.{h}" for h in bare})

    def covers(self, url: str) -> bool:
        """Whether the URL's host is one of the site's; what is no URL has none."""
        try:
            return urlsplit(url).netloc.lower() in self.hosts
        except ValueError:
            return False

    def wants(self, url: str) -> bool:
        """Whether `include` and `exclude` (regular expressions, searched in the URL) let an article URL pass."""
        if self.include and not any(re.search(p, url) for p in self.include):
            return False
        return not any(re.search(p, url) for p in self.exclude)


def read_profile(path: Path) -> Site:
    """Read one TOML profile; its name is the file's stem.

    Raises ProfileError, naming file and key, on broken TOML, unknown keys and values of the wrong kind.
    """
    where = str(path).encode("utf-8", "backslashreplace").decode()
    try:
        path.stem.encode()
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(f"{where}: cannot be read: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise ProfileError(f"{where}: the file's name is not UTF-8") from error
    except RecursionError as error:
        raise ProfileError(f"{where}: not valid TOML: nested too deep") from error
    except ValueError as error:  # of TOML, UTF-8, a date, or a number of thousands of digits
        raise ProfileError(f"{where}: not valid TOML: {error}") from error
    return make_site(path.stem, data, where=where)


def make_site(name: str, data: Mapping[str, Any], *, where: str) -> Site:
    """Build a Site from a profile's data; `where` names it in errors."""
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
        wanted = _TYPES[known[key]]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise ProfileError(f"{where}: {key} must be {_describe(wanted)}")
        if isinstance(value, list) and not all(isinstance(v, str) for v in value):
            raise ProfileError(f"{where}: {key} must be a list of text")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def _describe(wanted: tuple[type, ...]) -> str:
    return {str: "text", list: "a list of text", int: "a number", bool: "true or false"}[wanted[0]]


def _check_values(site: Site, where: str) -> None:
    if not is_address(site.url):
        raise ProfileError(f"{where}: url must be an http or https address")
    if site.images not in ("none", "lead", "all"):
        raise ProfileError(f"{where}: images must be none, lead or all")
    if site.delay is not None and not 0 <= site.delay <= LONGEST_DELAY:
        raise ProfileError(f"{where}: delay must be between 0 and {LONGEST_DELAY} seconds")
    if not 0 <= site.expect.articles_per_week < math.inf:
        raise ProfileError(f"{where}: [expect]: articles_per_week must be 0 or more")
    try:
        ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ProfileError(f"{where}: unknown timezone “{site.timezone}”") from error
    for source in site.sources:
        if source.kind not in KINDS:
            raise ProfileError(f"{where}: unknown kind of source “{source.kind}”; known kinds: {', '.join(KINDS)}")
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
    """The sites by name, and why each profile that is no site cannot be used."""

    sites: dict[str, Site]
    broken: dict[str, ProfileError]


def load_profiles(*folders: Path) -> Profiles:
    """All profiles, the packaged ones first; a profile in a later folder wins over one of the same name.

    One that cannot be used costs no other.
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
    """The sites of all sound profiles by name."""
    return load_profiles(*folders).sites


def profile_paths(*folders: Path) -> dict[str, Path]:
    """The profiles' files by the names of their sites; hidden files, as editors leave them, are none."""
    return {p.stem: p for folder in folders for p in sorted(folder.glob("*.toml")) if not p.name.startswith(".")}


def site_of(url: str, sites: Iterable[Site]) -> Site | None:
    """The site whose hosts cover the URL, if any."""
    return next((site for site in sites if site.covers(url)), None)


def host_site(url: str) -> Site:
    """A Site for a page of a newspaper without a profile, named after its host."""
    parts = urlsplit(url)
    host = (parts.hostname or "local").removeprefix("www.")
    return Site(name=host, title=host, url=f"{parts.scheme}://{parts.netloc}/")

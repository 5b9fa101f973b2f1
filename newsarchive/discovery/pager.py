"""Finds the next page of a listing: candidates by structure, by words and by data attributes, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from lxml import html

from newsarchive.urls import AddressError, absolute_url, url_key

MOST_CANDIDATES = 5
_IN_PAGER = 2
_FARTHEST_FIRST = 200
"""A first step to a higher number than this is no step to the next page: it is an article's ID, or a date."""
NEXT_WORDS = re.compile(
    r"^\W*(?:келесі|ілгері|алға|әрі қарай|ескі жазбалар|бұрынғы|ертерек|тағы|көбірек|барлығын көрсету"
    r"|след(?:\.|ующ\w+)|впер[её]д|далее|дальше|старые записи|предыдущие записи|ранее|ещ[её]|больше новостей"
    r"|(?:показать|загрузить) ещ[её]"
    r"|next|older|previous posts|(?:load|show|view|read) (?:more|older)|more (?:news|posts|articles|stories)"
    r"|keyingi|oldinga|yana|ko.proq|кейинги|олдинга|яна"
    r"|кийинки|дагы|андан ары|эскилери"
    r"|sonraki|ileri|daha (?:eski|fazla))(?!\w)",
    re.IGNORECASE,
)
_ARROWS = frozenset({"»", "›", "→", ">", ">>", "»»", "››", "⟩", "❯", "▶"})
_NEXT_CLASS = re.compile(
    r"(?:^|[\s_-])(?:next|older|load-?more|show-?more|nav-previous|more-(?:news|posts))(?:$|[\s_-])", re.IGNORECASE
)
PAGER_CLASS = re.compile(
    r"pag(?:er|inat|e-?nav|ing|es\b|en)|catpages|pagesblock|wp-pagenavi|nav-links|page-navigation", re.IGNORECASE
)
CALENDAR_CLASS = re.compile(r"calendar|datepicker|archive-month", re.IGNORECASE)
_DATA_NAMES = re.compile(
    r"^(?=.{0,100}$)(?:data-[\w-]*(?:url|href|next|more|link|src|path|ajax)[\w-]*|hx-get|up-href)$", re.IGNORECASE
)
_DATA_MEANS_NEXT = re.compile(r"next|more|load|page|ajax|hx-get", re.IGNORECASE)
_SUFFIX = re.compile(r"[/_.;-]?(?:[a-zа-яё]{1,8}[/_=-]?)?(\d{1,6})(?:/|\.html?|\.php)?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_SIZE_NAME = re.compile(r"(?:items?_?)?per[-_]?page|(?:page)?size(?:n_\d+)?|limit|rows|count", re.IGNORECASE)
"""Parameters that say how many articles a page has."""
_IS_SIZE = re.compile(rf"[?&](?:{_SIZE_NAME.pattern})=$", re.IGNORECASE)
_IN_SCRIPT = re.compile(r"""['"]((?:https?:/)?/[^'"<>\s]{1,500}|\?[^'"<>\s]{1,500})['"]""")
_LOADED_FRAMES = {"turbo-frame", "include-fragment"}


@dataclass(kw_only=True, frozen=True)
class Candidate:
    """A link that may lead to the next page; `number` is what it raises in the URL, None if nothing."""

    url: str
    score: int
    number: int | None


def next_pages(tree: html.HtmlElement, url: str, base: str, articles: Container[str]) -> tuple[str, ...]:
    """Return the URLs that may be the next page of the listing at `url`, the likeliest first.

    `articles` are the keys of the articles that the page lists: no next page is among them.
    """
    found: dict[str, Candidate] = {}
    for reference, score, text in [*_link_references(tree), *_data_references(tree)]:
        candidate = _candidate(reference, score, text, url=url, base=base, articles=articles)
        if candidate is not None and (old := found.get(candidate.url)) is None:
            found[candidate.url] = candidate
        elif candidate is not None and old is not None:
            found[candidate.url] = Candidate(url=old.url, number=old.number, score=max(old.score, candidate.score) + 1)
    best = sorted(found.values(), key=lambda c: (-_rank(c), c.number if c.number is not None else 0))
    return tuple(dict.fromkeys(c.url for c in best))[:MOST_CANDIDATES]


def following_number(url: str) -> str:
    """Return the URL with its last page number raised by one; empty if it has none.

    >>> following_number("https://a.kz/ajax/news?page=2"), following_number("https://a.kz/more/")
    ('https://a.kz/ajax/news?page=3', '')
    >>> following_number("https://a.kz/api/v1/news?page=2&limit=10")
    'https://a.kz/api/v1/news?page=3&limit=10'
    """
    numbers = [n for n in _NUMBER.finditer(url, url.find("/", 8)) if not _IS_SIZE.search(url[: n.start()])]
    last = next((n for n in reversed(numbers) if len(n[0]) <= 5), None)
    return f"{url[: last.start()]}{int(last[0]) + 1}{url[last.end() :]}" if last else ""


def last_number(tree: html.HtmlElement, url: str, base: str) -> int:
    """Return the highest page number that a pager shows in links of the form of a next page; 1 if there is none."""
    numbers = [1]
    for link in tree.iter("a"):
        text = " ".join((link.text_content() or "").split())
        if text.isdigit() and len(text) <= 6 and link.get("href"):
            try:
                step = page_step(url, absolute_url(base, link.get("href")))
            except AddressError:
                continue
            if step is not None:
                numbers.append(int(text))
    return max(numbers)


def _rank(candidate: Candidate) -> int:
    return candidate.score + (4 if candidate.number is not None else 0)


def _candidate(
    reference: str, score: int, text: str, *, url: str, base: str, articles: Container[str]
) -> Candidate | None:
    """Judge one reference; None if it cannot be the next page."""
    try:
        target = absolute_url(base, reference)
    except AddressError:
        return None
    target = target.partition("#")[0]
    if (
        urlsplit(target).netloc != urlsplit(url).netloc
        and url_key(target).partition("/")[0] != url_key(url).partition("/")[0]
    ):
        return None
    number = page_step(url, target)
    same = target == url.partition("#")[0] or url_key(target) == url_key(url)
    if same or (number is None and url_key(target) in articles):
        return None
    if number is not None and text.isdigit():
        if int(text) == 1:
            return None
        score += 2
    named = text.isdigit() and score >= _IN_PAGER  # a pager may add any parameters to the URL of its first page
    if score < (1 if number is not None else 3) and not named:
        return None
    return Candidate(url=target, score=score, number=number)


def page_step(url: str, target: str) -> int | None:
    """Return the number that `target` has where `url` has a lower one or none; None if more than that differs.

    >>> page_step("https://a.kz/news/", "https://a.kz/news/?PAGEN_1=2"), page_step("https://a.kz/n", "https://a.kz/n/page/2/")
    (2, 2)
    >>> page_step("https://a.kz/news/?page=2", "https://a.kz/news/?page=1"), page_step("https://a.kz/", "https://a.kz/about")
    (None, None)
    """
    here, there = urlsplit(url), urlsplit(target)
    old, new = _parameters(here.query), _parameters(there.query)
    old_path, new_path = _plain_path(here.path), _plain_path(there.path)
    if old_path == new_path:
        differing = [name for name in {*old, *new} if old.get(name) != new.get(name)]
        changed = [name for name in differing if not _SIZE_NAME.fullmatch(name)]
        if len(changed) != 1 or changed[0] not in new:
            return None
        return _raised(old.get(changed[0], ""), new[changed[0]])
    return _path_step(old_path, new_path) if old == new else None


def _parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query; some sites write ``?page2`` (uCoz).

    >>> _parameters("page2"), _parameters("p=7&print")
    ({'page': '2'}, {'p': '7', 'print': ''})
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    numbered = ((name, re.fullmatch(r"([a-z_]+)(\d+)", name) if not value else None, value) for name, value in pairs)
    return dict((match[1], match[2]) if match else (name, value) for name, match, value in numbered)


def _plain_path(path: str) -> str:
    return re.sub(r"/(?:index\.(?:php|html?))?$", "", path)


def _path_step(old: str, new: str) -> int | None:
    old_parts, new_parts = _NUMBER.split(old), _NUMBER.split(new)
    if old_parts == new_parts:
        pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
        changed = [(before, after) for before, after in pairs if before != after]
        return _raised(*changed[0]) if len(changed) == 1 else None
    stem = re.sub(r"\.(?:html?|php)$", "", old)
    suffix = _SUFFIX.fullmatch(new[len(stem) :]) if new.startswith(stem) else None
    return _raised("", suffix[1]) if suffix else None


def _raised(old: str, new: str) -> int | None:
    """Return the new number if it is higher than the old one, and not so high that it is something else.

    Of the numbers of several pagers (``0,2``) only the last one may differ.
    """
    before, comma, last = new.rpartition(",")
    if comma and set(before) <= set(old.rpartition(",")[0] or "0,"):
        return _raised(old.rpartition(",")[2], last)
    if not new.isdecimal() or len(new) > 7 or (old and not old.isdecimal()):
        return None
    number = int(new)
    lowest, highest = (int(old) + 1, int(old) + _FARTHEST_FIRST) if old else (1, _FARTHEST_FIRST)
    return number if lowest <= number <= highest else None


def _link_references(tree: html.HtmlElement) -> Iterator[tuple[str, int, str]]:
    """Yield the links that anything marks as a pager's, with a score and their text."""
    for link in tree.xpath("//link[@rel='next'][@href]"):
        yield link.get("href"), 3, ""
    for link in tree.iter("a"):
        if not link.get("href"):
            continue
        text = " ".join((link.text_content() or "").split())
        score = _link_score(link, text)
        if score or text.isdigit():
            yield link.get("href"), score, text
    for option in tree.iter("option"):
        text = " ".join((option.text_content() or "").split())
        if text.isdigit() and re.match(r"(?:https?:/)?/|\?", option.get("value") or ""):
            yield option.get("value"), 0, text


def _link_score(link: html.HtmlElement, text: str) -> int:
    parent = link.getparent()
    classes = f"{link.get('class', '')} {parent.get('class', '') if parent is not None else ''}"
    around = [_kinds_of(a.get("class", ""), a.get("id", "")) for a in link.iterancestors()]
    in_pager = any(pager for pager, _ in around)
    score = 3 if "next" in link.get("rel", "").split() else 0
    score += 3 if _NEXT_CLASS.search(classes) else 0
    labels = (text, link.get("title", ""), link.get("aria-label", ""))
    score += 3 if any(NEXT_WORDS.match(label) for label in labels) else 0
    score += 1 if text in _ARROWS else 0
    score += _IN_PAGER if in_pager else 0
    in_table = not in_pager and next(link.iterancestors("table"), None) is not None
    return score - (6 if in_table or any(calendar for _, calendar in around) else 0)


@lru_cache(maxsize=4096)  # the elements around links are the same on all pages of a site
def _kinds_of(classes: str, identifier: str) -> tuple[bool, bool]:
    """Return whether an element is a pager, and whether it is a calendar, by its class and id."""
    names = f"{classes} {identifier}"
    return PAGER_CLASS.search(names) is not None, CALENDAR_CLASS.search(names) is not None


def _data_references(tree: html.HtmlElement) -> Iterator[tuple[str, int, str]]:
    """Yield the URLs that scripts load more from, as buttons and frames have them in attributes."""
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in ("img", "source", "iframe", "video", "script"):
            continue
        if element.tag in _LOADED_FRAMES and element.get("src"):
            yield element.get("src"), 3, ""
        for name, value in element.items():
            address = _address_in(name, value.strip())
            if not address:
                continue
            words = " ".join([name, element.get("class", ""), element.get("id", "")])
            text = " ".join((element.text_content() or "").split())[:100]
            if _DATA_MEANS_NEXT.search(words) or NEXT_WORDS.match(text):
                yield address, 3 + (1 if NEXT_WORDS.match(text) else 0), ""
                if (number := element.get("data-page") or "").isdecimal() and "?" not in address:
                    yield f"{address}?page={number}", 3, ""


def _address_in(name: str, value: str) -> str:
    """Return the URL that an attribute holds, itself or within a line of script; empty if it has none."""
    if name == "onclick":
        found = _IN_SCRIPT.search(value[:2_000])
        return found[1] if found else ""
    return value if _DATA_NAMES.match(name) and re.match(r"(?:https?:/)?/|\?", value) else ""

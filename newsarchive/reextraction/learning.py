"""Learns from a site's stored pages: blocks that repeat over its articles, and the element that holds the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlite_utils import Database

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.database.revisions import captures_of, read_hints
from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.metadata import read_metadata
from newsarchive.extraction.pages import read_tree
from newsarchive.extraction.text import Text, read_text
from newsarchive.items import Hints, Page
from newsarchive.sites import ExtractionRules, Site
from newsarchive.text.folding import fold

ENOUGH = 5
"""The least number of articles to learn from."""
_OFTEN = 0.2
"""Share of a site's articles that must repeat a line for it to be boilerplate."""
_ALWAYS = 0.95
_FEWEST = 3
_UNIQUE = 0.1
"""Share of a block's letters that may belong to one article only while the block still counts as boilerplate."""


@dataclass(kw_only=True)
class Change:
    """What a rule would remove from one article: the URL and the lines."""

    url: str
    lines: list[str]


@dataclass(kw_only=True)
class Proposal:
    """Proposed rules for a profile, with what they would change; empty if the pages show none."""

    site: str
    articles: int
    drop: dict[str, list[Change]] = field(default_factory=dict)
    """CSS selectors of blocks that repeat over the articles, with the articles that would lose lines."""
    body: str = ""
    """CSS selector of the element that holds the text in all articles, so that extraction need not search for it."""

    def toml(self) -> str:
        """Return the proposal as lines for the profile."""
        if not self.drop and not self.body:
            return ""
        lines = ["[extraction]"]
        if self.body:
            lines.append(f'body = "{self.body}"')
        if self.drop:
            lines.append("drop = [" + ", ".join(f'"{selector}"' for selector in self.drop) + "]")
        return "\n".join(lines)


@dataclass(kw_only=True)
class _Read:
    """One stored article, extracted again."""

    url: str
    tree: Element
    blocks: list[Block]
    text: Text

    def lines(self) -> list[Block]:
        return [block for block in (*self.text.lead, *self.text.body) if block.key]


def learn(
    folder: Path, db: Database, site: Site, *, limit: int = 100, progress: Callable[[int, int], None] = lambda *_: None
) -> Proposal:
    """Propose rules for a site's profile from at most `limit` of its newest stored articles; stores nothing."""
    numbers = [
        row[0]
        for row in db.conn.execute(
            "select current_revision from articles where site = ? and current_revision is not null"
            " order by day desc, id desc limit ?",
            (site.name, limit),
        )
    ]
    reads = []
    for done, number in enumerate(numbers, 1):
        if found := _read(folder, db, site, number):
            reads.append(found)
        progress(done, len(numbers))
    proposal = Proposal(site=site.name, articles=len(reads))
    if len(reads) >= ENOUGH:
        proposal.drop = _boilerplate(reads)
        proposal.body = "" if site.extraction.body else _container(reads, site, list(proposal.drop))
    return proposal


def _read(folder: Path, db: Database, site: Site, revision: int) -> _Read | None:
    captures = captures_of(db, revision)
    (hints,) = db.conn.execute("select hints from revisions where id = ?", (revision,)).fetchone()
    try:
        pages = [read_capture(folder / "warc", warc=warc, offset=offset) for _, warc, offset in captures[:1]]
    except CaptureError:
        return None
    return _read_page(pages[0], site, read_hints(hints)) if pages else None


def _read_page(page: Page, site: Site, hints: Hints) -> _Read | None:
    tree = read_tree(page)
    root = tree.find("body") if tree is not None else None
    if tree is None or root is None:
        return None
    metadata = read_metadata(tree, page.url, site=site, hints=hints)
    descriptions = [metadata.description] if metadata.description else []
    text = read_text(
        tree,
        page.url,
        title=metadata.title,
        descriptions=descriptions,
        jsonld_body=metadata.jsonld_body,
        rules=site.extraction,
    )
    blocks = read_blocks(root)
    for block in blocks:
        block.key = fold(block.text)
    return _Read(url=page.url, tree=tree, blocks=blocks, text=text)


def _boilerplate(reads: Sequence[_Read]) -> dict[str, list[Change]]:
    """Return the selectors of repeated blocks, with what each would remove from which article."""
    seen = Counter(key for read in reads for key in {line.key for line in read.lines()})
    often = max(_FEWEST, _OFTEN * len(reads))
    repeated = {key for key, count in seen.items() if count >= often}
    found: dict[str, list[Change]] = {}
    for read in reads:
        for line in read.lines():
            if line.key not in repeated:
                continue
            for selector in _selectors(line.element):
                if selector in found or _is_boilerplate(selector, reads, repeated):
                    found.setdefault(selector, [])
                    break
    for selector, changes in found.items():
        for read in reads:
            below = {e for match in read.tree.cssselect(selector) for e in match.iter()}
            lost = [line.text for line in read.lines() if line.element in below]
            if lost:
                changes.append(Change(url=read.url, lines=lost))
    return found


def _selectors(element: Element) -> Iterator[str]:
    """Return CSS selectors for a block and its ancestors, the outermost first: by id, or by the first class."""
    chain: list[str] = []
    for ancestor in (element, *element.iterancestors()):
        if ancestor.tag in ("article", "main", "body"):
            break
        tag, classes, name = str(ancestor.tag), (ancestor.get("class") or "").split(), ancestor.get("id")
        if classes and _is_name(classes[0]):
            chain.append(f"{tag}.{classes[0]}")
        elif name and _is_name(name):
            chain.append(f"{tag}#{name}")
    yield from reversed(chain)


def _is_name(text: str) -> bool:
    """Return whether a class or id can be used in a selector as it is, and is not specific to one article."""
    return text.replace("-", "").replace("_", "").isalpha() and text.isascii()


def _is_boilerplate(selector: str, reads: Sequence[_Read], repeated: set[str]) -> bool:
    """Return whether a selector matches only repeated lines, on every page that has it."""
    own = shared = 0
    for read in reads:
        below = {e for match in read.tree.cssselect(selector) for e in match.iter()}
        for block in read.blocks:
            if block.element in below and block.key:
                repeats = block.key in repeated or block.linked >= 0.9 * len(block.text)
                shared += len(block.key) * repeats
                own += len(block.key) * (not repeats)
    return shared > 0 and own <= _UNIQUE * (own + shared)


def _container(reads: Sequence[_Read], site: Site, drop: Sequence[str]) -> str:
    """Return the selector of the element that holds the whole text on nearly all pages; empty if there is none."""
    candidates = Counter(
        selector
        for read in reads
        if read.text.main is not None
        for selector in {*_selectors(read.text.main)}
        if len(read.tree.cssselect(selector)) == 1
    )
    rules = replace(site.extraction, drop=(*site.extraction.drop, *drop))
    for selector, count in candidates.most_common(3):
        hinted = replace(rules, body=selector)
        if count >= _ALWAYS * len(reads) and all(_gives_same(read, hinted, rules) for read in reads):
            return selector
    return ""


def _gives_same(read: _Read, rules: ExtractionRules, usual: ExtractionRules) -> bool:
    one, other = (read_text(read.tree, read.url, rules=chosen) for chosen in (rules, usual))
    return [b.key for b in one.body if b.key] == [b.key for b in other.body if b.key]

"""The text of one page: located by the listing or trafilatura, read from the page's own blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.blocks import Block, Element, is_prose, is_running, is_sentence
from newsarchive.extraction.choice import Choice, choose
from newsarchive.extraction.cleaning import without_counters, without_notes
from newsarchive.extraction.frames import framed_marks
from newsarchive.extraction.javascript import text_in_scripts
from newsarchive.extraction.listed import ListedText
from newsarchive.extraction.marking import first_marks, is_large, thorough_marks
from newsarchive.extraction.marks import Marks, marks_of
from newsarchive.extraction.pages import parse
from newsarchive.extraction.rules import is_on
from newsarchive.extraction.standfirst import find_standfirst
from newsarchive.extraction.visibility import hides_text
from newsarchive.items import Hints
from newsarchive.sites import ExtractionRules
from newsarchive.text.folding import fold

_MIN_WORDS = 60
_MIN_JSONLD = 120
"""Characters of JSON-LD text from which it is used if the page shows almost no text."""
_MIN_LAST = 60
"""Folded characters that are a text, if nothing else was found."""
_SHARE_OF_PAGE = 0.45
_SHARE_OF_JSONLD = 0.7
_SHARE_OF_LISTED = 0.85
"""A text with this share of the words in the listing is complete, however short."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Text:
    """The text of one page: `lead` and `body` as blocks (the body includes images), and the element around it.

    `evidence` and `lead_evidence` are the sources of body and lead.
    """

    lead: tuple[Block, ...] = ()
    lead_evidence: str = ""
    body: tuple[Block, ...] = ()
    main: Element | None = None
    evidence: str = ""
    omitted: tuple[tuple[str, Block], ...] = ()
    """Blocks inside `main` that were left out, each with the rule."""

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the body."""
        return [block.text for block in self.body if block.text]


def read_text(
    tree: Element,
    url: str,
    *,
    title: str = "",
    descriptions: Sequence[str] = (),
    jsonld_body: str = "",
    hints: Hints = Hints(),
    rules: ExtractionRules = ExtractionRules(),
    without: Collection[Element] = (),
) -> Text:
    """Read the article's text from one page; empty if there is none. Of `hints`, uses word count and fingerprints.

    What stands in the elements `without` is not read.
    """
    root = tree.find("body")
    if root is None:
        return Text()
    listed = ListedText(hints.fingerprints)
    by_profile = rules.body or rules.lead  # the profile may select an element anywhere on the page
    around = listed.place(root, title) if hints.fingerprints and not by_profile else None
    blocks = _visible(root if around is None else around, _selected(tree, rules.drop) | {*without})
    choice, evidence = _by_profile(blocks, root, rules), "profile"
    if not choice.kept and hints.fingerprints:
        choice, evidence = _by_listing(blocks, root, title, listed), "listing"
    if not choice.kept:
        choice, evidence = _by_trafilatura(root, blocks, url, title, jsonld_body, hints.words)
    if hidden := _hidden_text(tree, choice, title, jsonld_body):
        return hidden
    lead, lead_evidence = _lead(blocks, choice, tree, title=title, descriptions=descriptions, rules=rules)
    text = _assembled(blocks, choice, lead, title=title, evidence=evidence)
    return replace(text, lead_evidence=lead_evidence if lead else "")


def last_text(tree: Element, url: str, *, jsonld_body: str) -> Text:
    """Read the text of a page of which the rules leave nothing: trafilatura's, else that in JSON-LD or noscript."""
    root = tree.find("body")
    if root is None:
        return Text()
    blocks = keyed(read_blocks(root))
    extractors = (("trafilatura:fast", first_marks), ("trafilatura:default", thorough_marks))
    has_text = not is_large(root) and any(is_sentence(b.text) for b in blocks)
    for evidence, marks_on in extractors if has_text else ():
        marks = marks_on(root, blocks, url)
        kept = [b for b in blocks if b.key and b in marks]
        if sum(len(b.key) for b in kept) >= _MIN_LAST and any(is_sentence(b.text) for b in kept):
            return Text(body=tuple(kept), main=root, evidence=f"{evidence}, no rules")
    if len(fold(jsonld_body)) >= _MIN_LAST:
        return Text(body=tuple(_from_jsonld(jsonld_body)), main=root, evidence="json-ld")
    unscripted = [b for e in root.iter("noscript") for b in keyed(read_blocks(e)) if b.key and is_prose(b)]
    if sum(len(b.key) for b in unscripted) >= _MIN_JSONLD:
        return Text(body=tuple(unscripted), main=root, evidence="noscript")
    return Text()


def keyed(blocks: list[Block]) -> list[Block]:
    """Fold the texts of blocks, for comparisons."""
    for block in blocks:
        block.key = fold(block.text)
    return blocks


def _visible(root: Element, skipped: set[Element]) -> list[Block]:
    """Return the visible blocks; all blocks of a page that hides its text until a script has run."""
    blocks = keyed(read_blocks(root, skipped=skipped))
    if sum(len(b.key) for b in blocks if is_running(b)) >= _MIN_JSONLD or not hides_text(root):
        return blocks
    everything = keyed(read_blocks(root, skipped=skipped, hidden=True))
    return everything if sum(len(b.key) for b in everything if is_running(b)) >= 2 * _MIN_JSONLD else blocks


def _hidden_text(tree: Element, choice: Choice, title: str, jsonld_body: str) -> Text | None:
    """Return the text in scripts if the page itself shows almost none (or only a menu or an author's note)."""
    jsonld_size = len(fold(jsonld_body))
    if sum(len(b.text.split()) for b in choice.kept) >= _MIN_WORDS and len(choice) > _SHARE_OF_PAGE * jsonld_size:
        return None
    found = [b for b in text_in_scripts(tree, title) if b.text]
    size = sum(len(b.key) for b in found)
    if size > 3 * len(choice) or (jsonld_size and size > 1.3 * len(choice)):
        return Text(body=tuple(found), evidence="script")
    if jsonld_size > max(_MIN_JSONLD, 3 * len(choice)):
        return Text(body=tuple(_from_jsonld(jsonld_body)), evidence="json-ld")
    return None


def _from_jsonld(body: str) -> list[Block]:
    """Convert the article body in JSON-LD to blocks."""
    page = parse(body if "<p" in body else "".join(f"<p>{line}</p>" for line in body.splitlines()))
    return [b for b in keyed(read_blocks(page)) if b.text] if page is not None else []


def _by_profile(blocks: Sequence[Block], root: Element, rules: ExtractionRules) -> Choice:
    below = {id(e) for element in _selected(root, (rules.body,)) for e in element.iter()}
    if not below:
        return Choice(kept=[], main=root)
    lines = [b.text for b in blocks if id(b.element) in below]
    return choose([b for b in blocks if id(b.element) in below], marks_of(lines), root)


def _by_listing(blocks: Sequence[Block], root: Element, title: str, listed: ListedText) -> Choice:
    """Choose by the listing's text; nothing if the page has prose next to it that is newer than the listing."""
    choice = choose(blocks, listed, root, title)
    kept = {b.key for b in choice.kept}
    own = {(b.element.getparent(), b.element.tag) for b in choice.kept}
    others = (b for b in blocks if b.element in choice.inside and is_prose(b) and b.key not in kept)
    if any((b.element.getparent(), b.element.tag) in own for b in others):
        return Choice(kept=[], main=root)
    return choice


def _by_trafilatura(
    root: Element, blocks: Sequence[Block], url: str, title: str, jsonld_body: str, listed_words: int
) -> tuple[Choice, str]:
    framed = framed_marks(root, blocks)
    if framed is not None:
        named = choose(blocks, framed, root, title)
        if not _is_doubtful(named, framed) and not _is_thin(named, blocks, jsonld_body, listed_words):
            return named, "trafilatura:names"
    marks = first_marks(root, blocks, url)
    fast = choose(blocks, marks, root, title)
    # sentences between its marks may complete a text, but not prove that it was found
    is_scattered = 2 * len(marks.whole) < len(fast)
    if not is_scattered and not _is_thin(fast, blocks, jsonld_body, listed_words):
        return fast, "trafilatura:fast"
    thorough = choose(blocks, thorough_marks(root, blocks, url), root, title)
    if len(thorough) > len(fast):
        return thorough, "trafilatura:default"
    if len(fast):
        return fast, "trafilatura:fast"
    return choose(blocks, marks_of([b.text for b in blocks if is_prose(b)]), root, title), "density"


def _is_doubtful(choice: Choice, marks: Marks) -> bool:
    """True if names alone may mislead: they mark little, much that is left out, a long table, or cards in the text."""
    if 2 * len(marks.whole) < len(choice) or sum(b.kind == "row" for b in choice.kept) >= _MANY_ROWS:
        return True
    if sum(b in marks for _, b in choice.omitted) >= _MANY_LEFT_OUT:
        return True
    main = choice.main
    if main.find(".//article") is None:
        return False
    above = (takewhile(lambda e: e is not main, block.element.iterancestors()) for block in choice.kept)
    return sum(any(e.tag == "article" for e in path) for path in above) >= _MANY_ON_CARDS


_MANY_ROWS, _MANY_LEFT_OUT, _MANY_ON_CARDS = 10, 8, 2
"""Blocks from which trafilatura's pass tells better than names: weighed on the shared sets, none of which loses."""


def _is_thin(choice: Choice, blocks: Sequence[Block], jsonld_body: str, listed_words: int) -> bool:
    size, words = len(choice), sum(len(b.text.split()) for b in choice.kept)
    if listed_words and words >= _SHARE_OF_LISTED * listed_words:
        return False
    running = sum(len(b.key) for b in blocks if is_running(b))
    return words < _MIN_WORDS or size < _SHARE_OF_PAGE * running or size < _SHARE_OF_JSONLD * len(fold(jsonld_body))


def _selected(tree: Element, selectors: Sequence[str]) -> set[Element]:
    return {element for selector in selectors if selector for element in tree.cssselect(selector)}


def _lead(
    blocks: Sequence[Block],
    choice: Choice,
    tree: Element,
    *,
    title: str,
    descriptions: Sequence[str],
    rules: ExtractionRules,
) -> tuple[list[Block], str]:
    if rules.lead:
        below = {id(e) for element in _selected(tree, (rules.lead,)) for e in element.iter()}
        return [b for b in blocks if id(b.element) in below and b.text], "profile"
    return find_standfirst(blocks, choice.kept, title=title, descriptions=descriptions, omitted=choice.omitted)


def _assembled(blocks: Sequence[Block], choice: Choice, lead: Sequence[Block], *, title: str, evidence: str) -> Text:
    taken = {id(b) for b in lead}
    lead_keys = {b.key for b in lead}
    untitled, omitted = _without_title([b for b in choice.kept if id(b) not in taken and b.key not in lead_keys], title)
    kept, cleaned = without_notes(untitled)
    counted = without_counters(kept)
    kept_ids = {id(b) for b in kept}
    inside = choice.inside
    body = tuple(b for b in blocks if id(b) in kept_ids or (b.kind == "image" and b.element in inside))
    return Text(
        lead=tuple(lead),
        body=body if kept else (),
        main=choice.main,
        evidence=evidence,
        omitted=(*((r, b) for r, b in choice.omitted if id(b) not in taken), *omitted, *cleaned, *counted),
    )


def _without_title(blocks: Sequence[Block], title: str) -> tuple[list[Block], list[tuple[str, Block]]]:
    """Return the blocks without the title above them, and those left out."""
    if not is_on("title-line"):
        return list(blocks), []
    title_key = fold(title)
    first = next((i for i, b in enumerate(blocks) if b.kind == "p" and b.key != title_key), 0)
    kept: list[Block] = []
    omitted: list[tuple[str, Block]] = []
    for i, block in enumerate(blocks):
        is_title = block.key == title_key and (i <= first or block.kind != "p")
        if is_title or (block.kind == "h1" and i < first):
            omitted += [("title-line", block)] if block.key != title_key else []  # the title itself is not lost
        else:
            kept.append(block)
    return kept, omitted

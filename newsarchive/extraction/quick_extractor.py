"""A private copy of trafilatura's main extractor, made faster where it looks for elements.

Its XPath expressions call Python's regular expressions for every element of a page, several times. Most of them ask for
tags and attributes only: these are translated, and each value of an attribute is searched once. Expressions of another
form stay as they are, so that an update of trafilatura may cost time, but changes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, TypeAlias

from lxml.etree import XPath
from trafilatura.htmlprocessing import delete_by_link_density

from newsarchive.errors import NewsArchiveError
from newsarchive.extraction.blocks import Element

ValueTest: TypeAlias = Callable[[str], bool]
"""Tells if an attribute's value is one that an expression looks for."""
Names: TypeAlias = tuple[tuple[str, str], ...]
"""Attributes of an element with their values, in the order of the markup."""
Test: TypeAlias = Callable[[str, Names], bool]
"""Tells if an expression finds an element of this tag and these attributes."""


class TooShort(NewsArchiveError):
    """The extractor found too little, and would now search its backup of the page, which was not made."""


class NamedElements:
    """Finds elements by tag and attributes, in document order, as an XPath expression does.

    `tests` has the test of each attribute, `firsts` that of whichever of two attributes comes first in the markup
    (XPath's string value of `@id|@class`). With `only_first` there is at most one element.
    """

    def __init__(
        self,
        tags: Sequence[str],
        tests: Mapping[str, ValueTest],
        firsts: Mapping[frozenset[str], ValueTest],
        *,
        only_first: bool,
    ) -> None:
        self.tags = tuple(tags)
        self.tests = tests
        self.firsts = tuple(firsts.items())
        self.only_first = only_first

    def __call__(self, tree: Element) -> list[Element]:
        """Return the elements found below `tree`."""
        found = self._below(tree)
        return list(found) if not self.only_first else [e for e in [next(found, None)] if e is not None]

    def _below(self, tree: Element) -> Iterator[Element]:
        for element in tree.iterdescendants(*self.tags):
            if (names := element.keys()) and self._holds(element, names):
                yield element

    def finds(self, tag: str, attributes: Names) -> bool:
        """True if an element of this tag and these attributes is one that is looked for."""
        if "*" not in self.tags and tag not in self.tags:
            return False
        tests = self.tests
        if any(name in tests and tests[name](value) for name, value in attributes):
            return True
        firsts = ((test, next((v for n, v in attributes if n in either), None)) for either, test in self.firsts)
        return any(value is not None and test(value) for test, value in firsts)

    def _holds(self, element: Element, names: Sequence[str]) -> bool:
        tests = self.tests
        for name in names:
            if name in tests and tests[name](element.get(name)):
                return True
        for either, test in self.firsts:
            for name in names:
                if name in either:
                    if test(element.get(name)):
                        return True
                    break
        return False


_FORM = re.compile(
    r"\(?\.//\*(?:\[(?P<tags>self::\w+(?: or self::\w+)*)\])?\[(?P<conditions>.*?)\]\)?(?P<first>\[1\])?"
)
_CONDITION = re.compile(
    r"""(?:re:test\((?P<tested>@[\w|@-]+),\ '(?P<pattern>[^']+)'(?P<i>,\ 'i')?\)
    |(?P<function>contains|starts-with)\((?:(?P<named>@[\w|@-]+)
        |translate\((?P<translated>@[\w-]+),\ ?'(?P<upper>[A-Z]+)',\ ?'(?P<lower>[a-z]+)'\)),\ '(?P<part>[^']+)'\)
    |(?P<equal>@[\w-]+)='(?P<value>[^']+)'|(?P<present>@[\w-]+))(?:\ or\ |$)""",
    re.X,
)


def translated(expression: XPath) -> NamedElements | XPath:
    """Return an equal of an expression that asks for tags and attributes only; any other is returned unchanged.

    Where an expression asks for the first element in each parent, the equal finds the first one of all.
    """
    form = _FORM.fullmatch(" ".join(expression.path.split()).replace("[ ", "[").replace(" ]", "]"))
    if form is None:
        return expression
    patterns: dict[frozenset[str], list[str]] = {}
    place = 0
    while place < len(form["conditions"]):
        condition = _CONDITION.match(form["conditions"], place)
        if condition is None:
            return expression
        attributes, pattern = _pattern(condition)
        patterns.setdefault(attributes, []).append(f"(?:{pattern})")
        place = condition.end()
    tests = {attributes: _test("|".join(listed)) for attributes, listed in patterns.items()}
    return NamedElements(
        re.findall(r"self::(\w+)", form["tags"] or "") or ["*"],
        {next(iter(attributes)): test for attributes, test in tests.items() if len(attributes) == 1},
        {attributes: test for attributes, test in tests.items() if len(attributes) > 1},
        only_first=form["first"] is not None,
    )


def _pattern(condition: re.Match[str]) -> tuple[frozenset[str], str]:
    """Return the attributes that a condition of XPath is about, and the condition as a regular expression."""
    about = ("tested", "named", "translated", "equal", "present")
    attributes = next(condition[name] for name in about if condition[name]).replace("@", "").split("|")
    if condition["pattern"]:
        pattern = f"(?i:{condition['pattern']})" if condition["i"] else condition["pattern"]
    elif condition["value"]:
        pattern = rf"\A{re.escape(condition['value'])}\Z"
    else:
        pattern = re.escape(condition["part"] or "")
        for upper, lower in zip(condition["upper"] or "", condition["lower"] or "", strict=True):
            pattern = pattern.replace(lower, f"[{upper}{lower}]")
        pattern = rf"\A{pattern}" if condition["function"] == "starts-with" else pattern
    return frozenset(attributes), pattern


def _test(pattern: str) -> ValueTest:
    search = re.compile(pattern).search
    return lru_cache(maxsize=5_000)(lambda value: search(value) is not None)  # names repeat within pages and sites


class _Linked:
    """The elements of a page that contain links: no others can be rich in links."""

    def __init__(self, tree: Element) -> None:
        self._tree = tree

    def iter(self, tag: str) -> list[Element]:
        linked: set[Element] = set()
        for link in self._tree.iter("ref"):
            node = link.getparent()
            while node is not None and node not in linked:
                linked.add(node)
                node = node.getparent()
        return [element for element in self._tree.iter(tag) if element in linked] if linked else []


def _delete_by_link_density(tree: Element, tag: str, **options: bool) -> Element:
    delete_by_link_density(_Linked(tree), tag, **options)
    return tree


class _NoBackup:
    """In place of the copy of the page that the extractor searches where it found too little."""

    def iter(self) -> Iterator[Element]:
        raise TooShort


def _copied(element: Element) -> Any:
    """Copy an element, but not a whole page."""
    return _NoBackup() if element.tag == "html" else deepcopy(element)


def _private_copy(name: str) -> ModuleType:
    """Return a second copy of a module: changing it has no effect on the first."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPRESSIONS = ("BODY_XPATH", "OVERALL_DISCARD_XPATH", "TEASER_DISCARD_XPATH", "DISCARD_IMAGE_ELEMENTS")
"""Lists of expressions that are translated."""


def _quick() -> ModuleType:
    extractor = _private_copy("trafilatura.main_extractor")
    changed = {name: [translated(expression) for expression in getattr(extractor, name)] for name in EXPRESSIONS}
    vars(extractor).update(changed, deepcopy=_copied, delete_by_link_density=_delete_by_link_density)
    return extractor


_QUICK = _quick()


def extract_content_once(page: Element, options: Any) -> tuple[Element, str]:
    """Return what trafilatura's `extract_content` returns. Raises TooShort where that searches the page again."""
    body, text = _QUICK.extract_content(page, options)
    return body, text

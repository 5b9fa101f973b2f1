"""Every regular expression of the package, and the texts that would make each of them slow."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import newsarchive

ROOT = Path(newsarchive.__file__).parent
METHODS = ("search", "sub", "subn", "finditer", "findall", "split", "match", "fullmatch")
RUN_AT_IMPORT = ("newsarchive.__main__", "newsarchive.demo.__main__", "newsarchive.workers.preloaded")
REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
NEVER = 60.0
"""Seconds that stand for a text whose reading was given up."""


@dataclass
class Pattern:
    """A compiled pattern, where it is, and by which methods it is applied."""

    name: str
    compiled: re.Pattern[Any]
    methods: set[str] = field(default_factory=set)

    def seconds(self, text: str) -> float:
        """Processor time that reading a text takes; NEVER where it is more than two seconds."""
        data = text if isinstance(self.compiled.pattern, str) else text.encode()
        anchored = self.methods <= {"match", "fullmatch"}
        before = signal.signal(signal.SIGVTALRM, _give_up)
        signal.setitimer(signal.ITIMER_VIRTUAL, 2)
        began = time.process_time()
        try:
            if anchored and "match" in self.methods:
                self.compiled.match(data)
            elif anchored:
                self.compiled.fullmatch(data)
            else:
                for _ in self.compiled.finditer(data):
                    pass
        except _TooLongError:
            return NEVER
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
        return time.process_time() - began


class _TooLongError(BaseException):
    pass


def _give_up(_signal: int, _frame: object) -> None:
    raise _TooLongError


def patterns() -> list[Pattern]:
    """All compiled patterns in the package's modules, and all literal ones that its functions use."""
    found: dict[tuple[Any, int], Pattern] = {}
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py"))}
    everything = "\n".join(sources.values())
    applied = rf"\.({'|'.join(METHODS)})\("
    for info in pkgutil.walk_packages([str(ROOT)], "newsarchive."):
        if info.name in RUN_AT_IMPORT:
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            for compiled in _within(value):
                own = sources.get(Path(str(module.__file__)), "")
                uses = re.findall(rf"\b{name}{applied}", own) or re.findall(rf"\b{name}{applied}", everything)
                uses = uses or ["search"]
                key = (compiled.pattern, compiled.flags)
                found.setdefault(key, Pattern(f"{info.name}.{name}", compiled)).methods.update(uses)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if literal := _literal(node):
                method, compiled = literal
                where = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
                key = (compiled.pattern, compiled.flags)
                found.setdefault(key, Pattern(f"{where}: {compiled.pattern!r}", compiled)).methods.add(method)
    return list(found.values())


def _within(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and isinstance(value, list | tuple | set | frozenset | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _within(one, depth + 1)


def _literal(node: ast.AST) -> tuple[str, re.Pattern[Any]] | None:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=pattern), *_]
        ) if method in METHODS:
            flags = 0
            for given in [*node.args[1:], *(keyword.value for keyword in node.keywords)]:
                for name in re.findall(r"^re\.[A-Z]+(?: \| re\.[A-Z]+)*$", ast.unparse(given)):
                    for part in name.split(" | "):
                        flags |= getattr(re, part.removeprefix("re."))
            return method, re.compile(pattern, flags)
    return None


def attacks(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Texts made of what the pattern itself repeats: a beginning, a part to repeat, and an end that fits nothing."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(text, pattern.flags if isinstance(pattern.pattern, str) else pattern.flags & ~re.UNICODE)
    made: dict[tuple[str, str], None] = {}
    for choice in range(3):
        for before, part in _repeats(tree, "", choice):
            if part:
                made |= dict.fromkeys([("", part), (before, part), ("", before + part), ("", before)])
        whole = _fitting(tree, choice)
        made |= dict.fromkeys([("", whole), ("", whole[:-1])])
    return [(before, part, end) for before, part in made if part for end in ("", "\0")]


def _repeats(tree: Any, before: str, choice: int) -> Iterator[tuple[str, str]]:
    """What is repeated without a bound, each with a text that leads to it."""
    for kind, value in tree:
        if kind in REPEATS:
            if value[1] >= 50:
                yield before, _fitting(value[2], choice)
            yield from _repeats(value[2], before, choice)
        elif kind is code.SUBPATTERN:
            yield from _repeats(value[3], before, choice)
        elif kind is code.ATOMIC_GROUP:
            yield from _repeats(value, before, choice)
        elif kind is code.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before, choice)
        elif kind in (code.ASSERT, code.ASSERT_NOT):
            yield from _repeats(value[1], before, choice)
        before += _fitting([(kind, value)], choice)


def _fitting(tree: Any, choice: int) -> str:
    """A short text that fits."""
    text = ""
    for kind, value in tree:
        if kind is code.LITERAL:
            text += chr(value)
        elif kind is code.NOT_LITERAL:
            text += "b" if value == ord("a") else "a"
        elif kind is code.ANY:
            text += "a"
        elif kind is code.IN:
            text += _of_set(value, choice)
        elif kind in REPEATS:
            text += _fitting(value[2], choice) * max(value[0], 1)
        elif kind is code.SUBPATTERN:
            text += _fitting(value[3], choice)
        elif kind is code.ATOMIC_GROUP:
            text += _fitting(value, choice)
        elif kind is code.BRANCH:
            text += _fitting(value[1][choice % len(value[1])], choice)
    return text


_CATEGORIES = {code.CATEGORY_DIGIT: r"\d", code.CATEGORY_SPACE: r"\s", code.CATEGORY_WORD: r"\w"}
_OTHERS = {code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_NOT_WORD: r"\W"}


def _of_set(items: Sequence[tuple[Any, Any]], choice: int) -> str:
    parts = []
    for kind, value in items:
        if kind is code.LITERAL:
            parts.append(re.escape(chr(value)))
        elif kind is code.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif kind is code.CATEGORY:
            parts.append({**_CATEGORIES, **_OTHERS}[value])
    negated = bool(items) and items[0][0] is code.NEGATE
    fits = re.compile(f"[{'^' if negated else ''}{''.join(parts)}]")
    named = [
        chr(value if kind is code.LITERAL else value[0]) for kind, value in items if kind in (code.LITERAL, code.RANGE)
    ]
    fitting = [letter for letter in [*([] if negated else named), *'a 1-<ә"И/'] if fits.match(letter)]
    with suppress(IndexError):
        return fitting[choice % max(1, len(fitting))]
    return ""

"""Suffixes of Kazakh in their order, and the legal ways to take a word apart by them."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

BACK, FRONT = 1, 2
_HARMONY = dict.fromkeys("аоұыяё", BACK) | dict.fromkeys("әеіөүэ", FRONT)
_NEUTRAL = "иую"

# What a suffix's first consonant looks at: the last letter of what stands before it.
_CLASSES = {
    "V": "аәеоөыіұүэяё",  # vowel
    "U": "уию",  # vowel or glide: possessives treat it as a consonant
    "R": "рй",
    "L": "л",
    "Z": "зж",
    "N": "мнң",
    "T": "пфкқтсшщчцхһбвгғд",  # voiceless; б, в, г, д end loan words and are spoken voiceless
}
_CLASS_OF = {letter: name for name, letters in _CLASSES.items() for letter in letters}

# Suffixes are written with capitals for sounds that change with the stem.
_BY_HARMONY = {"A": "ае", "Y": "ыі", "K": "қк"}
_BY_CLASS = {
    "L": {"V": "л", "U": "л", "R": "л", "T": "т"},  # plural: -лар, -дар, -тар
    "D": {"T": "т"},
    "G": {"T": "қк", "": "ғг"},
    "N": {"V": "н", "N": "н", "T": "т"},  # genitive
    "Z": {"V": "н", "T": "т"},  # accusative
    "B": {"N": "н", "T": "т"},  # ablative
    "M": {"Z": "б", "N": "б", "T": "п", "": "м"},  # negation
    "P": {"Z": "б", "T": "п", "": "м"},  # person, instrumental
}

_PERSONS = ("PYн", "сYң", "сYз", "PYз", "сYңDAр", "сYздAр")
_SHORT_PERSONS = ("", "м", "ң", "ңYз", "K", "ңDAр", "ңYздAр")
_PRESENT_PERSONS = ("", "мYн", "м", "сYң", "сYз", "DY", "мYз", "сYңDAр", "сYздAр")
_PARTICIPLES = ("GAн", "EтYн", "(A)р", "MAс", "MAK", "MAKшY", "у", "ушY", "GAнDYK", "EтYнDYK", "MAсDYK")

# group: (suffixes, state of what is left)
_GROUPS: dict[str, tuple[tuple[str, ...], str]] = {
    "person": (_PERSONS, "cased"),
    "case": (("NYң", "ZY", "GA", "DA", "BAн", "Pен", "DAй"), "possessed"),
    "case of his": (("н", "нA", "нDA", "нAн", "нDAй", "нDAGY"), "his"),
    "case of mine": (("A",), "mine"),
    "attribute": (("DAGY", "NYкі"), "possessed"),
    "mine": (("(Y)м", "(Y)ң", "(Y)мYз", "(Y)ңYз"), "plural"),
    "his": (("(с)Y",), "plural"),
    "plural": (("LAр",), "noun"),
    "participle": (_PARTICIPLES, "verb"),
    "past": (tuple("DY" + person for person in _SHORT_PERSONS), "verb"),
    "conditional": (tuple("сA" + person for person in _SHORT_PERSONS), "verb"),
    "present": (tuple("E" + person for person in _PRESENT_PERSONS), "verb"),
    "converb": (("(Y)п", "(Y)пDY", *("(Y)п" + person for person in _PERSONS), "GAлY", "GAншA", "(Y)сYмен"), "verb"),
    "imperative": (("(Y)ңYз", "(Y)ңDAр", "(Y)ңYздAр", "сYн", "(A)йYн", "(A)йYK", "MAйYншA", "MAстAн"), "verb"),
    "wish": (("GAй", "GYм", "GYң", "GYсY", "GYмYз", "GYңYз"), "verb"),
    "negation": (("MA",), "affirmative"),
    "voice": (("(Y)л", "(Y)н", "(Y)с", "DYр", "GYз", "т"), "voiced"),
    "voice twice": (("(Y)л", "(Y)н", "(Y)с", "DYр", "GYз", "т"), "bare"),
}
_FINITE = ("past", "conditional", "present", "converb", "imperative", "wish")
_NOMINAL = ("attribute", "mine", "his", "plural", "participle")

# state: (what kind of stem it may be, groups that may be taken off next)
_STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "word": ("nv", ("person", "case", "case of his", "case of mine", *_NOMINAL, *_FINITE)),
    "cased": ("n", ("case", "case of his", *_NOMINAL)),
    "possessed": ("n", _NOMINAL),
    "plural": ("n", ("attribute", "plural", "participle")),
    "noun": ("n", ("attribute", "participle")),
    "his": ("", ("his",)),
    "mine": ("", ("mine",)),
    "verb": ("v", ("negation", "voice")),
    "affirmative": ("v", ("voice",)),
    "voiced": ("v", ("voice twice",)),
    "bare": ("v", ()),
}


class Suffix(NamedTuple):
    """One written form of a suffix: what it asks of the stem, and what it swallowed of it."""

    harmony: int
    before: str  # letters one of which must stand before it
    restored: str  # letters the stem gets back
    state: str


class Parse(NamedTuple):
    """One legal reading of a word."""

    stem: str
    kind: str  # "n" noun, "v" verb
    voices: int


def _written(pattern: str, harmony: int, before: str) -> str:
    """Spell a suffix after a stem of this harmony whose last letter is of class `before`."""
    spelled, index = "", 0
    while index < len(pattern):
        symbol = pattern[index]
        if symbol == "(":
            symbol = pattern[index + 1]
            index += 2
            if (before == "V") != (symbol == "с"):
                index += 1
                continue
        if symbol == "E":
            symbol = "й" if before == "V" else "A"
        if symbol in _BY_CLASS:
            forms = _BY_CLASS[symbol]
            symbol = forms.get(before) or forms.get("") or "д"
        else:
            symbol = _BY_HARMONY.get(symbol, symbol)
        letter = symbol if len(symbol) == 1 else symbol[harmony - 1]
        spelled += letter
        before = _CLASS_OF.get(letter, "T")
        index += 1
    return spelled


def _spellings(pattern: str, harmony: int) -> Iterator[tuple[str, str, str]]:
    """Give (spelling, letters that must stand before it, letters to give back) of a suffix."""
    for name, letters in _CLASSES.items():
        spelled = _written(pattern, harmony, name)
        if spelled == "т" and name not in "VRL":  # causative -т
            continue
        yield spelled, letters, ""
        narrow = "ыі"[harmony - 1]
        if name == "V" and spelled[0] == "й":
            yield "и" + spelled[1:], "", narrow  # оқы + йды = оқиды
        if name == "V" and spelled[0] == "у":
            yield spelled, "", narrow  # оқы + у = оқу
        if name == "R" and spelled[0] == "а":
            yield "я" + spelled[1:], "", "й"  # қой + ады = қояды
        if name == "R" and spelled[0] == "у":
            yield "ю" + spelled[1:], "", "й"  # қой + у = қою


@cache
def _suffixes() -> dict[str, dict[str, tuple[Suffix, ...]]]:
    """Table of all written suffixes: group -> spelling -> what it asks."""
    table: dict[str, dict[str, tuple[Suffix, ...]]] = {}
    for group, (patterns, state) in _GROUPS.items():
        found: dict[str, dict[tuple[int, str], str]] = {}
        for pattern in patterns:
            for harmony in (BACK, FRONT):
                for spelled, letters, restored in _spellings(pattern, harmony):
                    forms = found.setdefault(spelled, {})
                    forms[harmony, restored] = forms.get((harmony, restored), "") + letters
        table[group] = {
            spelled: tuple(Suffix(harmony, letters, restored, state) for (harmony, restored), letters in forms.items())
            for spelled, forms in found.items()
        }
    return table


@cache
def _harmony(stem: str) -> int:
    """Say which suffixes a stem may take: BACK, FRONT or both."""
    harmony = 0
    for letter in reversed(stem):
        if letter in _HARMONY:
            return harmony | _HARMONY[letter]
        if letter in _NEUTRAL:
            harmony |= FRONT if letter == "и" else BACK
    return BACK | FRONT


_VOWELS = frozenset("аәеоөыіұүэяёиую")
_VOICED = {"ғ": "қ", "г": "к", "б": "п", "у": "п"}
_ELIDED = frozenset("қкпнзлрмң")


def _undo_voicing(left: str, spelled: str, harmony: int) -> Iterator[str]:
    """Give the stems that can lose `left` of themselves before a suffix: кітаб-ы is кітап, халқ-ы is халық."""
    yield left
    if spelled[0] not in "ыіаеу":
        return
    if left[-1] in _VOICED and (left[-1] != "у" or spelled[1:2] == "п"):
        yield left[:-1] + _VOICED[left[-1]]
    if spelled[0] in "ыі" and len(left) > 2 and left[-1] in _ELIDED and left[-2] not in _VOWELS - {"у", "й"}:
        voiceless = left[-1]
        yield left[:-1] + "ыі"[harmony - 1] + voiceless


def _fits(suffix: Suffix, left: str) -> bool:
    if suffix.restored:
        return (left[-1] in _VOWELS) == (suffix.restored == "й") and bool(_harmony(left) & suffix.harmony)
    last = left[-2] if left[-1] in "ьъ" and len(left) > 1 else left[-1]
    if last not in suffix.before:
        return False
    return bool(_harmony(left) & suffix.harmony)


def parses(word: str) -> Iterator[Parse]:
    """Give every legal reading of a folded Cyrillic word, the whole word first; some come twice."""
    table = _suffixes()
    todo = [(word, "word", 0)]
    seen = set(todo)
    while todo:
        form, state, voices = todo.pop()
        kinds, groups = _STATES[state]
        for kind in kinds:
            yield Parse(form, kind, voices)
        for group in groups:
            spellings = table[group]
            for length in range(1, min(9, len(form) - 1)):
                spelled = form[-length:]
                for suffix in spellings.get(spelled, ()):
                    left = form[:-length]
                    if not _fits(suffix, left):
                        continue
                    left += suffix.restored
                    for stem in _undo_voicing(left, spelled, suffix.harmony):
                        item = (stem, suffix.state, voices + group.startswith("voice"))
                        if item not in seen:
                            seen.add(item)
                            todo.append(item)

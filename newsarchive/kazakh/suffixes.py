"""Kazakh suffixes in their order, and the legal ways to split a word into stem and suffixes."""

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import starmap
from typing import NamedTuple

BACK, FRONT = 1, 2
_HARMONY = dict.fromkeys("аоұыяё", BACK) | dict.fromkeys("әеіөүэ", FRONT)
_NEUTRAL = "иую"

# The first consonant of a suffix depends on the class of the preceding letter.
_CLASSES = {
    "V": "аәеоөыіұүэяё",  # vowel
    "U": "уию",  # vowel or glide: possessives treat it as a consonant
    "R": "рй",
    "L": "л",
    "Z": "зж",
    "N": "мнң",
    "T": "пфкқтсшщчцхһбвгғд",  # voiceless; final б, в, г, д in loan words are pronounced voiceless
}
_CLASS_OF = {letter: name for name, letters in _CLASSES.items() for letter in letters}

# In suffix patterns, capitals are sounds that change with the stem.
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

# group: (suffixes, state of the remaining form)
_GROUPS: dict[str, tuple[tuple[str, ...], str]] = {
    "person": (_PERSONS, "cased"),
    "case": (("NYң", "ZY", "GA", "DA", "BAн", "Pен", "DAй"), "possessed"),
    "case of his": (("н", "нA", "нDA", "нAн", "нDAй", "нDAGY"), "his"),
    "case of mine": (("A",), "mine"),
    "attribute": (("DAGY", "NYкі"), "possessed"),
    "mine": (("(Y)м", "(Y)ң", "(Y)мYз", "(Y)ңYз"), "plural"),
    "his": (("(с)Y",), "plural"),
    "plural": (("LAр",), "noun"),
    "derivation": (("LY", "сYз", "шY", "(Y)рAK", "шA"), "derived"),
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
_NOMINAL = ("attribute", "mine", "his", "plural", "derivation", "participle")

# state: (kinds of stem it may be, groups that may be stripped next)
_STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "word": ("nv", ("person", "case", "case of his", "case of mine", *_NOMINAL, *_FINITE)),
    "cased": ("n", ("case", "case of his", *_NOMINAL)),
    "possessed": ("n", _NOMINAL),
    "plural": ("n", ("attribute", "plural", "derivation", "participle")),
    "noun": ("n", ("attribute", "derivation", "participle")),
    "derived": ("n", ("participle",)),
    "his": ("", ("his",)),
    "mine": ("", ("mine",)),
    "verb": ("v", ("negation", "voice")),
    "affirmative": ("v", ("voice",)),
    "voiced": ("v", ("voice twice",)),
    "bare": ("v", ()),
}


# Costs of a reading in addition to the lexicon's scores: voices and derivations mostly have their own dictionary
# entries, but the passive -ыл is regular.
_GROUP_COST = {"voice": 10.0, "voice twice": 10.0, "derivation": 5.0}
_PASSIVE, _PASSIVE_COST = "(Y)л", 2.0
_REPAIR_COST = 2.0  # for restoring letters that the stem may not have had


class Suffix(NamedTuple):
    """One spelling of a suffix, with its conditions on the stem and the letters to restore."""

    harmony: int
    before: str  # it must follow one of these letters
    restored: str  # letters to restore to the stem
    state: str
    steps: dict[str, str]
    """The lexicon's key for stripping it, by the group of the following suffix."""
    cost: float


class _Node:
    """A node of the suffix tree: the suffixes with this spelling (by group), and longer ones by their next letter."""

    __slots__ = ("before", "entries")

    def __init__(self) -> None:
        self.before: dict[str, _Node] = {}
        self.entries: list[tuple[str, Suffix]] = []


class Parse(NamedTuple):
    """One legal reading of a word: stem, ``n`` (noun) or ``v`` (verb), suffixes from last to first, cost."""

    stem: str
    kind: str
    steps: tuple[str, ...]
    cost: float


def _written(pattern: str, harmony: int, before: str) -> str:
    """Spell a suffix after a stem with this harmony whose last letter is in class `before`."""
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
    """Yield (spelling, letters that it must follow, letters to restore) of a suffix."""
    for name, letters in _CLASSES.items():
        spelled = _written(pattern, harmony, name)
        if spelled == "т" and name not in "VRL":  # causative -т
            continue
        yield spelled, letters, ""
        if name == "V" and spelled[0] in "йу":  # оқы + йды = оқиды, оқы + у = оқу
            yield spelled[0].replace("й", "и") + spelled[1:], "", "ыі"[harmony - 1]
        if name == "R" and spelled[0] in "ау":  # қой + ады = қояды, қой + у = қою
            yield {"а": "я", "у": "ю"}[spelled[0]] + spelled[1:], "", "й"


@cache
def _suffixes() -> dict[str, dict[str, tuple[Suffix, ...]]]:
    """Return all suffixes: group -> spelling -> forms."""
    return {group: _spelled_group(group, *entry) for group, entry in _GROUPS.items()}


def _spelled_group(group: str, patterns: tuple[str, ...], state: str) -> dict[str, tuple[Suffix, ...]]:
    found: dict[str, dict[tuple[int, str, str], str]] = {}
    for pattern in patterns:
        for harmony in (BACK, FRONT):
            for spelled, letters, restored in _spellings(pattern, harmony):
                forms = found.setdefault(spelled, {})
                forms[harmony, restored, pattern] = forms.get((harmony, restored, pattern), "") + letters
    return {
        spelled: tuple(
            Suffix(
                harmony,
                letters,
                restored,
                state,
                {outer: f"{outer}: {group} {pattern}" for outer in ("word", *_GROUPS)},
                _suffix_cost(group, pattern, restored),
            )
            for (harmony, restored, pattern), letters in forms.items()
        )
        for spelled, forms in found.items()
    }


def _suffix_cost(group: str, pattern: str, restored: str) -> float:
    cost = _GROUP_COST.get(group, 0.0)
    if cost and pattern == _PASSIVE:
        cost = _PASSIVE_COST
    return cost + _REPAIR_COST * (restored in ("ы", "і"))


@lru_cache(maxsize=1 << 14)
def _harmony(stem: str) -> int:
    """Return which suffixes a stem may take: BACK, FRONT or both."""
    if stem.endswith(("ев", "ева", "ь")):  # Тоқаевты, but Медведевті; январьда, рольде
        return BACK | FRONT
    harmony = 0
    for letter in reversed(stem):
        if letter in _HARMONY:
            return harmony | _HARMONY[letter]
        if letter in _NEUTRAL:
            harmony |= FRONT if letter == "и" else BACK
    return BACK | FRONT


_VOWELS = frozenset("аәеоөыіұүэяёиую")
_FULL_VOWELS = _VOWELS - {"у"}
_VOICED = {"ғ": "қ", "г": "к", "б": "п", "у": "п"}
_ELIDED = frozenset("қкпнзлрмң")


def _stems_before(left: str, spelled: str, harmony: int) -> list[tuple[str, float]]:
    """Return the stems that may have become `left` before a suffix, each with its cost."""
    stems = [(left, 0.0)]
    first, last = spelled[0], left[-1]
    if last == "с" and len(left) > 4:  # турис-тер is турист, проце-сі is процесс
        if first == "т":
            stems.append((left + "т", _REPAIR_COST))
        if first in "ыітда":
            stems.append((left + "с", _REPAIR_COST))
    if first not in "ыіаеу":
        return stems
    if last in _VOICED and (last != "у" or spelled[1:2] == "п"):  # кітаб-ы is кітап, тау-ып is тап
        stems.append((left[:-1] + _VOICED[last], 0.0))
    if first in "ыі" and len(left) > 2 and last in _ELIDED and left[-2] not in _FULL_VOWELS:
        stems.append((left[:-1] + "ыі"[harmony - 1] + last, _REPAIR_COST))  # халқ-ы is халық
    return stems


@cache
def _endings(state: str) -> _Node:
    """Return the suffixes that may be stripped next, as a tree to descend from a form's last letter."""
    root = _Node()
    for group in _STATES[state][1]:
        for spelled, forms in _suffixes()[group].items():
            node = root
            for letter in reversed(spelled):
                node = node.before.setdefault(letter, _Node())
            node.entries += [(group, suffix) for suffix in forms]
    return root


def _shorter(form: str, state: str) -> list[tuple[str, str, Suffix, float]]:
    """Strip one suffix in every legal way: (group, remaining form, suffix, cost), shortest suffix first."""
    found: list[tuple[str, str, Suffix, float]] = []
    node = _endings(state)
    for length in range(1, len(form) - 1):
        following = node.before.get(form[-length])
        if following is None:
            break
        node = following
        if node.entries:
            left, spelled = form[:-length], form[-length:]
            harmony = _harmony(left)
            for group, suffix in node.entries:
                if harmony & suffix.harmony and _fits(suffix, left):
                    for stem, cost in _stems_before(left + suffix.restored, spelled, suffix.harmony):
                        found.append((group, stem, suffix, suffix.cost + cost))
    return found


def _fits(suffix: Suffix, left: str) -> bool:
    if suffix.restored:
        return (left[-1] in _VOWELS) == (suffix.restored == "й")
    return (left[-2] if left[-1] in "ьъ" else left[-1]) in suffix.before


def legal_readings(word: str) -> Iterator[tuple[str, str, tuple[str, ...], float]]:
    """Yield every legal reading of a folded Cyrillic word as the fields of a `Parse`, the whole word first."""
    todo: list[tuple[str, str, str, tuple[str, ...], float]] = [(word, "word", "word", (), 0.0)]
    while todo:
        form, outer, state, steps, cost = todo.pop()
        for kind in _STATES[state][0]:
            yield form, kind, (*steps, _KIND_STEPS[outer, kind]), cost
        for group, stem, suffix, more in _shorter(form, state):
            todo.append((stem, group, suffix.state, (*steps, suffix.steps[outer]), cost + more))


def parses(word: str) -> Iterator[Parse]:
    """Yield every legal reading of a folded Cyrillic word, the whole word first.

    >>> sorted({parse.stem for parse in parses("кітабы")})
    ['кітаб', 'кітабы', 'кітап']
    """
    return starmap(Parse, legal_readings(word))


_KIND_STEPS = {(outer, kind): f"{outer}: {kind}" for outer in ("word", *_GROUPS) for kind in "nv"}

"""Bylines: finds who signs an article, as opposed to speakers, credits, photographers and sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsarchive.kazakh.datewords import skeleton
from newsarchive.kazakh.labels import AUTHOR, AUTHOR_ENGLISH, DESK, PHOTO, PHOTO_ENGLISH, POST, PRESS, VERB_AFTER
from newsarchive.kazakh.names import name_evidence, name_words, nominative, normal_name
from newsarchive.kazakh.phrases import is_boilerplate
from newsarchive.kazakh.scripts import clean_text, fold_lookalikes, script_of


@dataclass(kw_only=True, frozen=True, slots=True)
class Byline:
    """The people named in one line. `role` is ``author``, ``desk`` or ``photo``.

    `names` are as written, `normal` in normal capitalization; both are empty if a photo line names only a source. A
    desk is named as in the line. `label` is the line's word for the role (Дайындаған); empty for a name alone.
    """

    role: str
    names: tuple[str, ...]
    normal: tuple[str, ...]
    label: str = ""

    @property
    def is_byline(self) -> bool:
        """True if the line names the author of the text."""
        return self.role in ("author", "desk")


_MAX_LENGTH = 200
_ACCOUNT_NAME = re.compile(
    r"(?:super)?(?:admin|administrator|root|editor|user|moderator|webmaster|guest)\w*|әкімші|админ\w*|гость", re.I
)
_JOIN = re.compile(r"\s+(?=[«“\"(])|\s*(?:[,;&/|•]|\s(?:және|мен|пен|бен|и|and|men|jáne|jäne)\s)\s*")
_BEFORE_PLACE = re.compile(r"(.+?[^\W\d_]{3,})\.\s+([«\"“]?[^\W\d_][^.:!?]{2,30})[.»]*")
_VERB_LAST = re.compile(
    r"(?:^|\s)[а-яёәғқңөұүһі-]*(?:[дт][ыі]р?|ғ?[аеө]йды|[ғг][ае]н|[қк][ае]н|[аеыі]п|керек|бар|жоқ|екен|ертең)[.!]*$"
)
# What may stand between a label and the name: «Жаршы» тілшісі
_BEFORE_NAME = re.compile(r"(?:[«\"“]?[^«»\"“”]{2,40}[»\"”],? )?(?:[^\W\d_A-ZА-ЯӘІҢҒҮҰҚӨҺ][\w-]*,? ){1,4}(?=[^\W\d_])")
_NOUN_ENDING = re.compile(
    "(?:[ыі]|[дтл]ар|[дтл]ер|[лдт][ыі][қк]|[ыио]й|[аяеы][яей]|ие|ция|ние|ть|ка|ки|ом|ам|ах|да|де|та|те)$"
)
# A credit for other work (photo, camera, editing) after the author's name on the same line.
_OTHER_WORK = re.compile(
    r"(?<=\w\w)[\s.,;/|(]+(?:(?:фото|сурет\w{0,4}|photo|оператор\w{0,3}|монтаж\w?|видео)\b\s*(?:[:–—-]|автор|by|түсірген))",
    re.I,
)
_GENITIVE = re.compile(
    r"(?P<name>[А-ЯЁӘҒҚҢӨҰҮҺІ][^\W\d_.-]+(?: [А-ЯЁӘҒҚҢӨҰҮҺІ][\w.-]+){1,2}?)[ндт][ыі]ң "
    r"(?:материал|сюжет|репортаж|шолу)(?:ы|ында|інде|ынан|інен|нде)\b",
)
_TITLE_NAME = re.compile(r"(?P<name>[^.:!?«»\"]{5,50}?)\.\s+\S")
_SURNAME_IN_BRACKETS = re.compile(r"(?P<name>[^()]+?(?:ұлы|улы|қызы|кызы)) \((?P<other>[^\W\d_]+)\)[:,.]?")


def read_byline(line: str, *, position: str = "end") -> Byline | None:
    """Read the byline in a line; None if it has none. `position` is ``top``, ``end``, ``inline`` or ``title``.

    A bare name is a byline at the top or the end; between paragraphs it names a speaker. In a title, only a name with
    its surname in capitals before the first full stop is a byline.

    >>> read_byline("Мирас АСАН, «Орталық Қазақстан»").normal, read_byline("Дайындаған: А. СЕЙІТ").normal
    (('Мирас Асан',), ('А. Сейіт',))
    >>> read_byline("фото Игоря Бургандинова").role, read_byline("Өз тілшіміз").role
    ('photo', 'desk')
    >>> read_byline("Асқар АЛТАЙ, жазушы: Кітап оқыңыз"), read_byline("Серік САПАР,", position="inline")
    (None, None)
    """
    text = " ".join(fold_lookalikes(clean_text(line)).split()).strip(" |•·*_—–-")
    if not 3 < len(text) <= _MAX_LENGTH:
        return None
    if position == "title":
        return _title_byline(text)
    desk = text.strip(" ,:()«»")
    if DESK.fullmatch(_bare(desk)):
        return Byline(role="desk", names=(desk,), normal=(desk,))
    if (cut := _OTHER_WORK.search(text)) and (byline := _signed(text[: cut.start()], position)):
        return byline
    return _signed(text, position)


def _signed(text: str, position: str) -> Byline | None:
    return _labelled(text, position) or _genitive(text) or (_alone(text, position) if position != "inline" else None)


def find_byline(paragraphs: Sequence[str]) -> list[Byline]:
    """Find the bylines in the first two and the last paragraphs; lines that may name a speaker are skipped.

    >>> [b.normal for b in find_byline(["Қала күні өтті.", "Жиынға ел келді.", "Аида САПАР,", "Қарағанды"])]
    [('Аида Сапар',)]
    """
    lines = [p for p in paragraphs if p.strip()]
    found = _from_end(lines)
    for i, line in enumerate(lines[:2]):
        following = lines[i + 1].rstrip() if i + 1 < len(lines) else ""
        byline = read_byline(line, position="top") if len(lines) > 2 and not following.endswith(":") else None
        if byline and byline not in found and (byline.label or not line.rstrip().endswith((",", ":"))):
            found.insert(i, byline)
    return found


def _from_end(lines: list[str]) -> list[Byline]:
    found: list[Byline] = []
    for steps, line in enumerate(reversed(lines[-6:])):
        byline = read_byline(line, position="end")
        if byline:
            found.insert(0, byline)
        elif found or steps > 3 or not (is_boilerplate(line) or _may_follow_name(line)):
            break
    return found


def _may_follow_name(line: str) -> bool:
    """True if a short line may be the job title, newspaper or place below a name."""
    text = line.strip().rstrip(".")
    return len(text.split()) <= 8 and not text.endswith((":", "!", "?", "…"))


def _labelled(text: str, position: str) -> Byline | None:
    for label, value, mark in _splits(text):
        bare, byline = _bare(label), None
        if PHOTO.fullmatch(bare) or PHOTO_ENGLISH.fullmatch(label.lower()):
            byline = _photo(label, value, mark)
        elif AUTHOR.fullmatch(bare) or AUTHOR_ENGLISH.fullmatch(label.lower()):
            # «Авторы – X» credits the authors of a book or play.
            if mark == "-" and (bare.startswith("автор") and (bare == "авторы" or position == "inline")):
                return None
            byline = _author(label, value, mark)
        if byline:
            return byline
    sentence = re.split(r"(?<=[.!?…])\s+(?=[^\W\d_]{4,})", text)[-1]
    return _labelled(sentence, position) if sentence != text and len(sentence) > 8 else None


def _splits(text: str) -> list[tuple[str, str, str]]:
    """Return the ways to split a line into label, value and the mark between them."""
    splits: list[tuple[str, str, str]] = []
    if match := re.match(r"([^:–—-]{2,40}?)\s*(:\s*[–—-]?|\s[–—-]|[–—-]\s)\s*(.+)", text):
        splits.append((match[1].strip(" («\"'"), match[3], ":" if ":" in match[2] else "-"))
    words = text.split(" ")
    splits += [(" ".join(words[:k]).strip("(,"), " ".join(words[k:]), "") for k in range(min(4, len(words) - 1), 0, -1)]
    return splits


def _bare(label: str) -> str:
    return re.sub(r"[^\w ]", "", " ".join(skeleton(word) for word in label.replace(".", " ").split())).strip()


def _author(label: str, value: str, mark: str) -> Byline | None:
    value = value.strip(" .,()«»*")
    if DESK.fullmatch(_bare(value)):
        return Byline(role="desk", names=(value,), normal=(value,), label=label)
    names, tail = _names(value, certain=mark == ":")
    is_labelled = bool(mark) or bool(re.search("(?:ған|ген|қан|кен|[gǵq]an|ген|дген|ил|ил[аи]|вала?)$", label.lower()))
    if not names and (match := _BEFORE_NAME.match(value)):
        names, tail = _names(value[match.end() :], certain=False)
    if not names or ":" in tail or (not is_labelled and not _are_certain(names)):
        return None
    if mark == "" and len(tail.split()) > 8:
        return None
    return _byline("author", names, label=label)


def _photo(label: str, value: str, mark: str) -> Byline | None:
    value = re.sub(r"\s*\(?\b(?:https?://|www\.)?[\w-]+\.(?:kz|com|ru|org|net|info)\b.*", "", value, flags=re.I).strip(
        " .,()/"
    )
    names, _ = _names(value, certain=True)
    if mark == "":
        names = [name for name in names if len(name_words(name)) > 1]
        return _byline("photo", names, label=label, genitive=True) if names else None
    return _byline("photo", names, label=label)


def _genitive(text: str) -> Byline | None:
    match = _GENITIVE.search(text)
    words = name_words(match["name"]) if match else []
    while len(words) > 2 and name_evidence(words[-2:]) >= 2:
        words = words[1:]
    if match is None or len(words) < 2 or name_evidence(words) < 2:
        return None
    return _byline("author", [" ".join(words)], label=text[match.end("name") :].split(" ", 1)[-1].rstrip("."))


def _title_byline(text: str) -> Byline | None:
    match = _TITLE_NAME.match(text)
    words = name_words(match["name"]) if match else []
    # Capitals give two points of evidence, and any heading may have them.
    if len(words) < 2 or not words[-1].isupper() or words[0].isupper() or name_evidence(words) < 3:
        return None
    return _byline("author", [" ".join(words)])


def _alone(text: str, position: str) -> Byline | None:
    """Read a line that is only a name, optionally followed by a job title, newspaper or place."""
    if match := _SURNAME_IN_BRACKETS.fullmatch(text):
        words = name_words(match["name"])
        return _byline("author", [text.rstrip(":,.")]) if len(words) == 2 and name_evidence(words) >= 2 else None
    if ":" in text or "?" in text or "!" in text:
        return None
    names, tail = _names(text, certain=False)
    if not names and position == "end" and (match := _BEFORE_PLACE.fullmatch(text)):
        names, tail = _names(match[1], certain=False)
    if not names:
        words = text.rstrip(".").split(" ")
        if VERB_AFTER.fullmatch(_bare(words[-1])) or VERB_AFTER.fullmatch(_bare(" ".join(words[-2:]))):
            names, tail = _names(" ".join(words[: -1 if VERB_AFTER.fullmatch(_bare(words[-1])) else -2]), certain=False)
    if (
        not names
        or not (_are_certain(names) or (position == "end" and _plain_name(names)))
        or len(tail.split()) > 12
        or re.search(r"\s[–—-]\s", tail)
    ):
        return None
    if _VERB_LAST.search(tail):
        return None
    if tail and position == "top" and POST.search(_bare(tail)) and not PRESS.search(_bare(tail) + tail[:1]):
        return None
    return _byline("author", names)


def _names(text: str, *, certain: bool) -> tuple[list[str], str]:
    """Return the names at the start of a text, and the rest; a single word counts as a name only if `certain`."""
    names: list[str] = []
    place, joined = 0, "mark"
    while place < len(text):
        join = _JOIN.search(text, place)
        end = join.start() if join else len(text)
        part = re.sub(r"\s*\(.*?\)?$", "", text[place:end]).strip(" *,;")
        part = part if re.search(r"(?<!\w)\w{1,2}\.$", part) else part.rstrip(".")
        words = name_words(part)
        if not _is_name(words, certain=certain and not names, first=not names):
            # «X және …» continues as a sentence.
            return (names, text[place:]) if joined != "word" else ([], text)
        names.append(part)
        place = join.end() if join else len(text)
        joined = "word" if join and join[0].strip().isalpha() else "mark"
    return names, text[place:]


def _is_name(words: list[str], *, certain: bool, first: bool) -> bool:
    evidence = name_evidence(words) if words else -1
    if evidence < 0 or _ACCOUNT_NAME.fullmatch(" ".join(words)):
        return False
    if len(words) == 1:
        return certain
    return certain or evidence >= (1 if first else 2)


def _are_certain(names: list[str]) -> bool:
    return all(name_evidence(name_words(name)) >= 2 for name in names)


def _plain_name(names: list[str]) -> bool:
    """True for a single name in normal capitalization whose last word does not end like a noun or adjective.

    In Kazakh and Russian, unlike English, the second word of a heading is capitalized only if it is a name.
    """
    words = name_words(names[0])
    return (
        len(names) == 1
        and len(words) == 2
        and all(len(word) > 3 and word[1:].islower() for word in words)
        and script_of(names[0]) == "Cyrl"
        and not _NOUN_ENDING.search(words[1])
    )


def _byline(role: str, names: Sequence[str], *, label: str = "", genitive: bool = False) -> Byline:
    normal = tuple(normal_name(name) for name in names)
    return Byline(
        role=role,
        names=tuple(names),
        normal=tuple(map(nominative, normal)) if genitive else normal,
        label=label,
    )

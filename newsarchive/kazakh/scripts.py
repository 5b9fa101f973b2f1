"""Scripts and Unicode: cleaning text, folding look-alike letters and search forms, identifying the script."""

from __future__ import annotations

import re
import unicodedata

# Format characters (soft hyphen, zero-width space, direction marks) make a tokenizer split words.
_FORMAT = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_ODD = re.compile(f"{_FORMAT.pattern[:-1]}{_CONTROL.pattern[1:-1]}{_SPACE.pattern[1:-1]}\u2011\u2028\u2029]")
"""Every character that `clean_text` changes in NFC text."""
_WORD = re.compile(r"[^\W\d_][^\W\d_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W\d_]*)*")

_LATIN = "ABCEHIKMOPTXYSJƏƟaceiopxyhsjəɵk"
_CYRILLIC = "АВСЕНІКМОРТХҮЅЈӘӨасеіорхуһѕјәөк"
_TO_CYRILLIC = dict(zip(map(ord, _LATIN), _CYRILLIC, strict=True))
_TO_LATIN = {ord(c): x for x, c in zip(_LATIN, _CYRILLIC, strict=True)} | {ord("У"): "Y"}
# Letters of neighboring languages that some keyboards produce in place of Kazakh ones.
_VARIANTS = str.maketrans("ӊӉҥӄҝӷəƏɵƟ", "ңҢңққғәӘөӨ")
_IS_VARIANT = re.compile("[ӊӉҥӄҝӷəƏɵƟ]")
LATIN_LETTER = re.compile("[A-Za-zªº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0250-\u02af\u1e00-\u1eff]")
_IS_CYRILLIC = re.compile("[\u0400-\u052f\u1c80-\u1c8f]")
_CYRILLIC_RUN = re.compile("[\u0400-\u052f\u1c80-\u1c8f]+")
ARABIC_LETTER = re.compile("[\u0620-\u064a\u066e-\u06d5\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")


def clean_text(text: str) -> str:
    """Convert text to NFC, remove format and control characters, and make every space a plain one; keep line breaks.

    Zero-width joiners inside emoji are kept.

    >>> clean_text("маман\\u00adдық\\u200b сабағы,\\xa0и\\u0306од")
    'мамандық сабағы, йод'
    """
    if text.isascii():
        return _CONTROL.sub("", text) if not text.isprintable() else text
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if not _ODD.search(text):  # as most are
        return text
    text = _FORMAT.sub(_keep_emoji_joiner, text)
    text = _SPACE.sub(" ", text).replace("\u2011", "-").replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROL.sub("", text)


def _keep_emoji_joiner(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    if match[0] == "\u200d" and before and unicodedata.category(before) in ("So", "Sk", "Mn"):
        return match[0]
    return ""


def fold_lookalikes(text: str) -> str:
    """Write words that mix look-alike Latin and Cyrillic letters in one script.

    The word's unambiguous letters decide the script, else the majority of the line. A word with unambiguous letters
    of both scripts is kept.

    >>> fold_lookalikes("пiкiр, Əлем, hалық, Twitter-інен, QR-код")
    'пікір, Әлем, һалық, Twitter-інен, QR-код'
    >>> fold_lookalikes("О́zgeris pеn damý")
    'Ózgeris pen damý'
    """
    if text.isascii() or not (_IS_CYRILLIC.search(text) and LATIN_LETTER.search(text)):
        return text
    return "".join(_fold_line(line) for line in text.splitlines(keepends=True))


def _fold_line(line: str) -> str:
    if line.isascii() or not (_IS_CYRILLIC.search(line) and LATIN_LETTER.search(line)):
        return line
    cyrillic_line: bool | None = None

    def one_script(match: re.Match[str]) -> str:
        nonlocal cyrillic_line
        word = match[0]
        if word.isascii() or not (_IS_CYRILLIC.search(word) and LATIN_LETTER.search(word)):
            return word
        only_cyrillic = any(_IS_CYRILLIC.match(c) and ord(c) not in _TO_LATIN for c in word)
        only_latin = any(LATIN_LETTER.match(c) and ord(c) not in _TO_CYRILLIC for c in word)
        if only_cyrillic and only_latin:
            return word
        if not only_cyrillic and not only_latin:
            if cyrillic_line is None:
                cyrillic_line = len(_IS_CYRILLIC.findall(line)) >= len(LATIN_LETTER.findall(line))
            only_cyrillic = cyrillic_line
        return unicodedata.normalize("NFC", word.translate(_TO_CYRILLIC if only_cyrillic else _TO_LATIN))

    return _WORD.sub(one_script, line)


def fold_for_search(text: str) -> str:
    """Return the form used for index and query: cleaned, look-alikes folded, case-folded, dotless ı as i.

    >>> fold_for_search("ӘЛЕМ Əлем İstanbul ıstyq за\\u0301мок")
    'әлем әлем istanbul istyq замок'
    """
    if text.isascii():
        return clean_text(text).lower()
    folded = fold_lookalikes(clean_text(text)).casefold()
    if _IS_VARIANT.search(folded):  # rare, and translating costs as much as everything else
        folded = folded.translate(_VARIANTS)
    folded = folded.replace("i\u0307", "i").replace("ı", "i")
    # A stress mark on a Cyrillic vowel has no composed form and is not part of the spelling.
    return folded.replace("\u0301", "").replace("\u0300", "") if "\u0301" in folded or "\u0300" in folded else folded


def script_of(text: str) -> str:
    """Return the ISO 15924 code of the script of most letters; empty if the text has no letters.

    >>> script_of("Қазақ"), script_of("Qazaq"), script_of("قازاق"), script_of("18:30")
    ('Cyrl', 'Latn', 'Arab', '')
    """
    cyrillic = sum(map(len, _CYRILLIC_RUN.findall(text)))
    if cyrillic and 2 * cyrillic >= len(text):
        return "Cyrl"  # no other script can have more letters
    counts = {
        "Cyrl": cyrillic,
        "Latn": len(LATIN_LETTER.findall(text)),
        "Arab": len(ARABIC_LETTER.findall(text)),
    }
    letters = 0 if text.isascii() else sum(map(str.isalpha, text))
    best = max(counts, key=counts.__getitem__)
    other = letters - sum(counts.values())
    if other > counts[best]:
        name = unicodedata.name(next(c for c in text if c.isalpha() and ord(c) > 0x2AF), "").split(" ")[0]
        return _OTHER_SCRIPTS.get(name, "Zzzz")
    return best if counts[best] else ""


_OTHER_SCRIPTS = {
    "CJK": "Hani",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "HANGUL": "Hang",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "DEVANAGARI": "Deva",
    "THAI": "Thai",
}

"""Scripts: clean text, letters that only look alike, one form for search, Kazakh Latin and Arabic to Cyrillic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

# Format characters split words for a tokenizer (soft hyphen, zero-width space, direction marks).
_FORMAT = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_WORD = re.compile(r"[^\W\d_][^\W\d_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W\d_]*)*")

_LATIN = "ABCEHIKMOPTXYSJƏƟaceiopxyhsjəɵk"
_CYRILLIC = "АВСЕНІКМОРТХҮЅЈӘӨасеіорхуһѕјәөк"
_TO_CYRILLIC = dict(zip(map(ord, _LATIN), _CYRILLIC, strict=True))
_TO_LATIN = {ord(c): x for x, c in zip(_LATIN, _CYRILLIC, strict=True)} | {ord("У"): "Y"}
# Neighbouring languages' letters that some keyboards give for Kazakh ones.
_VARIANTS = str.maketrans("ӊӉҥӄҝӷəƏɵƟ", "ңҢңққғәӘөӨ")
_IS_VARIANT = re.compile("[ӊӉҥӄҝӷəƏɵƟ]")
_IS_LATIN = re.compile("[A-Za-zªº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0250-\u02af\u1e00-\u1eff]")
_IS_CYRILLIC = re.compile("[\u0400-\u052f\u1c80-\u1c8f]")
_CYRILLIC_RUN = re.compile("[\u0400-\u052f\u1c80-\u1c8f]+")
_IS_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d5\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")


def clean_text(text: str) -> str:
    """Text in NFC without format and control characters, every kind of space as a plain one; lines are kept.

    The joiner inside emoji stays, since it holds one picture together.

    >>> clean_text("маман\\u00adдық\\u200b сабағы,\\xa0и\\u0306од")
    'мамандық сабағы, йод'
    """
    if text.isascii():
        return _CONTROL.sub("", text) if not text.isprintable() else text
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    text = _FORMAT.sub(_keep_emoji_joiner, text)
    text = _SPACE.sub(" ", text).replace("\u2011", "-").replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROL.sub("", text)


def _keep_emoji_joiner(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    if match[0] == "\u200d" and before and unicodedata.category(before) in ("So", "Sk", "Mn"):
        return match[0]
    return ""


def fold_lookalikes(text: str) -> str:
    """Words that mix Latin and Cyrillic letters of the same look, in one script.

    A word whose remaining letters do not tell goes by the majority of its line; a word that holds letters of
    both scripts that no other script imitates stays as it is.

    >>> fold_lookalikes("пiкiр, Əлем, hалық, Twitter-інен, QR-код")
    'пікір, Әлем, һалық, Twitter-інен, QR-код'
    >>> fold_lookalikes("О́zgeris pеn damý")
    'Ózgeris pen damý'
    """
    if text.isascii() or not (_IS_CYRILLIC.search(text) and _IS_LATIN.search(text)):
        return text
    return "".join(_fold_line(line) for line in text.splitlines(keepends=True))


def _fold_line(line: str) -> str:
    if line.isascii() or not (_IS_CYRILLIC.search(line) and _IS_LATIN.search(line)):
        return line
    cyrillic_line: bool | None = None

    def one_script(match: re.Match[str]) -> str:
        nonlocal cyrillic_line
        word = match[0]
        if word.isascii() or not (_IS_CYRILLIC.search(word) and _IS_LATIN.search(word)):
            return word
        only_cyrillic = any(_IS_CYRILLIC.match(c) and ord(c) not in _TO_LATIN for c in word)
        only_latin = any(_IS_LATIN.match(c) and ord(c) not in _TO_CYRILLIC for c in word)
        if only_cyrillic and only_latin:
            return word
        if not only_cyrillic and not only_latin:
            if cyrillic_line is None:
                cyrillic_line = len(_IS_CYRILLIC.findall(line)) >= len(_IS_LATIN.findall(line))
            only_cyrillic = cyrillic_line
        return unicodedata.normalize("NFC", word.translate(_TO_CYRILLIC if only_cyrillic else _TO_LATIN))

    return _WORD.sub(one_script, line)


def fold(text: str) -> str:
    """The form in which index and query meet: clean, look-alikes folded, without case, dotless ı as i.

    >>> fold("ӘЛЕМ Əлем İstanbul ıstyq за\\u0301мок")
    'әлем әлем istanbul istyq замок'
    """
    if text.isascii():
        return clean_text(text).lower()
    folded = fold_lookalikes(clean_text(text)).casefold()
    if _IS_VARIANT.search(folded):  # few texts have one, and translating costs as much as all the rest
        folded = folded.translate(_VARIANTS)
    folded = folded.replace("i\u0307", "i").replace("ı", "i")
    # A stress mark over a Cyrillic vowel has no composed form, and is never part of the spelling.
    return folded.replace("\u0301", "").replace("\u0300", "") if "\u0301" in folded or "\u0300" in folded else folded


def script_of(text: str) -> str:
    """ISO 15924 code of the script most letters of the text are in; empty where it has none.

    >>> script_of("Қазақ"), script_of("Qazaq"), script_of("قازاق"), script_of("18:30")
    ('Cyrl', 'Latn', 'Arab', '')
    """
    cyrillic = sum(map(len, _CYRILLIC_RUN.findall(text)))
    if cyrillic and 2 * cyrillic >= len(text):
        return "Cyrl"  # no other script can have more letters
    counts = {
        "Cyrl": cyrillic,
        "Latn": len(_IS_LATIN.findall(text)),
        "Arab": len(_IS_ARABIC.findall(text)),
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


def to_cyrillic(text: str) -> str:
    """Kazakh in Latin (2018, 2021, ad hoc, typed plainly) or Arabic letters, in Cyrillic; other words stay.

    Which value `i ı u y ý` have differs between the orthographies and is told by the other letters of the text;
    loan words come out by sound, not always by their Cyrillic spelling.

    >>> to_cyrillic("Naýryz aıynda Qazaqstan halqy")
    'Наурыз айында Қазақстан халқы'
    >>> to_cyrillic("Ūqsas jaŋalyqtar. Pıkır üsteu")
    'Ұқсас жаңалықтар. Пікір үстеу'
    >>> to_cyrillic("Abay qazaqtı emes, Reseydiñ sayasatın")
    'Абай қазақты емес, Ресейдің саясатын'
    >>> to_cyrillic("قاراشا ءساۋىر")
    'қараша сәуір'
    """
    text = fold_lookalikes(clean_text(text))
    if _IS_ARABIC.search(text):
        text = _ARABIC_WORD.sub(lambda m: _from_arabic(m[0]), text)
    if not _IS_LATIN.search(text):
        return text
    read = _READERS[_orthography(text)]
    return _LATIN_WORD.sub(lambda m: _with_case(m[0], read(m[0])), text)


_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1effəƏәӘіІ]+(?:['’ʼ](?=[A-Za-zı]))?(?:[A-Za-z\u00c0-\u024f]+)*")
_FIXED = {
    **dict(zip("abdefgjklmnoprstvzqhcw", "абдефгжклмнопрствзқхсу", strict=True)),
    **dict.fromkeys("áäəә", "ә"),
    **dict.fromkeys("ǵğǧģ", "ғ"),
    **dict.fromkeys("ńŋñň", "ң"),
    **dict.fromkeys("óöɵ", "ө"),
    "ü": "ү",
    "ū": "ұ",
    "ş": "ш",
    "š": "ш",
    "ç": "ч",
    "č": "ч",
    "ž": "ж",
    "ï": "и",
    "é": "е",
    "x": "кс",
}
_CLUSTERS = {"shch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "gh": "ғ", "kh": "х"}
_PARTS = re.compile("shch|sh|ch|zh|gh|kh|.", re.DOTALL)
_VOWELS = frozenset("аәеоөұүуыіияюэ")
_APOSTROPHES = {"a": "á", "g": "ǵ", "n": "ń", "o": "ó", "u": "ú", "y": "ý", "i": "ı", "s": "ş", "c": "ç"}


def _orthography(text: str) -> str:
    low = text.replace("İ", "i").lower()
    acute = sum(map(low.count, "áǵńóúý"))
    umlaut = sum(map(low.count, "äöüğǧŋşū"))
    if sum(map(low.count, "ñï")) > sum(map(low.count, "ŋūǵ")):
        return "turkic"
    if acute > umlaut:
        return "adhoc" if any(c in low for c in "әə") or "gh" in low else "2018"
    if umlaut == 0:
        return "2018" if "ı" in low and re.search("[aeou]ı", low) else "plain"
    # In the 2021 alphabet y is ы and stands between consonants; in the common Turkic one it is й, beside a vowel.
    y_vowel = re.search("[^aeıioöuüäūw\\W]y(?:[^aeıioöuüäūw\\W]|\\b)", low)
    return "2021" if y_vowel or "ū" in low or "ŋ" in low or "ı" not in low else "turkic"


def _reader(values: dict[str, str]) -> Callable[[str], str]:
    @lru_cache(maxsize=4096)
    def read(word: str) -> str:
        low = re.sub("([agnouyisc])['’ʼ]", lambda m: _APOSTROPHES[m[1]], word.replace("İ", "i").lower())
        # The 2018 capital of dotless ı is I too; before ý it stands for the й of ю.
        low = re.sub("^iý", "ıý", low)
        out: list[str] = []
        parts: list[str] = _PARTS.findall(low)
        for i, part in enumerate(parts):
            after_vowel = bool(out) and out[-1][-1:] in _VOWELS
            value = _CLUSTERS.get(part) or values.get(part) or _FIXED.get(part, part)
            if value in _AMBIGUOUS:
                value = _vowel(value, low, after_vowel=after_vowel, following="".join(parts[i + 1 : i + 2]))
            out.append(value)
        return _JOINED.sub(lambda m: m[1] + _IOTATED[m[2]], "".join(out))

    return read


# After a vowel Kazakh Cyrillic writes й + а and й + у as one letter.
_JOINED = re.compile("([аәеоөұүуыіи]|\\b)(йа|йу)")
_IOTATED = {"йа": "я", "йу": "ю"}
_AMBIGUOUS = frozenset({"и/й", "і/й", "ы/і", "ұ/у", "ы/й"})


def _vowel(value: str, word: str, *, after_vowel: bool, following: str) -> str:
    """Which of two values a letter has at its place in a word."""
    match value:
        case "ы/і":
            return "і" if re.search("[eiöüä]", word) else "ы"
        case "ұ/у":
            return "у" if after_vowel else "ұ"
        case "ы/й":
            return "й" if after_vowel and following and following in "aeou" else "ы"
        case "и/й":
            return "й" if after_vowel or (following == "ý" and word.startswith("ıý")) else "и"
        case _:
            return "й" if after_vowel else "і"


_READERS: dict[str, Callable[[str], str]] = {
    "2018": _reader({"i": "і", "ı": "и/й", "u": "ұ", "y": "ы", "ý": "у", "ú": "ү"}),
    "2021": _reader({"i": "и/й", "ı": "і", "u": "у", "y": "ы", "ý": "у", "ú": "ү"}),
    "turkic": _reader({"i": "і", "ı": "ы/і", "u": "ұ/у", "y": "й", "ý": "у", "ú": "ү"}),
    "adhoc": _reader({"i": "і/й", "ı": "и/й", "u": "ұ/у", "y": "ы", "ý": "ү", "ú": "ұ"}),
    "plain": _reader({"i": "і/й", "ı": "и/й", "u": "ұ/у", "y": "ы/й", "ý": "у", "ú": "ү"}),
}


def _with_case(source: str, target: str) -> str:
    if source.isupper() and len(source) > 1:
        return target.upper()
    return target[:1].upper() + target[1:] if source[:1].isupper() else target


_ARABIC_WORD = re.compile("[\u0621-\u065f\u066e-\u06d5\u06fa-\u06ff]+")
_ARABIC = {
    **dict(zip("ابپتجحدرزسشعفقكکگڭلمنوۇۋۆى", "абптжхдрзсшғфқккгңлмноұувы", strict=True)),
    "ە": "е",
    "ة": "е",
    "ه": "һ",
    "ہ": "һ",
    "چ": "ч",
    "ھ": "һ",
    "ي": "и/й",
    "ی": "и/й",
    "غ": "ғ",
    "خ": "х",
    "ژ": "ж",
    "ٵ": "ә",
    "ٶ": "ө",
    "ٷ": "ү",
    "ٸ": "і",
    "آ": "а",
    "أ": "ә",
    "ؤ": "ө",
    "ئ": "і",
    "ڤ": "в",
    "ۈ": "ү",
    "ۉ": "ө",
}
_FRONT = str.maketrans("аоұы", "әөүі")
_FRONT_SOFT = str.maketrans("оұы", "өүі")


def _from_arabic(word: str) -> str:
    marked = "ء" in word
    front = marked or (bool(re.search("[كکگە]", word)) and not re.search("[قع]", word))
    letters = re.sub("[هہ]$", "ە", re.sub("[ءـ\u064b-\u065f]", "", word))
    out = ""
    for letter in letters:
        value = _ARABIC.get(letter, letter)
        out += ("й" if out[-1:] in _VOWELS else "и") if value == "и/й" else value
    if front:
        out = out.translate(_FRONT if marked and "ә" not in out and "е" not in out else _FRONT_SOFT)
    return _JOINED.sub(lambda m: m[1] + _IOTATED[m[2]], out)

"""Transliteration of Kazakh from any Latin alphabet and from Arabic script to Cyrillic."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from newsarchive.kazakh.scripts import ARABIC_LETTER, LATIN_LETTER, clean_text, fold_lookalikes


def to_cyrillic(text: str) -> str:
    """Transliterate Kazakh in Latin (2018, 2021, ad hoc, plain ASCII) or Arabic letters; other words are kept.

    The values of `i ı u y ý` depend on the orthography, which the other letters of the text reveal. Loan words are
    spelled by sound, which may differ from their Cyrillic spelling.

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
    if ARABIC_LETTER.search(text):
        text = _ARABIC_WORD.sub(lambda m: _from_arabic(m[0]), text)
    if not LATIN_LETTER.search(text):
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
    # In the 2021 alphabet y is ы and occurs between consonants; in the common Turkic one it is й, next to a vowel.
    y_vowel = re.search("[^aeıioöuüäūw\\W]y(?:[^aeıioöuüäūw\\W]|\\b)", low)
    return "2021" if y_vowel or "ū" in low or "ŋ" in low or "ı" not in low else "turkic"


def _reader(values: dict[str, str]) -> Callable[[str], str]:
    @lru_cache(maxsize=4096)
    def read(word: str) -> str:
        low = re.sub("([agnouyisc])['’ʼ]", lambda m: _APOSTROPHES[m[1]], word.replace("İ", "i").lower())
        # In 2018, I is also the capital of dotless ı; before ý it is the й of ю.
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
    """Decide which of two values a letter has at its place in a word."""
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

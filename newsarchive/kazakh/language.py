"""Identifies the language of a text: by its letters, and by a statistical model if these do not decide."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from newsarchive.kazakh.scripts import clean_text, fold_lookalikes, script_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_MAX_LENGTH = 6000
_WORD = re.compile(r"[^\W\d_]+(?:[-'’ʼ][^\W\d_]+)*")
_KAZAKH_ONLY = re.compile("[ғқұҒҚҰ]")
_KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_NEIGHBOURS = (
    (re.compile("[ўЎ]"), re.compile("[қғҳҚҒҲ]|^[^іІ]*$"), "be"),
    (re.compile("[ҳўҲЎ]"), re.compile("[ӯӣҷӮӢҶ]"), "uz"),
    (re.compile("[ӯӣҷӮӢҶ]"), None, "tg"),
    (re.compile("[ҙҫҡҘҪҠ]"), None, "ba"),
    (re.compile("[җҖ]"), None, "tt"),
    (re.compile("[їєґЇЄҐ]"), None, "uk"),
    (re.compile("[ђћђљњЂЋЉЊ]"), None, "sr"),
)
_NOT_IN_NEIGHBOURS = re.compile("[қғұіҚҒҰІ]")
_TATAR = re.compile("[әҗӘҖ]")
_KYRGYZ_WORD = re.compile(
    "(?i:жана|менен|үчүн|бул|болгон|болуп|болот|эмес|анын|алар|кийин|чейин|боюнча|ушул|эле|айтымында|деген|дагы|эки|үч"
    "|жылы?|жылга|жылдын|бар|көп|эң|[а-яөүң]{2,30}(?:л[аеоө]р|д[ауео]р|т[ао]р)(?:[дт][ыиуү]|[гк][аеоө]|[дт][аеоө]н?"
    "|[дт][ыиуү]н)?|[а-яөүң]{2,30}(?:[дт][аеоө]гы|[дт][ео]ги|[гк][аеоө]н|[нт][ыиуү]н|[дт][ыиуү]н|[лт][ыиуү]ктүү|ынд[аы]|инд[еи]))"
)
_MONGOLIAN_WORD = re.compile(
    "(?i:нь|юм|болон|гэж|энэ|тэр|хийж|бол|бөгөөд|нэг|хоёр|гурван|таван|жил|онд|шинэ|улс|хот|бий|бас|байна|байгаа|байсан"
    "|[а-яөү]{2,30}(?:[ыи]й?н|[ыи]й?г|аас|ээс|оос|өөс|аар|ээр|оор|өөр|ууд|үүд|сан|сэн|сон|сөн|дсан|[дт]аа|[дт]ээ|жээ|чээ|лаа|лээ|аад|ээд|оод|өөд|гдэж|гдаж))"
)
_RUSSIAN_WORD = re.compile(
    "(?i:и|в|во|на|не|по|с|со|из|за|для|что|это|как|от|до|при|или|был[аио]?|его|их|о|об|к|у|года?|лет|после|более)"
    "|(?i:[а-яё]{2,30}(?:ого|его|ому|ему|ться|тся|ется|ются|ация|ации|ение|ения|ний|ость|ости|ский|ской|ские|ских"
    "|ными|ный|ная|ные|ных|ной|ами))"
)
_LATIN_KAZAKH = re.compile(
    "(?i:\\w*(?:[ǵŋǧ]|q(?!u[aeio])|ń)\\w*|men|ben|pen|bul|sol|bir|jáne|jäne|jane|úshin|üşin|üshin|ushin|dep|edi|eken"
    "|bolyp|bolıp|boldy|boldı|bolady|emes|osy|osı|onyń|onıñ|kerek|degen|memleket\\w*|el|eldiñ|tili|jyl\\w*|jıl\\w*|kún\\w*|kün\\w*"
    "|bola|deıdi|deydi|dedi|ǵana|jańa|jaŋa|óz|öz|ult\\w*|bilim|bılım)"
)
_TURKISH = re.compile("(?i:ve|bir|bu|için|ile|olarak|olan|daha|çok|da|de|gibi|sonra|kadar|ancak|ise)")
_ARABIC_KAZAKH = re.compile("[ۇۋەڭىگپء]")
_ARABIC_UIGHUR = re.compile("[ېۈۆ]")


def identify_language(text: str, *, hint: str = "") -> str:
    """Return a code such as ``kk``, ``ru``, ``ky``, ``kk-Latn`` or ``kk-Arab``; empty if the text is too short.

    `hint` is the language declared by the site or the page's `lang`; it is used only if the text does not decide. A
    text in two languages is assigned to the one with the larger share.

    >>> identify_language("Қарағандыда жаңа мектеп ашылды"), identify_language("В Караганде открыли новую школу")
    ('kk', 'ru')
    >>> identify_language("Qazaqstanda jańa mektep ashyldy"), identify_language("قاراعاندىدا جاڭا مەكتەپ اشىلدى")
    ('kk-Latn', 'kk-Arab')
    >>> identify_language("18:30"), identify_language("Премьера", hint="kk")
    ('', 'kk')
    """
    sample = fold_lookalikes(clean_text(text[:_MAX_LENGTH]))
    words: list[str] = _WORD.findall(sample)
    letters = sum(map(len, words))
    script = script_of(sample)
    if letters < 3:
        return ""
    if script == "Cyrl":
        return _cyrillic(sample, words, hint)
    if script == "Arab":
        return _arabic(sample, hint)
    if script == "Latn" and _is_kazakh_latin(words):
        return "kk-Latn"
    return _by_model(sample, hint, letters) if script else ""


def is_mixed(text: str) -> bool:
    """True if Kazakh and Russian, both in Cyrillic, each make up at least a fifth of the text.

    >>> is_mixed("Қарағандыда жаңа мектеп ашылды.\\nВ Караганде открыли новую школу.")
    True
    """
    kazakh, russian = _shares(fold_lookalikes(clean_text(text)))
    return min(kazakh, russian) * 5 >= max(kazakh + russian, 1)


def _cyrillic(sample: str, words: list[str], hint: str) -> str:
    for letters, unless, language in _NEIGHBOURS:
        found = len(letters.findall(sample))
        if found > len(words) // 50 and not (unless and unless.search(sample)) and found * 4 > len(words) // 4:
            return language
    if neighbour := _turkic_or_mongolian(sample, words):
        return neighbour
    marked = sum(1 for word in words if _KAZAKH.search(word))
    share = marked / len(words)
    if share >= 0.3 and (_KAZAKH_ONLY.search(sample) or re.search("[іІ].*[ыәөүң]|[ыәөүң].*[іІ]", sample, re.I | re.S)):
        return "kk"
    if 0.05 < share < 0.3 and len(words) >= 12:
        kazakh, russian = _shares(sample)
        return "kk" if kazakh > russian else "ru"
    russian_words = sum(1 for word in words if _RUSSIAN_WORD.fullmatch(word))
    if russian_words >= max(2, len(words) // 6) and share <= 0.3:
        return "ru"
    if len(words) < 3 and not marked and not russian_words:
        return hint if hint in _CYRILLIC_LANGUAGES else _by_model(sample, hint, len(sample), _NEAR)
    if _KAZAKH_ONLY.search(sample) and not russian_words:
        return "kk"
    # With few words the model mistakes Russian for Macedonian: less related languages need more text, or a hint.
    far = len(words) > 15 or hint in _CYRILLIC_LANGUAGES[3:]
    return _by_model(sample, hint, len(sample), _CYRILLIC_LANGUAGES if far else _NEAR)


_ENOUGH = 8
"""Words from which the lack of a letter tells a language: hardly a Kazakh sentence is without қ, ғ, ұ and і."""


def _turkic_or_mongolian(sample: str, words: list[str]) -> str:
    """Return ``tt``, ``ky`` or ``mn`` if the text lacks the letters of Kazakh and has their words; else empty."""
    kazakh = sum(1 for word in words if _NOT_IN_NEIGHBOURS.search(word))
    if len(words) < _ENOUGH or kazakh * 30 > len(words):
        return ""
    if sum(1 for word in words if _TATAR.search(word)) * 20 >= len(words):
        return "tt"
    russian = sum(1 for word in words if _RUSSIAN_WORD.fullmatch(word))
    found, language = max(
        (sum(1 for word in words if pattern.fullmatch(word)), language)
        for pattern, language in ((_KYRGYZ_WORD, "ky"), (_MONGOLIAN_WORD, "mn"))
    )
    return language if found * 5 >= len(words) and found > 2 * russian and re.search("[өүңӨҮҢ]", sample) else ""


_NEAR = ("kk", "ru", "ky")
_CYRILLIC_LANGUAGES = (*_NEAR, "uk", "be", "bg", "mk", "sr", "mn")


def _shares(sample: str) -> tuple[int, int]:
    """Return the number of letters in Kazakh lines, and in all other lines."""
    kazakh = other = 0
    for line in re.split(r"\n|(?<=[.!?])\s", sample):
        words: list[str] = _WORD.findall(line)
        size = sum(map(len, words))
        if sum(1 for word in words if _KAZAKH.search(word)) * 10 >= len(words) * 3:
            kazakh += size
        else:
            other += size
    return kazakh, other


def _arabic(sample: str, hint: str) -> str:
    uighur, kazakh = len(_ARABIC_UIGHUR.findall(sample)), len(_ARABIC_KAZAKH.findall(sample))
    if uighur * 30 > len(sample):
        return "ug"
    if kazakh * 7 > len(sample):
        return "kk-Arab"
    return _by_model(sample, hint, len(sample), ("ar", "fa", "ur", "ps", "ug", "ku"))


def _is_kazakh_latin(words: list[str]) -> bool:
    kazakh = sum(1 for word in words if _LATIN_KAZAKH.fullmatch(word))
    turkish = sum(1 for word in words if _TURKISH.fullmatch(word))
    return kazakh * 4 >= len(words) and kazakh > turkish


def _by_model(sample: str, hint: str, letters: int, languages: tuple[str, ...] = ()) -> str:
    ranked: list[tuple[str, float]] = _model().rank(sample)
    order = [language for language, _ in ranked if not languages or language in languages]
    # Among the few Cyrillic languages a hint always ranks high, so it decides only texts of one or two words.
    if letters < (16 if languages else 40) and hint in order[: 2 if languages else 3]:
        return hint
    if letters < 12 and script_of(sample) in ("Cyrl", "Latn"):
        return hint
    return order[0]


@cache
def _model() -> LanguageIdentifier:
    """Load the packaged model on first use; Kazakh and Russian texts rarely need it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)

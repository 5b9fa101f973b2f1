"""Date words in Kazakh (three scripts), Russian and English, recognized by their skeletons."""

from __future__ import annotations

import re
from functools import lru_cache

# One letter per sound, for any script and for keyboards without Kazakh letters.
_SOUNDS = {
    ord(letter): sound
    for sound, letters in {
        "а": "әaáäəâاآأ", "б": "bب", "в": "vڤۆ", "г": "ғgǵğǧعغگ", "д": "dد", "е": "ёeéêەةهہھ", "ж": "jžجژ",
        "з": "zز", "к": "қkqcقكک", "л": "lل", "м": "mم", "н": "ңnńŋñنڭ", "о": "өoóöôو", "п": "pپ", "р": "rر",
        "с": "sس", "т": "tت", "у": "ұүuúüūwýۇۋٷ", "ф": "fف", "х": "һhحخ", "ч": "çچ", "ш": "şشš", "ы": "іийiıïyىيی",
        "": "ьъءـ'’ʼ\u0301\u0307\u0308",
    }.items()
    for letter in letters
}  # fmt: skip
_CLUSTERS = (("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("gh", "г"), ("kh", "х"))


def skeleton(word: str) -> str:
    """Reduce a word to its sounds, so that one table covers all spellings.

    >>> {skeleton(w) for w in ("Қыркүйек", "qyrkúıek", "qırküyek", "قىركۇيەك")} == {"кыркуыек"}
    True
    """
    low = word.lower()
    if low.isascii():
        for cluster, sound in _CLUSTERS:
            low = low.replace(cluster, sound)
    return low.replace("sh", "ш").replace("zh", "ж").translate(_SOUNDS)


_KAZAKH = "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан"
_RUSSIAN = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"
_ENGLISH = "january february march april may june july august september october november december"
_KAZAKH_CASE = "(?:с?ы)?(?:н?[дт][ае](?:гы)?|[дтн][ае]н|[гкн][ае]|[ндт]ын(?:кы)?|[ндт]ы|[мбп]ен|лык|гы|н)?|ындагы|ы"
_RUSSIAN_CASE = "[аяеюу]|ем|ом"


def _month_forms() -> dict[str, int]:
    forms: dict[str, int] = {}
    for names in (_KAZAKH, _RUSSIAN, _ENGLISH):
        for number, name in enumerate(names.split(), 1):
            stem = skeleton(name)
            for length in range(3, len(stem) + 1):
                if forms.setdefault(stem[:length], number) != number:
                    forms[stem[:length]] = 0
    # Usual abbreviations that are ambiguous as prefixes, or not a prefix of the name.
    forms |= {"мар": 3, "маы": 5, "мая": 5, "ыюн": 6, "ыюл": 7, "жун": 6, "жул": 7, "сент": 9, "септем": 9, "сен": 9}
    return {form: number for form, number in forms.items() if number}


_MONTHS = _month_forms()
_FULL = {skeleton(name): number for names in (_KAZAKH, _RUSSIAN) for number, name in enumerate(names.split(), 1)}
_FULL_WITH_CASE = re.compile(
    f"(?:({'|'.join(map(skeleton, _KAZAKH.split()))})(?:{_KAZAKH_CASE})|"
    f"({'|'.join(re.sub('ы$', '', skeleton(name)) for name in _RUSSIAN.split())})(?:{_RUSSIAN_CASE}))"
)


def month_of(bare: str) -> int:
    """Return the month that a skeleton names, also abbreviated or with a case ending; 0 if it is not a month.

    >>> month_of(skeleton("ақпанындағы")), month_of(skeleton("сентября")), month_of(skeleton("қыр"))
    (2, 9, 9)
    """
    if bare in _MONTHS:
        return _MONTHS[bare]
    match = _FULL_WITH_CASE.fullmatch(bare)
    if not match:
        return 0
    return _FULL.get(match[1] or match[2]) or _FULL.get(match[2] + "ы", 0)


_CLASSES = {
    "Y": "ж жыл жылы жылгы жылдын жылда жылга жылдан жылым г год года году гг",
    "Um": "аы месяц месяца месяцев мес монтх монтхс",
    "O": "аыы аыынын аыында аыындагы аыынан аыдын",
    "Ui": "мынут мын мынута мынуту мынуты мынуте мынутес мынс",
    "Uh": "сагат саг час часа часов ч хоур хоурс хр хрс",
    "Us": "секунд секунда секунды секунду сек секонд секондс",
    "Ud": "кун куны кунгы кунынде день дня днеы дн суткы суток сутка таулык даы даыс",
    "Uw": "апта неделя неделю неделы недел нед уеек уеекс",
    "Uy": "лет ыеар ыеарс",
    "A": "бурын назад аго бурынырак",
    "Rt": "бугын бугынгы сегодня тодаы",
    "Ry": "кеше кешегы вчера ыестердаы",
    "Rb": "позавчера",
    "L": "алдынгы аргы",
    "J": "жана казыр толко жуст",
    "G": "гана что ноу",
    "H": "в ат уакыты время тыме сагатта жарыяланды жарыяланган опублыковано публышед мерзымы куны дата дате датасы",
    "B": "оф тхе чысла чысло жулдызы жулдызында жулдыз",
    "K": "т",
    "Z": "гмт утк з",
    "Pa": "ам",
    "Pp": "пм",
    "Ca": "быр одын одну одна ан оне",
    "Cb": "екы два две туо",
    "Cc": "уш тры тхрее",
    "Cd": "торт четыре фоур",
    "Ce": "бес пят фыве",
    "Cf": "алты шест сых",
    "Cg": "жеты сем севен",
    "Ch": "сегыз восем",
    "Ci": "тогыз девят",
    "Cj": "он десят тен",
    "Cz": "жарты пол полчаса",
}
_CODES = {bare: code for code, words in _CLASSES.items() for bare in words.split()}
_CODES["куны"] = "Ud"
_WEEKDAY = re.compile(
    "дуысенбы|сеысенбы|сарсенбы|беысенбы|жума|сенбы|жексенбы|понеделнык|вторнык|сред[ауы]|четверг|пятныц[ауы]"
    "|суббот[ауы]|воскресен[еы]|воскресенем|(?:мон|туес|уеднес|тхурс|фры|сатур|сун)даы|дс|сс|ср|бс|жм|сб|жс|пн|вт|чт|пт|вс"
    "|дуыс?|сеыс?|сарс?|беыс?|жум|жек|мон|туес?|уед|тхурс?|фры|сат|сун|пон|втр|чет|пят|суб|воск"
)
_WEEKDAY_CASE = re.compile("(?:[дт][ае](?:гы)?|[дтн][ае]н|[дтн]ын|[гк][ае]|н[ае])?")
_ORDINAL = re.compile(
    "(?:с?ы)?(?:н?[дт][ае](?:гы)?|[дтн][ае]н|[гкн][ае]|[ндт]ын|[ндт]ы|шы|ншы|ыншы|мен|бен|пен|не|ны|н)?(?:кы|гы)?"
    "|го|ого|е|ое|му|м|ы|я|ст|нд|рд|тх"
)


def is_number_suffix(word: str) -> bool:
    """True if a word after a figure is only its ending: 18-інде, 18-ші, 18-го, 18th."""
    bare = skeleton(word)
    return 0 < len(bare) <= 7 and _ORDINAL.fullmatch(bare) is not None


@lru_cache(maxsize=8192)
def code_of(word: str) -> str:
    """Return the code of a word's role in a date, for the date patterns; ``X`` for any other word.

    ``Ma``–``Ml`` month, ``W`` weekday, ``Y`` year, ``O`` of the month, ``U?`` unit, ``A`` ago, ``R?`` today and the
    days before, ``L`` the day before, ``J G`` just now, ``H`` before a time of day, ``Z`` GMT, ``C?`` number, ``B`` of.

    >>> [code_of(w) for w in ("Сенбі", "ақпанның", "жылғы", "бұрын", "мақала")]
    ['W', 'Mb', 'Y', 'A', 'X']
    """
    bare = skeleton(word)
    if bare in _CODES:
        return _CODES[bare]
    month = month_of(bare)
    if month:
        return "M" + "abcdefghijkl"[month - 1]
    weekday = _WEEKDAY.match(bare)
    if weekday and (weekday.end() == len(bare) or _WEEKDAY_CASE.fullmatch(bare, weekday.end())):
        return "W"
    return "X"

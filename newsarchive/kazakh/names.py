"""Names of people in the Kazakh press: recognizing them and normalizing their capitalization."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsarchive.kazakh.datewords import skeleton
from newsarchive.kazakh.givennames import FEMININE_NAMES, GIVEN_NAMES
from newsarchive.kazakh.scripts import clean_text, fold_lookalikes, script_of

_INITIAL = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,2}\.)(?=[^\W\d_])")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’ʼ‘`][^\W\d_]+)*")
_PARTICLES = frozenset({"улы", "кызы", "оглы", "тегы", "бын", "ыбн", "де", "ван", "фон", "дер"})
_STRONG_ENDING = re.compile(".{2,}(?:[оеё]ва?|улы|кызы|тегы|енко|овна|евна|овыч|евыч)")
_WEAK_ENDING = re.compile(
    ".{2,}(?:ына?|скыы|ская|цкыы|цкая|чук|ян|баы|бек|хан|кан|гул|жан|галы|калы|нур|мурат|таы|газы|болат|бол|аыым"
    "|султан|мбет|темыр|гереы|кереы|кожа|кул|быке|сулу|гелды|берген|берды|дыяр|дыл)"
)
# Words that are capitalized in headings, mastheads and menus but are not names of people.
_NOT_NAMES = re.compile(
    "казакстан.*|казах.*|республ.*|астана.*|алматы.*|каз[а]?кпарат|казынформ|жаналык.*|новост.*|редакц.*|газет.*|журнал.*|портал.*"
    "|телеарна.*|арна|канал.*|орталык.*|центр.*|област.*|облыс.*|аудан.*|раыон.*|кала|каласы.*|город.*|ауыл.*|село|мектеп.*|школ.*"
    "|унывер.*|ынстытут.*|театр.*|мыныстр.*|акым.*|презыдент.*|парламент.*|сенат|мажылыс.*|партыя.*|кор|когам.*|одак.*|одагы"
    "|акпарат.*|ынформ.*|баспасоз.*|пресс?.*|служб.*|кызметы?|тылшы.*|корреспондент.*|журналыст.*|редактор.*|автор.*|фото.*|выдео.*"
    "|аудыо|сурет.*|басты|бет|главная|страныц.*|пыкыр.*|комментар.*|бары|толыгырак|толыгымен|оку|архыв.*|мурагат.*|байланыс.*|контакт.*"
    "|жарнам.*|реклам.*|сондаы.*|сонгы|танымал|озек.*|поделы.*|подпыс.*|смотры.*|чыта.*|наш.*|ваш.*|быз.*|тхе|таймс|тымес|неус|оф|анд|ын"
    "|спорт.*|саясат.*|эконом.*|маденыет.*|культур.*|обществ.*|полытык.*|подробн.*|дос(?:ье)?|отан|жас|алаш|елорда|шымкент.*|караганды.*"
    "|тараз|актау|актобе|атырау|орал|семеы|павлодар|костанаы|кокшетау|петропавл.*|кызылорда|турк[ыi]стан.*|жезказган|улытау|темыртау"
    "|аударган|аударма.*|которгон|перев[её]л[аы]?|перевод.*|даярдаган.*"
    "|самарканд|москв.*|росс.*|кытаы|аблас.*|кун.*|жыл.*|апта.*|талдау|сухбат.*|мынбер|коныл|болым.*|рубрик.*|онлаын|лыве|тв|рк|кр|сша|акш"
    "|еуразыя.*|еврозыя.*|евраз.*|таулык|улттык|мемлекет.*|халык.*|халкы|ел|жер|алем.*|мыр|быз(?:дын)?|бугын.*|кеше|кеыын|олар.*|ягны|елбасы.*|енды|елымыз.*|акын|бырак|сонда.*|сол|бул|осы.*|быыл.*|ал|укымет.*|отыз|ынтернет.*"
    "|ынстаграм.*|ютуб|телеграм.*|уиутубе|ашык|дереккоз.*|саыт.*|домоы|курметты|оз|озге.*|спасыбо|вам|рахмет|блог.*|печат.*|менеджер.*"
)
_GIVEN_NAMES = frozenset(map(skeleton, GIVEN_NAMES.split()))
_FEMININE = frozenset(map(skeleton, FEMININE_NAMES.split()))


def name_words(text: str) -> list[str]:
    """Return the words of a text if each may be part of a name, else an empty list.

    >>> name_words("Д.КАЖИГАЛИЕВ"), name_words("Берік Көшербай"), name_words("Қазталов ауданы")
    (['Д.', 'КАЖИГАЛИЕВ'], ['Берік', 'Көшербай'], [])
    """
    words = _INITIAL.sub(r"\1 ", text).split()
    if not 0 < len(words) <= 5 or not all(_may_be_part(word, first=i == 0) for i, word in enumerate(words)):
        return []
    return words if any(len(word.rstrip(".")) > 1 for word in words) else []


def _may_be_part(word: str, *, first: bool) -> bool:
    if re.fullmatch(r"[^\W\d_]{1,2}\.", word):
        return word[0].isupper()
    if not _WORD.fullmatch(word) or len(word) < 2:
        return False
    if not first and skeleton(word) in _PARTICLES:
        return True
    if script_of(word) == "Arab":
        return True
    return all(
        part[0].isupper() and (part.isupper() or part[1:].islower() or len(part) == 1)
        for part in re.split("[-'’ʼ‘`]", word)
    )


def name_evidence(words: Sequence[str]) -> int:
    """Score the evidence that words name a person: 2 or more is sufficient, 0 is none, below 0 is against it.

    >>> name_evidence(["Михаил", "Тё"]), name_evidence(["Басты", "Бет"]), name_evidence(["Мирас", "АСАН"])
    (2, -1, 4)
    """
    bare = [skeleton(word.rstrip(".")) for word in words]
    if any(_NOT_NAMES.fullmatch(b) for b in bare):
        return -1
    full = [word for word in words if not word.endswith(".")]
    score = 2 * (len(full) < len(words))
    score += 2 * any(b in _GIVEN_NAMES for b in bare)
    score += 2 * any(_STRONG_ENDING.fullmatch(b) for b in bare) + sum(1 for b in bare if _WEAK_ENDING.fullmatch(b))
    capitals = [word for word in full if word.isupper()]
    if capitals and len(capitals) < len(full) and any(len(word) > 3 for word in capitals):
        score += 2
    return score


def normal_name(text: str) -> str:
    """Return a name in normal capitalization, with initials separated and surrounding punctuation removed.

    >>> normal_name("Аида РАХЫМҚҰЛОВА"), normal_name("Д.КАЖИГАЛИЕВ,"), normal_name("DARHAN ÄBDİK")
    ('Аида Рахымқұлова', 'Д. Кажигалиев', 'Darhan Äbdik')
    >>> normal_name("Ақбота МҰСАБЕКҚЫЗЫ-ЕРЖАН"), normal_name("MAQPAL MEYIRBEKQIZI ÄBDİK")
    ('Ақбота Мұсабекқызы-Ержан', 'Maqpal Meyırbekqızı Äbdik')
    """
    line = _INITIAL.sub(r"\1 ", fold_lookalikes(clean_text(text)))
    line = " ".join(line.split()).strip(' ,;:–—-/|•·«»"“”')
    line = line.removesuffix(".") if len(line.split(" ")[-1].rstrip(".")) > 2 else line
    return " ".join(_normal_word(word, line) for word in line.split(" "))


def _normal_word(word: str, line: str) -> str:
    if not word.isupper() or len(word.rstrip(".")) < 2:
        return word
    # In alphabets with both ı and i, I is the capital of ı; elsewhere of i.
    dotless = bool(re.search("[İıŞĞŊÑÄŪşğŋñäū]", line)) and "I" in word
    low = (word.replace("I", "ı") if dotless else word).replace("İ", "i").lower()
    if not dotless and re.search("[ÁÓÚŃǴÝáóúńǵý]", line):
        # In the 2018 alphabet ı is also й, which occurs next to vowels.
        low = re.sub("(?<=[aáeoóuúyýı])i", "ı", low)
    if skeleton(word) in _PARTICLES:
        return low
    return re.sub("(^|[-'’ʼ‘`])([^\\W\\d_])", lambda m: m[1] + ("İ" if m[2] == "i" and dotless else m[2].upper()), low)


def nominative(name: str) -> str:
    """Convert a Russian name from the genitive, as in «фото Игоря ...», to the nominative; keep other names.

    >>> nominative("Игоря Бургандинова"), nominative("Анны Ивановой"), nominative("Александра Павского")
    ('Игорь Бургандинов', 'Анна Иванова', 'Александр Павский')
    """
    words = name.split(" ")
    given = next((i for i, w in enumerate(words) if not w.endswith(".")), 0)
    if len(words) - given < 2:
        return " ".join([*words[:-1], _surname(words[-1], feminine=words[-1].endswith("ой"))])
    bare = skeleton(words[given])
    feminine = bool(re.search("[ыи]$", words[given])) or words[-1].endswith(("овой", "евой", "иной", "ской", "цкой"))
    if bare in _FEMININE and not feminine and not words[-1].endswith("ого"):
        return name
    if not feminine and bare in _GIVEN_NAMES and not words[-1].endswith("ого") and not re.search("[ая]$", words[given]):
        return name
    return " ".join(
        [
            *words[:given],
            _given(words[given], feminine=feminine),
            *(_surname(w, feminine=feminine) for w in words[given + 1 :]),
        ]
    )


def _given(word: str, *, feminine: bool) -> str:
    stem = word[:-1]
    if feminine:
        return (
            stem + ("я" if stem.endswith(("и", "ь")) or word.endswith("ии") else "а")
            if re.search("[ыи]$", word)
            else word
        )
    if word.endswith("я"):
        return stem + ("й" if re.search("[еиа]$", stem) else "ь")
    return {"Павла": "Павел", "Льва": "Лев", "Петра": "Пётр"}.get(word, stem if word.endswith("а") else word)


def _surname(word: str, *, feminine: bool) -> str:
    if feminine:
        return (
            re.sub("ой$", "а", word) if re.search("[оеё]вой$|[иы]ной$", word) else re.sub("(ск|цк)ой$", r"\1ая", word)
        )
    if word.endswith("ого"):
        return re.sub("ого$", "ий" if re.search("[скцг]ого$", word) else "ый", word)
    return re.sub("я$", "ь", word[:-1] if word.endswith("а") else word)

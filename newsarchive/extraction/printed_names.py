"""Printed names: split from a byline, told from other text, and turned into authors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import unescape

from newsarchive.items import Author
from newsarchive.kazakh.names import normal_name
from newsarchive.kazakh.transliteration import to_cyrillic
from newsarchive.sites import Site
from newsarchive.text.folding import fold
from newsarchive.text.spacing import collapse


def signed_authors(names: Iterable[str], *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Convert printed names to authors. The newsroom's account becomes the desk; text that is not a name is dropped."""
    own = names_of_site(*site_names, site.title, site.name)
    found: dict[str, Author] = {}
    for text in names:
        for part in split_names(text):
            role = "desk" if _is_desk(part, own) else "author"
            if role == "author" and not is_name(part) and not is_agency(part):
                continue
            name = part if role == "desk" or is_agency(part) else normal_name(part)
            found.setdefault(fold(part), Author(name=name, as_written=part, role=role))
    return tuple(found.values())


_DESK = re.compile(
    r"\b(?:admin\w*|wordpressadmin|administrator|redak\w*|redac\w*|redaz\w*|redaç\w*|rédaction|редакц\w*"
    r"|redaksiya\w*|newsroom|news ?desk"
    r"|editors?|editorial|staff|webmaster|newspaper|gmbh|e\. ?v|ag|ltd|inc|web ?desk|correspondent|reporter|служба"
    r"|өз тілшіміз|unser\w* korrespondent\w*)\b|\.(?:com|de|net|org|kz|ru|at|ch|fr|it|es)\b",
    re.I,
)


# news agencies sign like authors; they are not the newsroom
_AGENCY = re.compile(
    r"(?:the )?associated press|dpa|afp|apa|sda|ansa|efe|pti|ani|reuters|xinhua|bloomberg|tass|тасс|интерфакс"
    r"|kazinform|казинформ|қазақпарат|казтаг|kaztag|риа новости|интерфакс-казахстан|укринформ|акипресс|кабар",
    re.I,
)


def is_agency(name: str) -> bool:
    """True for a news agency, which signs like an author."""
    return _AGENCY.fullmatch(name) is not None


def _is_desk(name: str, own: frozenset[str]) -> bool:
    if _DESK.search(name) or re.fullmatch(r"[a-z][a-z0-9_.-]{4,}", name):
        return True
    return is_own(fold(name), own) or (name.isascii() and is_own(fold(to_cyrillic(name)), own))


def is_own(key: str, own: frozenset[str]) -> bool:
    for site in own:
        short, long = sorted((key, site), key=len)
        if short == long or (len(short) > 3 and short in long and len(short) * 2 > len(long)):
            return True
    return False


_LEAD = re.compile(
    r"^(?:(?:view|see|read)?\s*all (?:posts|articles|stories) (?:by|from)|zeige alle beiträge von"
    r"|alle beiträge von|(?:written|posted|published|reported"
    r"|words|story|text|edited|interview) by|by|(?:geschrieben|veröffentlicht|eingestellt|erstellt|verfasst|alles"
    r"|ein (?:beitrag|artikel|gastbeitrag)) von|von|text|autorin"
    r"|autoren|autor(?:es|a|i|ka)?|authors?|auteurs?|par|publié par|écrit par|por|publicado por|escrito por|di"
    r"|scritto da|a cura di|door|af|av|skrevet av|tekst"
    r"|napisał|przez|автор[ыа]?|авторлар|текст|мәтін|дайындаған|жазған|oleh|bởi|yazar|yazan|mualliflar|muallif(?:i)?"
    r"|tayyorladi|avtor(?:y|lar|lary)?|даярдаган|жазган|автору"
    r"|(?:специальный |собственный |наш )?корреспондент(?=\s*[:–—-])"
    r"|журналист(?=\s*[:–—-])|тілші(?:сі)?(?=\s*[:–—-])|кабарчы(?=\s*[:–—-])|muxbir(?=\s*[:–—-])"
    r"|(?:reporter|writer|journalist|correspondent)(?=\s*[:–—-]))\b[\s:.\u2013-]*",
    re.I,
)
_TAIL = re.compile(
    r"\s*[([|@\u2022\u00b7].*$|\s+[-\u2013\u2014]\s.*$|\s+(?:기자|記者|记者|特派員|フォロー)$|\s+in\s+[A-Z][\w-]+$|,?\s+(?:[MPB]\.?[ADhS]\.?[A-Z]?\.?D?|MPH|RD)\.?$"
    r"|[,\s]+with (?:additional )?(?:reporting|files|contributions?|assistance)\b.*$"
    r"|\s+(?:illustration|fotos?|photos?|bilder?|updated|aktualisiert|published|am|on|um|shares|follow)\b.*$"
    r"|\s*\d{1,2}[./]\d.*$",
    re.I,
)
_AND = re.compile(
    r"\s*(?:[;/\n•·|&]|\s(?:and|und|et|en|og|och|ja|ve|és|and by|және|мен|бен|пен|та|(?-i:y|e|i|a|и|і))\s)\s*", re.I
)


def split_names(text: str) -> list[str]:
    """Return the names in a text, without labels, titles and other additions.

    >>> split_names("By Anna Lee and Omar Said")
    ['Anna Lee', 'Omar Said']
    >>> split_names("Автор: Асан Серікұлы, аға тілші"), split_names("Lee, Anna"), split_names("https://fb.example/anna")
    (['Асан Серікұлы'], ['Anna Lee'], [])
    """
    text = collapse(unescape(text))
    if re.match(r"https?:|www\.|@", text) or len(text) > 250:
        return []
    text = re.sub(r"\S+@\S+|\[at\]", " ", text)
    while (rest := without_label(text)) != text:
        text = rest
    if reverse := re.fullmatch(r"([^\W\d_][\w'-]+), ([^\W\d_][\w'-]+)", text):
        return [f"{reverse[2]} {reverse[1]}"]
    found = []
    for part in _AND.split(text):
        # a comma is followed by another name, or by the job title or town of the first
        for i, piece in enumerate(part.split(",")):
            name = _TAIL.sub("", without_label(piece.strip())).strip(" .:*–-\"'«»“”„")
            if name and (i == 0 or (len(name.split()) > 1 and is_name(name))):
                found.append(name)
    return found


_NAME_TOO = re.compile(r"(?:di|von|af|av|par|door|text|por)\s+(?P<rest>[^\W\d_][\w'’.-]*)$", re.I)


def without_label(text: str) -> str:
    """Remove a label such as «by»; «Di Harmon» and «Von Miller» are first names, since one word remains.

    >>> without_label("Di Harmon"), without_label("di Anna Rossi")
    ('Di Harmon', 'Anna Rossi')
    """
    return (
        text
        if (match := _NAME_TOO.match(text)) and text[0].isupper() and match["rest"][0].isupper()
        else _LEAD.sub("", text)
    )


# fmt: off
_PARTICLES = frozenset((
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "das", "do", "du", "la",
    "le", "el", "al", "bin", "ibn", "abu", "ben", "ter", "ten", "zu", "zum", "zur", "y", "e",
    "av", "af", "und", "ұлы", "қызы", "uly", "qyzy", "ogly", "dr", "prof",
))
# fmt: on
_NO_NAMES = re.compile(
    r"\b(?:alle|all|the|and|more|mehr|posts?|articles?|artikel|beiträge|unknown|anonym\w*|anónimo|author|autor\w*"
    r"|contact|kontakt|share|tweet|edit|print|google|support|themen|zur|infos?|comments?"
    r"|photo|foto|фото|сурет|read|min|home|login|universit\w+|institute?|university|profess\w+|minist\w+|abteilung"
    r"|written|leave|reply|follow"
    r"|newsletter|subscribe|abonn\w+|about|über|zur person|to the|deutschland|germany|facebook|twitter|instagram"
    r"|agenturen|agencies|super ?user|users?|guest|feed|watermark|autopost\w*|importer|import|sync|bot|default"
    r"|contributors?)\b|[?!:=<>{}#]|\.{2}|\d",
    re.I,
)


def is_name(text: str) -> bool:
    """True if a text may be a person's name: a few capitalized words, none of which never occurs in names.

    >>> is_name("Anna van der Lee"), is_name("Аида РАХЫМҚҰЛОВА"), is_name("新華"), is_name("Read all posts")
    (True, True, True, False)
    """
    words = text.split()
    if not 1 <= len(words) <= 6 or len(text) > 60 or _NO_NAMES.search(text) or not re.search(r"[^\W\d_]", text):
        return False
    if re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0590-\u08ff\u0900-\u0eff]", text):
        return len(words) > 1 or len(text) <= 12  # scripts without capitals
    return all(
        w[0].isupper() or w.casefold().strip(".") in _PARTICLES or w[0] in "'\"“(" or re.match(r"[a-z]['’][A-Z]", w)
        for w in words
    )


@lru_cache(maxsize=256)
def names_of_site(*names: str) -> frozenset[str]:
    """Return the site's names, folded, in Latin and Cyrillic script.

    >>> sorted(names_of_site("Dala", "Дала"))
    ['dala', 'дала']
    """
    whole = [n for n in names if n]
    return frozenset(key for n in whole for key in (fold(n), fold(to_cyrillic(n))) if key)

"""The authors of an article, from markup and from bylines in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import unescape

from newsarchive.extraction.datelines import header_lines
from newsarchive.extraction.jsonld import Object, resolved, types_of
from newsarchive.extraction.regions import Element, folded, selected, text_of
from newsarchive.extraction.survey import Survey
from newsarchive.items import Author
from newsarchive.kazakh.bylines import find_byline
from newsarchive.kazakh.names import name_evidence, name_words, normal_name
from newsarchive.kazakh.scripts import script_of
from newsarchive.kazakh.transliteration import to_cyrillic
from newsarchive.sites import Site
from newsarchive.text.spacing import collapse

_METAS = (
    "author", "article:author", "article:author_name", "dc.creator", "dc:creator", "dcterms.creator", "byl",
    "parsely-author",
    "sailthru.author", "cxenseparse:author", "citation_author", "rnews:author", "authors", "article.author",
    "vr:author", "creator",
)  # fmt: skip


def machine_authors(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], *, site: Site, site_names: Sequence[str]
) -> tuple[tuple[Author, ...], str]:
    """Return the authors named in markup, from the first source with a person, else the first with a desk."""
    sources = (
        (_by_profile(tree, site.extraction.authors), "profile"),
        (_by_jsonld(article, objects), "json-ld"),
        (list(survey.meta_values(*_METAS)), "meta"),
        (_by_itemprop(survey), "itemprop"),
        (_by_rel(survey), "rel"),
        (_by_class(survey), "by-line"),
    )
    fallback: tuple[tuple[Author, ...], str] = ((), "")
    for names, source in sources:
        authors = signed_authors(names, site=site, site_names=site_names)
        if people := tuple(a for a in authors if a.role == "author"):
            return _with_full_name(people, survey, site, site_names), source
        if authors and not fallback[0]:
            fallback = authors, source
    return fallback


def _with_full_name(
    people: tuple[Author, ...], survey: Survey, site: Site, site_names: Sequence[str]
) -> tuple[Author, ...]:
    """Replace a lone first name, as in user accounts, by the full name in the byline."""
    if len(people) != 1 or " " in people[0].name:
        return people
    for names in (_by_rel(survey), _by_class(survey)):
        shown = signed_authors(names, site=site, site_names=site_names)
        if len(shown) == 1 and shown[0].name.casefold().startswith(people[0].name.casefold() + " "):
            return shown
    return people


def signed_authors(names: Iterable[str], *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Convert printed names to authors. The newsroom's account becomes the desk; text that is not a name is dropped."""
    own = names_of_site(*site_names, site.title, site.name)
    found: dict[str, Author] = {}
    for name in names:
        for part in split_names(name):
            role = "desk" if _is_desk(part, own) else "author"
            if role == "author" and not is_name(part) and not _AGENCY.fullmatch(part):
                continue
            found.setdefault(
                folded(part), Author(name=normal_name(part) if role == "author" else part, as_written=part, role=role)
            )
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
    r"|kazinform|қазақпарат",
    re.I,
)


def _is_desk(name: str, own: frozenset[str]) -> bool:
    if _DESK.search(name) or re.fullmatch(r"[a-z][a-z0-9_.-]{4,}", name):
        return True
    return _is_own(folded(name), own) or (name.isascii() and _is_own(folded(to_cyrillic(name)), own))


def _is_own(key: str, own: frozenset[str]) -> bool:
    for site in own:
        short, long = sorted((key, site), key=len)
        if short == long or (len(short) > 3 and short in long and len(short) * 2 > len(long)):
            return True
    return False


_LEAD = re.compile(
    r"^(?:(?:view|see|read)?\s*all (?:posts|articles|stories) (?:by|from)|zeige alle beiträge von"
    r"|alle beiträge von|(?:written|posted|published|reported"
    r"|words|story|text|edited) by|by|(?:geschrieben|veröffentlicht|eingestellt|erstellt|verfasst|alles"
    r"|ein (?:beitrag|artikel|gastbeitrag)) von|von|text|autorin"
    r"|autoren|autor(?:es|a|i|ka)?|authors?|auteurs?|par|publié par|écrit par|por|publicado por|escrito por|di"
    r"|scritto da|a cura di|door|af|av|skrevet av|tekst"
    r"|napisał|przez|автор[ыа]?|авторлар|текст|мәтін|дайындаған|жазған|oleh|bởi|yazar|yazan)\b[\s:.\u2013-]*",
    re.I,
)
_TAIL = re.compile(
    r"\s*[([|@\u2022\u00b7].*$|\s+[-\u2013\u2014]\s.*$|\s+(?:기자|記者|记者|特派員|フォロー)$|\s+in\s+[A-Z][\w-]+$|,?\s+(?:[MPB]\.?[ADhS]\.?[A-Z]?\.?D?|MPH|RD)\.?$"
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
    while (rest := _without_label(text)) != text:
        text = rest
    if reverse := re.fullmatch(r"([^\W\d_][\w'-]+), ([^\W\d_][\w'-]+)", text):
        return [f"{reverse[2]} {reverse[1]}"]
    found = []
    for part in _AND.split(text):
        # a comma is followed by another name, or by the job title or town of the first
        for i, piece in enumerate(part.split(",")):
            name = _TAIL.sub("", _without_label(piece.strip())).strip(" .:*–-\"'«»“”„")
            if name and (i == 0 or (len(name.split()) > 1 and is_name(name))):
                found.append(name)
    return found


_NAME_TOO = re.compile(r"(?:di|von|af|av|par|door|text|por)\s+(?P<rest>[^\W\d_][\w'’.-]*)$", re.I)


def _without_label(text: str) -> str:
    """Remove a label such as «by»; «Di Harmon» and «Von Miller» are first names, since one word remains.

    >>> _without_label("Di Harmon"), _without_label("di Anna Rossi")
    ('Di Harmon', 'Anna Rossi')
    """
    return (
        text
        if (match := _NAME_TOO.match(text)) and text[0].isupper() and match["rest"][0].isupper()
        else _LEAD.sub("", text)
    )


_PARTICLES = frozenset(
    {
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "do",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "abu",
        "ben",
        "ter",
        "ten",
        "zu",
        "zum",
        "zur",
        "y",
        "e",
        "av",
        "af",
        "und",
        "ұлы",
        "қызы",
        "uly",
        "qyzy",
        "ogly",
        "dr",
        "prof",
    }
)
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


def text_authors(paragraphs: Sequence[str], *, own: frozenset[str], others_known: bool = False) -> tuple[Author, ...]:
    """Return the authors from bylines in a Kazakh or Russian text: a name as the last line, or a labelled line.

    `own` are the site's names (see `names_of_site`). A byline that names another newspaper belongs to a quotation if
    there is also a byline of the site, or if another source names the author (`others_known`).
    """
    joined: dict[str, str] = {}
    paragraphs = _lines(paragraphs)
    found = find_byline([_join_patronyms(p, joined) if len(p) < 200 else p for p in paragraphs])
    foreign = [b for b in found if b.role == "author" and _names_other_medium(b.names, paragraphs, own)]
    if others_known or any(b.role == "author" and b not in foreign for b in found):
        found = [b for b in found if b not in foreign]
    return tuple(
        dict.fromkeys(
            Author(name=_with_hyphens(normal, joined), as_written=_with_hyphens(written, joined), role=byline.role)
            for byline in found
            for written, normal in zip(byline.names, byline.normal, strict=True)
        )
    )


def _lines(paragraphs: Sequence[str]) -> list[str]:
    """Return the paragraphs with the lines of the last two apart: a byline may follow the text after a line break."""
    lines = list(paragraphs[:-2])
    for paragraph in paragraphs[-2:]:
        parts = paragraph.split("\n")
        short = next((i for i in range(len(parts)) if all(len(part) < 80 for part in parts[i:])), len(parts))
        lines += [*(["\n".join(parts[:short])] if short else []), *parts[short:]]
    return lines


_PATRONYM = re.compile(r"\b([^\W\d_]{3,})-(ұлы|улы|қызы|кызы)\b")


def _join_patronyms(line: str, joined: dict[str, str]) -> str:
    """Write «Серік-ұлы» as one word, as is usual; `joined` records the original spelling."""
    if "-" not in line:
        return line
    for match in _PATRONYM.finditer(line):
        joined[match[1] + match[2]] = match[0]
    return _PATRONYM.sub(r"\1\2", line)


def _with_hyphens(name: str, joined: dict[str, str]) -> str:
    return " ".join(joined.get(word, word) for word in name.split(" ")) if joined else name


def is_latin(paragraphs: Sequence[str]) -> bool:
    """True for a text in Latin script, where the rules for Kazakh and Russian bylines are less reliable."""
    return script_of(" ".join(paragraphs[:5])[:1000]) == "Latn"


def _names_other_medium(names: Sequence[str], paragraphs: Sequence[str], own: frozenset[str]) -> bool:
    for line in (*paragraphs[:2], *paragraphs[-6:]):
        if names and names[0] in line and len(line) < 200:
            return any(not _is_own(folded(quoted), own) for quoted in re.findall("«([^»]+)»", line))
    return False


@lru_cache(maxsize=256)
def names_of_site(*names: str) -> frozenset[str]:
    """Return the site's names, folded, in Latin and Cyrillic script.

    >>> sorted(names_of_site("Dala", "Дала"))
    ['dala', 'дала']
    """
    whole = [n for n in names if n]
    return frozenset(key for n in whole for key in (folded(n), folded(to_cyrillic(n))) if key)


def doubtful_authors(
    paragraphs: Sequence[str], *, title: str, signed_by_desk: bool, site: Site, site_names: Sequence[str]
) -> tuple[Author, ...]:
    """Return authors from bylines in other languages, which are used only if no markup names a person.

    A bare name counts only if the markup names the newsroom as the author.
    """
    if is_latin(paragraphs):
        names = [a.as_written for a in text_authors(paragraphs, own=frozenset()) if a.role == "author"]
        if people := tuple(a for a in signed_authors(names, site=site, site_names=site_names) if a.role == "author"):
            return people
    for line in (*paragraphs[:3], *paragraphs[-2:]):
        if len(line) < 80 and _BY.match(line):
            people = tuple(a for a in signed_authors([line], site=site, site_names=site_names) if a.role == "author")
            if people and all(" " in a.name for a in people):
                return people
    if not signed_by_desk or len(paragraphs) < 4:
        return ()
    for place in (-1, 0):
        line = paragraphs[place]
        if len(line) < 40 and _LONE_NAME.fullmatch(line) and is_name(line):
            elsewhere = "\n".join((title, *paragraphs[1:-1])).casefold()
            # a person whom the article is about is not its author
            if not any(word.casefold() in elsewhere for word in line.split()[-1:]):
                return signed_authors([line], site=site, site_names=site_names)
    return ()


_LONE_NAME = re.compile(r"(?:[^\W\d_][\w'’.-]*\s){1,3}[^\W\d_][\w'’-]+\.?")
_BY = re.compile(
    r"(?:by|von|por|par|di|door|af|av|text|autor(?:in)?|author|written by|words by)\b[\s:]+(?=[^\W\d_])", re.I
)


def header_authors(survey: Survey, *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Return the person named beside a date near the heading, whatever the classes: «12 мая 2025, Асем Нурлан».

    Only names that are known as such: sections stand there too.
    """
    for line in header_lines(survey):
        pieces = [_without_label(piece.strip()) for piece in _DATE_PIECES.split(line)]
        names = [piece for piece in pieces if 1 < len(piece.split()) < 4 and is_name(piece)]
        names = [name for name in names if name_evidence(name_words(name)) >= 2]
        people = signed_authors(names, site=site, site_names=site_names)
        if found := tuple(author for author in people if author.role == "author"):
            return found
    return ()


_DATE_PIECES = re.compile(
    r"\d{1,2}[:.]\d\d(?::\d\d)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\s+[^\W\d_]{3,12}\.?,?\s+\d{4}(?:\s*г\.)?"
    r"|\d{4}\s+жыл\w*\s+\d{1,2}\s+\w+|[|•·,;()/\n]|\s[–—-]\s|(?<=\d)\.\s|^\.\s|\b(?:опубликовано|добавил(?:\(а\))?|пользователем"
    r"|жариялаған|жарияланды|posted|published|submitted)\b|\b(?:пн|вт|ср|чт|пт|сб|вс|дс|сс|бс|жм|жк)\b",
    re.I,
)


def _by_profile(tree: Element, selector: str) -> list[str]:
    return [text_of(e) for e in selected(tree, selector)] if selector else []


def _by_jsonld(article: Object, objects: Sequence[Object]) -> list[str]:
    given = [value for key in ("author", "creator") for value in _listed(article.get(key))][:50]
    given += _listed(article.get("contributor"))
    people: list[str] = []
    others: list[str] = []
    for value in given:
        whole = resolved(value, objects)
        if isinstance(whole, str):
            people.append(whole)
        elif isinstance(whole, dict):
            name = whole.get("name") or _whole_name(whole)
            if isinstance(name, dict):
                name = name.get("name")
            for text in name if isinstance(name, list) else [name]:
                if isinstance(text, str):
                    (others if "organization" in " ".join(types_of(whole)) else people).append(text)
    return people or others


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _whole_name(person: Object) -> str:
    """Return the name of a person that is given in parts."""
    parts = [person.get(key) for key in ("givenName", "additionalName", "familyName")]
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


def _by_itemprop(survey: Survey) -> list[str]:
    found = []
    for element in survey.properties.get("author", ()):
        if survey.in_boilerplate(element):
            continue
        inner = next((e for e in element.iter("*") if e.get("itemprop") == "name"), element)
        found.append(inner.get("content") or text_of(inner))
    return found


def _by_rel(survey: Survey) -> list[str]:
    found = [
        (survey.distance(m.place), text_of(m.element))
        for m in survey.signed
        if "author" in (m.element.get("rel") or "").split() and not survey.in_boilerplate(m.element)
    ]
    return [text for _, text in sorted(found)][:1]


def _by_class(survey: Survey) -> list[str]:
    """Return the byline nearest to the heading: an element with an author class and little text besides names."""
    marked = [m for m in survey.signed if not survey.in_boilerplate(m.element)]
    for one in sorted(marked, key=lambda m: survey.distance(m.place)):
        text = text_of(one.element)
        if not 3 < len(text) < 140:
            continue
        links = [t for a in one.element.iter("a") if " " in (t := text_of(a)) and is_name(t)]
        if 0 < len(links) < 7:
            return links
        if len(text) < 100 and any(is_name(part) and " " in part for part in split_names(text)):
            return [text]
    return []

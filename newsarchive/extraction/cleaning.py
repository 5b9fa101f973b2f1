"""Removes lines that are not article text: read-more links, date bars, copyright notices, subscription prompts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.choice import words_of

_READ_MORE = re.compile(
    r"""^[\W_]*(?:
    (?:also\ )?read(?:\ (?:more|next|also|this|the\ full\ story))?
    |more(?:\ (?:on\ this|from|about|in|news|stories)\b.*)?|see\ also|also
    |related(?:\ (?:articles?|stories|news|content|links|posts?|video|topics))?|don.t\ miss|explore\ further
    |you\ (?:may|might)\ also\ like
    |recommended(?:\ for\ you)?|trending(?:\ now)?|more\ to\ read|must\ read|top\ stories|further\ reading
    |story\ continues\ below
    |lesen\ sie\ (?:auch|hier|dazu|mehr).*|lies\ auch|mehr\ (?:zum\ thema|dazu|themen|lesen|infos?)
    |auch\ interessant|schon\ gelesen
    |das\ könnte\ (?:sie|dich)\ auch\ interessieren|passend\ dazu
    |weitere\ (?:artikel|themen|infos|informationen|beiträge)\b.*|lust\ auf\ mehr
    |interessant|siehe\ auch|hintergrund
    |(?:à\ )?lire\ (?:aussi|également|la\ suite)|à\ (?:voir|lire|découvrir)(?:\ aussi)?|voir\ aussi
    |sur\ le\ même\ (?:sujet|thème)|notre\ dossier
    |lee\ también|lea\ también|leer\ más|te\ puede\ interesar|le\ puede\ interesar
    |(?:también\ )?(?:puedes|puede)\ (?:leer|ver)|vea\ también
    |mira\ también|ver\ más|más\ (?:información|sobre)\b.*|relacionad[oa]s?|lee\ más|recomendad[oa]s?|no\ te\ pierdas
    |leia\ (?:também|mais)|veja\ (?:também|mais)|saiba\ mais|leggi\ (?:anche|pure)|guarda\ anche
    |per\ approfondire|vedi\ anche
    |lees\ (?:ook|meer)|meer\ (?:lezen|over)\b.*|läs\ (?:också|mer|även)|les\ (?:også|mer)|læs\ (?:også|mere)
    |lue\ (?:myös|lisää)
    |czytaj\ (?:też|także|również|więcej)|zobacz\ (?:też|także|również)|przeczytaj\ (?:też|także|również)|polecamy
    |čtěte\ (?:také|též)|přečtěte\ si\ také|olvass(?:on|a)?\ (?:el\ )?(?:még|tovább)|citește\ și|citiţi\ şi|vezi\ și
    |(?:ilgili\ haber(?:ler)?|bunlar\ da\ ilginizi\ çekebilir|ayrıca\ (?:oku|bak)\w*)
    |читайте\ (?:также|ещё|еще|подробнее).*|читать\ (?:также|далее|ещё|еще).*|смотрите\ (?:также|ещё|еще).*
    |по\ теме|материалы\ по\ теме
    |ещё\ по\ теме|еще\ по\ теме|подробнее|другие\ новости.*|вам\ может\ быть\ интересно
    |похожие\ (?:новости|материалы|записи)
    |читайте\ також.*|дивіться\ також|за\ темою|прочетете?\ (?:още|също).*|вижте\ (?:още|също).*|още\ по\ темата
    |(?:сондай-?ақ|тағы(?:\ да)?|мұны\ да)[\s,]+оқы\w*.*|оқи\ отыр\w*.*|оқыңыз\w*|тағы\ қараңыз\w*
    |ұқсас\ (?:жаңалықтар|материалдар|мақалалар)
    |тақырып\ бойынша.*|толығырақ(?:\ оқу\w*)?|соңғы\ жаңалықтар|ең\ көп\ оқылған\w*
    )\s*(?:[:：»>→|\-–—…!?.\]]|$)""",
    re.I | re.X,
)
_NOTE = re.compile(
    r"""^\W*(?:copyright\b|©|\(c\)\s|all\ rights\ reserved|alle\ rechte\ vorbehalten|tous\ droits\ réservés|todos\ los
    \ derechos
    |все\ права\ защищены
    |барлық\ құқықтар|(?:this\ )?(?:article|story|post)\ (?:was|first|originally)\b.{0,60}(?:published|appeared)
    |e-?mail\ (?:us|the\ author)
    |e-?mail\ address|e-?mail:\s|write\ to\ .{3,60}\ at\ \S+@
    |follow\ .{2,60}\ on\ (?:twitter|facebook|x|instagram|telegram)
    |advertisement|anzeige|publicité|publicidad|реклама|жарнама|werbung|embed|loading|text\ size|share\ this
    |print\ this|comments?$
    |keine\ kommentare|no\ comments|leave\ a\ (?:comment|reply))""",
    re.I | re.X,
)
_INVITES = re.compile(
    r"""newsletters?\b|(?:sign|signed)\ up|subscrib|abonnier|abonnez|inscrivez|suscr[ií]b|assine\ |iscriviti
    |abonneer|prenumerera|zapisz\ się
    |telegram|whatsapp|bookmark|mobile\ app|our\ app|подпи[сш]|подписывайтесь|жазыл(?:ыңыз|у)|download\ the""",
    re.I | re.X,
)
_LETTERS = re.compile(r"newsletter|inbox|рассылк", re.I)
_STAMPED = re.compile(
    r"""^\W*(?:(?:first\ )?(?:published|updated|posted|modified|stand|aktualisiert|veröffentlicht|publié|mis\ à\ jour
        |publicado|actualizado|pubblicato
    |aggiornato|опубликовано|обновлено|жарияланды|жаңартылды)\b.{0,40}\d
    |(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s+)?(?:\w+\.?\s+\d{1,2},?\s+\d{4}|\d{1,2}[.\s/-]+\w+[.,\s/-]+\d{4}|\d{4}-\d\d-\d\d)
        (?:[\s,|•·–—-]+(?:at\s+|um\s+|à\s+)?\d{1,2}[:.h]\d\d.{0,16})?\W*$
    |\d{1,2}:\d\d,?\s+\d{1,2}\s+\w+.{0,24}$|(?:\d+|\w{1,4})\s+(?:min(?:ute)?s?|мин\w*)\s+(?:read|чтения|оқу).*$)""",
    re.I | re.X,
)
_BAR = re.compile(
    r"""(?:^|[\s_-])(?:dates?|datetime|timestamp|time|pub(?:lish(?:ed)?)?-?date|publish\w*|by-?line\w*|author\w*|autor\w*|writer|meta\w*|info
    |last-?(?:changed|updated|modified)|updated?|kicker|category|categories|section-?name|rubric|dateline|source
    |textauthor|article-?date)(?:$|[\s_-])""",
    re.I | re.X,
)
_LABEL = re.compile(r"^(?:by|in|от|в|\w[\w ]{1,24}:)$", re.I)
_BAR_LONGEST = 100
_LINKED = 0.9
_HEADLINE = 24


def without_notes(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that are article text."""
    kept = _without_link_lists([b for b in blocks if not is_read_more(b) and not _is_note(b)])
    kept = _without_bars(kept)
    return _without_end(kept)


def is_read_more(block: Block) -> bool:
    """True if a line only links to another article."""
    text = block.text
    if block.kind == "p" and block.linked >= len(text) - 1 and len(text) >= 40 and text.isupper():
        return True  # a headline in capitals that is one link
    if len(text) > 260 or not _READ_MORE.match(text):
        return False
    bare = len(text) < 48 and not re.search(r"[.!?]\s+\w", text)
    return block.linked > 0.3 * len(text) or (bare and block.kind != "li") or bool(re.match(r"^[\[(].*[\])]$", text))


def _is_note(block: Block) -> bool:
    text = block.text
    return len(text) < 200 and bool(_NOTE.match(text)) and (len(text) < 120 or block.linked > 0)


def _without_link_lists(blocks: Sequence[Block]) -> list[Block]:
    """Remove headings and lists of links to other articles; each item is a link as long as a headline."""
    teasing: set[Element] = set()
    for block in blocks:
        parent = block.element.getparent()
        if block.kind == "li" and parent is not None:
            listing = next((e for e in block.element.iterancestors("ul", "ol")), None)
            if listing is not None and listing not in teasing and _is_teasing(listing, blocks):
                teasing.add(listing)
    lists = [b for b in blocks if b.kind == "li" and any(e in teasing for e in b.element.iterancestors("ul", "ol"))]
    if sum(len(b.text) for b in lists) > 0.3 * sum(len(b.text) for b in blocks):
        lists = []  # a list of links may be the article itself
    gone = {id(b) for b in lists}
    return [
        b for b in blocks if id(b) not in gone and not (b.kind.startswith("h") and b.linked >= _LINKED * len(b.text))
    ]


def _is_teasing(listing: Element, blocks: Sequence[Block]) -> bool:
    items = [b for b in blocks if b.kind == "li" and listing in b.element.iterancestors("ul", "ol")]
    return all(len(b.text) >= _HEADLINE and (b.linked >= _LINKED * len(b.text) or _is_labelled_link(b)) for b in items)


def _is_labelled_link(block: Block) -> bool:
    """True for a label followed by a link: «Label: headline»."""
    label = block.text[: len(block.text) - block.linked].rstrip()
    return label.endswith(":") and block.linked > 0.4 * len(block.text)


def _without_bars(blocks: Sequence[Block]) -> list[Block]:
    """Remove dates, names and sections above the first paragraph, recognized by class or form."""
    first = next((i for i, b in enumerate(blocks) if b.kind == "p" and len(b.text) > _BAR_LONGEST), 0)
    return [b for i, b in enumerate(blocks) if i >= first or not is_bar(b)]


def is_bar(block: Block) -> bool:
    """True for a short line with the date, section or author above a text."""
    if len(block.text) > _BAR_LONGEST:
        return False
    if _STAMPED.match(block.text):
        return True
    node: Element | None = block.element
    for _ in range(2):
        if node is None or node.tag in ("article", "main", "body"):
            return False
        if node.tag == "time" or ((words := words_of(node)) and _BAR.search(words)):
            return True
        node = node.getparent()
    return False


def _is_meta(text: str) -> bool:
    """True if a line after the text is a date, a counter (such as page views), or a bare label."""
    if _STAMPED.match(text) or _LABEL.match(text):
        return True
    return len(text) < 16 and not any(c.isalpha() for c in text) and any(c.isdigit() for c in text)


def _is_stray(block: Block, others: Sequence[Block]) -> bool:
    """True for a single word outside the paragraphs' element: a remnant of the theme's own texts."""
    if not block.text.isalpha():
        return False
    holder = block.element.getparent()
    return not any(
        other.element is block.element or other.element.getparent() in (holder, block.element) for other in others
    )


def _without_end(blocks: Sequence[Block]) -> list[Block]:
    """Remove the end of a page: counters, dates, subscription prompts, headings of removed sections."""
    kept = list(blocks)
    while len(kept) > 1 and kept[-1].kind == "p" and (_is_meta(kept[-1].text) or _is_stray(kept[-1], kept[:-1])):
        kept.pop()
    for block in kept[-3:]:
        if len(block.text) < 400 and (block.linked or _LETTERS.search(block.text)) and _INVITES.search(block.text):
            kept.remove(block)
    for _ in range(2):
        if (
            len(kept) > 1
            and kept[-1].kind in ("h1", "h2", "h3", "h4", "h5", "h6")
            and len(kept[-1].text) < _BAR_LONGEST
        ):
            kept.pop()
    return kept

"""Removes lines that are not article text: read-more links, date bars, copyright notices, subscription prompts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from newsarchive.extraction.blocks import Block, Element, is_linked_text, is_sentence
from newsarchive.extraction.names import words_of
from newsarchive.extraction.rules import is_on

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
_LABEL_ALONE = re.compile(_READ_MORE.pattern.replace(r"\b.*", "").replace(".*", ""), _READ_MORE.flags)
"""The labels alone: without a link, further words must follow a colon."""
_NOTE = re.compile(
    r"""^\W*(?:
    (?:advertisement|anzeige|publicité|publicidad|реклама|жарнама|werbung|sponsored|embed|loading|text\ size|share\ this
        |print\ this|comments?|keine\ kommentare|no\ comments|leave\ a\ (?:comment|reply)|на\ правах\ рекламы)
        (?:[\W\d]*$|\W+(?:scroll|continue|story|article|post|page|erid|ооо|ип|ао|тоо|жшс)\b.*)
    |copyright\W{1,3}(?:\(c\)|©|\d{4}|by\b|all\ rights).*|(?:©|\(c\)\s).*|.{0,60}all\ rights\ reserved.*
    |alle\ rechte\ vorbehalten.*|tous\ droits\ réservés.*|todos\ los\ derechos.*|все\ права\ защищены.*
    |барлық\ құқықтар.*
    |(?:this\ )?(?:article|story|post)\ (?:was|first|originally)\b.{0,60}(?:published|appeared)\ (?:in|on|at|by|here).*
    |e-?mail\ (?:us|the\ author)\b.*|e-?mail\ address.*|e-?mail:\s.*|write\ to\ .{3,60}\ at\ \S+@.*
    |.{0,160}ctrl\s?\+\s?enter.{0,40}
    |follow\ .{2,60}\ on\ (?:twitter|facebook|x|instagram|telegram)\b.*
    )$""",
    re.I | re.X,
)
_INVITES = re.compile(
    r"""(?:sign|signed)\ up\b|\bsubscribe\b|\babonnier(?:en|t)\b|abonnez|inscrivez
    |suscr[ií]b(?:ete|ase|e)\b|assine\ |iscriviti
    |abonneer|prenumerera|zapisz\ się|\bbookmark\b|(?:our|mobile)\ app\b|download\ the\b
    |(?:our|the|this|daily|weekly|morning|free|join|get|email|your)\ (?:\w{1,30}\ ){0,2}newsletters?\b
    |newsletters?\ (?:here|now|today)
    |подпи(?:шись|шитесь|сывайтесь|сывайся|саться)|присоединяйтесь|следите\ за|читайте\ нас
    |жазыл(?:ыңыз|ыңдар|у\ үшін|ып)|қосыл(?:ыңыз|у\ үшін)|тіркеліңіз
    |(?:наш\w{0,4}|нас|біздің|our|us|join|follow)\W{1,9}(?:\w{1,30}\W{1,9}){0,4}(?:telegram|whatsapp|телеграм|ватсап)""",
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


Omitted = list[tuple[str, Block]]
"""Blocks that were left out, each with the rule."""


def without_notes(blocks: Sequence[Block]) -> tuple[list[Block], Omitted]:
    """Return the blocks that are article text, and those left out."""
    kept = list(blocks)
    omitted: Omitted = []
    for rule, find in _RULES.items():
        if is_on(rule) and (found := find(kept)):
            gone = {id(block) for block in found}
            omitted += [(rule, block) for block in found]
            kept = [block for block in kept if id(block) not in gone]
    return kept, omitted


_COUNTER = re.compile(
    r"\W*(?:просмотр\w*|қаралым|қаралды|көрсетілім|оқылды|views?|hits|комментари\w*|пікір\w*|comments?)\W*[\d\s.,]+\W*",
    re.I,
)


def without_counters(blocks: Sequence[Block]) -> Omitted:
    """Cut counters from the end of the last block, after a line break; returns them."""
    if not blocks or "\n" not in blocks[-1].text or not is_on("last-lines"):
        return []
    last, omitted = blocks[-1], []
    while "\n" in last.text and _COUNTER.fullmatch(line := last.text.rpartition("\n")[2]):
        omitted.append(("last-lines", Block(kind="p", text=line, element=last.element)))
        last.text = last.text.rpartition("\n")[0]
        last.pieces = _without_last_line(last.pieces)
    return omitted


def _without_last_line(pieces: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    texts = [text for text, _ in pieces]
    end = max(
        (i for i, text in enumerate(texts) if text == "\v" and any(t.strip() for t in texts[i + 1 :])),
        default=len(texts),
    )
    return pieces[:end]


def _read_more(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if is_read_more(b)]


def _notes(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if _is_note(b)]


def is_read_more(block: Block) -> bool:
    """True if a line only links to another article."""
    text = block.text
    if block.kind == "p" and block.linked >= len(text) - 1 and len(text) >= 40 and text.isupper():
        return True  # a headline in capitals that is one link
    if len(text) > 260 or not _READ_MORE.match(text):
        return False
    bare = len(text) < 48 and _LABEL_ALONE.match(text) is not None and not re.search(r"[.!?]\s+\w", text)
    return block.linked > 0.3 * len(text) or (bare and block.kind != "li") or bool(re.match(r"^[\[(].*[\])]$", text))


def _is_note(block: Block) -> bool:
    text = block.text
    return len(text) < 200 and bool(_NOTE.match(text)) and (len(text) < 120 or block.linked > 0)


def _link_lists(blocks: Sequence[Block]) -> list[Block]:
    """Return lists of links to other articles; each item is a link as long as a headline."""
    around = [(b, list(b.element.iterancestors("ul", "ol"))) for b in blocks if b.kind == "li"]
    items: dict[Element, list[Block]] = {}
    for block, listings in around:
        for listing in listings:
            items.setdefault(listing, []).append(block)
    innermost = {listings[0] for _, listings in around if listings}
    teasing = {listing for listing in innermost if _is_teasing(items[listing])}
    lists = [block for block, listings in around if not teasing.isdisjoint(listings)]
    # a list of links may be the article itself
    return lists if sum(len(b.text) for b in lists) <= 0.3 * sum(len(b.text) for b in blocks) else []


def _linked_headings(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if b.kind.startswith("h") and b.linked >= _LINKED * len(b.text) and not is_linked_text(b)]


def _is_teasing(items: Sequence[Block]) -> bool:
    return all(len(b.text) >= _HEADLINE and (b.linked >= _LINKED * len(b.text) or _is_labelled_link(b)) for b in items)


def _is_labelled_link(block: Block) -> bool:
    """True for a label followed by a link: «Label: headline»."""
    label = block.text[: len(block.text) - block.linked].rstrip()
    return label.endswith(":") and block.linked > 0.4 * len(block.text)


def _bars(blocks: Sequence[Block]) -> list[Block]:
    """Return dates, names and sections above the first paragraph, recognized by class or form."""
    first = next((i for i, b in enumerate(blocks) if b.kind == "p" and len(b.text) > _BAR_LONGEST), 0)
    return [b for b in blocks[:first] if is_bar(b)]


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
            return not is_sentence(block.text)
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


def _last_lines(blocks: Sequence[Block]) -> list[Block]:
    """Return counters, dates and single words at the end of a page."""
    kept = list(blocks)
    while len(kept) > 1 and kept[-1].kind == "p" and (_is_meta(kept[-1].text) or _is_stray(kept[-1], kept[:-1])):
        kept.pop()
    return list(blocks[len(kept) :])


def _invitations(blocks: Sequence[Block]) -> list[Block]:
    """Return invitations to subscribe at the end of a page."""
    return [
        b
        for b in blocks[-3:]
        if len(b.text) < 400 and (b.linked or _LETTERS.search(b.text)) and _INVITES.search(b.text)
    ]


def _last_headings(blocks: Sequence[Block]) -> list[Block]:
    """Return headings at the end, of sections that were left out."""
    found: list[Block] = []
    for block in reversed(blocks[1:][-2:]):
        if block.kind not in ("h1", "h2", "h3", "h4", "h5", "h6") or len(block.text) >= _BAR_LONGEST:
            break
        found.append(block)
    return found


_RULES: dict[str, Callable[[Sequence[Block]], list[Block]]] = {
    "read-more": _read_more,
    "note": _notes,
    "link-list": _link_lists,
    "linked-heading": _linked_headings,
    "bar": _bars,
    "last-lines": _last_lines,
    "invitation": _invitations,
    "last-heading": _last_headings,
}
"""Rule -> its function, in the order of their use."""

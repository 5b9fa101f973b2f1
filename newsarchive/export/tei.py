"""TEI P5: one teiCorpus with one TEI element per article, whose header holds all metadata.

https://tei-c.org/guidelines/p5/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, Any

from lxml import etree

from newsarchive import __version__
from newsarchive.export.records import Job, Record
from newsarchive.text.counting import counted

NAMESPACE = "http://www.tei-c.org/ns/1.0"
_PREFIXES: Any = {None: NAMESPACE}
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Maker:
    """Factory of TEI elements: ``E.title("Су", level="a")``."""

    def __getattr__(self, name: str) -> Callable[..., etree._Element]:
        def make(*children: etree._Element | str, **attributes: str) -> etree._Element:
            element = etree.Element(f"{{{NAMESPACE}}}{name}", attributes, nsmap=_PREFIXES)
            for child in children:
                if isinstance(child, str):
                    element.text = (element.text or "") + child
                else:
                    element.append(child)
            return element

        return make


E = _Maker()


def write_tei(job: Job, file: IO[bytes]) -> None:
    """Write the articles as one corpus, element by element; without articles, a corpus with one empty text."""
    with etree.xmlfile(file, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element(f"{{{NAMESPACE}}}teiCorpus", nsmap=_PREFIXES):
            xml.write("\n", _corpus_header(len(job.articles)), "\n")
            for record in job.records():
                xml.write(article_element(record, several=len(job.dbs) > 1), "\n")
            if not job.articles:
                xml.write(E.TEI(_corpus_header(0), E.text(E.body(E.p()))), "\n")


def _corpus_header(articles: int) -> etree._Element:
    return E.teiHeader(
        E.fileDesc(
            E.titleStmt(E.title("Newspaper articles")),
            E.extent(counted(articles, "article")),
            E.publicationStmt(E.p("Exported by newsarchive; the texts belong to their newspapers.")),
            E.sourceDesc(E.p("Web pages, each named in the header of its text.")),
        ),
        _encoding(""),
    )


def article_element(record: Record, *, several: bool = False) -> etree._Element:
    """Return one article as a TEI element; among `several` archives its name in the corpus has its site."""
    text = E.text(E.body(E.head(_clean(record["title"])), *_paragraphs(record)))
    text.set(f"{_XML}lang", record["language"] or "und")
    element = E.TEI(_header(record), text)
    site = re.sub(r"[^\w.-]", "_", record["site"]) + "-" if several else ""
    element.set(f"{_XML}id", f"article-{site}{record['id']}")
    return element


def _paragraphs(record: Record) -> list[etree._Element]:
    parts = [E.p(_clean(part.strip())) for part in (record["body"] or "").split("\n\n") if part.strip()]
    if record["lead"]:
        parts.insert(0, E.p(_clean(record["lead"]), rend="lead"))
    return parts or [E.p()]


def _header(record: Record) -> etree._Element:
    return E.teiHeader(
        E.fileDesc(
            E.titleStmt(E.title(_clean(record["title"])), *(E.author(_clean(name)) for name in record["authors"])),
            E.extent(f"{record['words']} words"),
            E.publicationStmt(E.publisher("newsarchive"), *_identifiers(record)),
            E.notesStmt(*_notes(record)),
            E.sourceDesc(_source(record)),
        ),
        _encoding(record["extractor"] or ""),
        E.profileDesc(E.creation(*_dated("", record["day"])), *_language(record), *_classes(record)),
        E.revisionDesc(*_changes(record)),
    )


def _identifiers(record: Record) -> list[etree._Element]:
    kinds = {"archive": record["id"], "digest": record["digest"], "capture-sha256": record["capture_sha256"]}
    kinds["warc"] = record["warc"] and f"{record['warc']}#{record['warc_offset']}"
    return [E.idno(_clean(str(value)), type=kind) for kind, value in kinds.items() if value]


def _source(record: Record) -> etree._Element:
    images = zip(record["images"], record["captions"], record["credits"], strict=False)
    return E.bibl(
        E.title(_clean(record["title"]), level="a"),
        *(E.author(_clean(name)) for name in record["authors"]),
        E.title(_clean(record["newspaper"] or record["site"]), level="j"),
        *_dated("published", record["published"]),
        *_dated("modified", record["modified"]),
        E.idno(_clean(record["url"]), type="URL"),
        *(E.relatedItem(_image(*image), type="image") for image in images),
    )


def _image(url: str, caption: str, credit: str) -> etree._Element:
    parts = [E.title(_clean(caption))] if caption else []
    return E.bibl(*parts, *([E.author(_clean(credit))] if credit else []), E.idno(_clean(url), type="URL"))


def _dated(kind: str, when: str | None) -> list[etree._Element]:
    if not when:
        return []
    date = E.date(_clean(when), when=when)
    if kind:
        date.set("type", kind)
    return [date]


def _notes(record: Record) -> list[etree._Element]:
    texts = {"revisions": record["revisions"], "gone-reason": record["gone_reason"], "lead-image": record["lead_image"]}
    return [E.note(_clean(str(text)), type=kind) for kind, text in texts.items() if text is not None]


def _encoding(extractor: str) -> etree._Element:
    program = E.application(E.label("newsarchive"), ident="newsarchive", version=__version__)
    others = [E.p(f"Text read from the page by {_clean(extractor)}.")] if extractor else []
    return E.encodingDesc(E.appInfo(program), *others)


def _language(record: Record) -> list[etree._Element]:
    code = record["language"]
    return [E.langUsage(E.language(code, ident=code))] if code else []


def _classes(record: Record) -> list[etree._Element]:
    groups = (("#categories", record["categories"]), ("#tags", record["tags"]))
    found = [E.keywords(*(E.term(_clean(n)) for n in names), scheme=scheme) for scheme, names in groups if names]
    return [E.textClass(*found)] if found else []


def _changes(record: Record) -> list[etree._Element]:
    stages = (
        ("first seen", record["first_seen"]),
        ("captured", record["captured"]),
        ("last seen", record["last_seen"]),
    )
    found = [E.change(text, when=when) for text, when in stages if when]
    return [*found, E.change("gone from the site", when=record["gone"])] if record["gone"] else found


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)

"""The pages of one article: text and images, provenance, history, citations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from sqlite_utils import Database

from newsarchive.browse.archives import Row, rows, visible
from newsarchive.browse.bibliography import bibliography
from newsarchive.browse.copying import POLICY, SCRIPT
from newsarchive.browse.finding import find_article
from newsarchive.browse.images import image_facts, kept_path, other_versions
from newsarchive.browse.notebook.beside import article_notes
from newsarchive.browse.prose import Image, Prose, render_image, render_markdown, render_paragraphs
from newsarchive.browse.visits import Download, MissingError, Page, Redirect, Visit, address, as_json
from newsarchive.database import article_of
from newsarchive.export.citations import STYLES, cite
from newsarchive.reprints import count_reprints
from newsarchive.revisions.differences import compare_revisions
from newsarchive.search.marks import split_paragraphs
from newsarchive.search.several import Archives, databases
from newsarchive.text.search_text import full_text

STYLE_NAMES = {"text": "Text", "bibtex": "BibTeX", "csl-json": "CSL-JSON", "ris": "RIS"}
CITATION_FILES = {
    "bibtex": ("application/x-bibtex; charset=utf-8", "bib"),
    "csl-json": ("application/vnd.citationstyles.csl+json; charset=utf-8", "json"),
    "ris": ("application/x-research-info-systems; charset=utf-8", "ris"),
}


def article_page(visit: Visit) -> Page:
    """Return the page of an article. Raises MissingError."""
    article = find_article(visit.db, visit.number("id"))
    number = article["id"]
    images = _images(visit, number)
    missing = visit.speech.text("image_elsewhere")
    prose = _prose(article, images, missing)
    unplaced = {i.url: i for shown, i in images.items() if shown not in prose.placed and i.url not in prose.placed}
    links = _links(visit.db, number)
    placed_urls = {images[shown].url for shown in prose.placed if shown in images}
    return Page(
        template="article.html",
        title=article["title"] or article["url"],
        values={
            "article": article,
            **article_notes(visit, article, prose.html),
            "permanent": visit.origin.removesuffix(visit.prefix) + address("/article", url=article["url"]),
            "more_images": [render_image(i, missing=missing) for url, i in unplaced.items() if url not in placed_urls],
            "other_versions": other_versions(visit, number),
            "image_facts": image_facts(visit, number),
            **links,
            **bibliography(visit, article, links),
            "copy_script": SCRIPT,
            "revisions": _revisions(visit.db, number),
            **_provenance(visit.db, article),
            "citations": cite_styles(visit, number),
            "reprinted": _count_reprints(visit, article),
        },
        policy=POLICY,
    )


def _count_reprints(visit: Visit, article: Row) -> int:
    """Return how many other articles are known to have the same text, in a collection of all newspapers."""
    if visit.collection is None:
        return count_reprints(visit.db, article["id"])
    with visit.collection() as reading:
        names = [part.name for part in reading.parts] if isinstance(reading, Archives) else []
        return (
            count_reprints(reading, article["id"], part=names.index(article["site"])) if article["site"] in names else 0
        )


def by_url(visit: Visit) -> Redirect:
    """Lead to the page of an article by any of its URLs, an address that lasts. Raises MissingError."""
    url = visit.get("url")
    for db in databases(visit.reading):
        number = article_of(db, url)
        sql = f"select a.site from articles a where a.id = ? and {visible()}"  # noqa: S608
        for row in rows(db, sql, [number]):
            of = f"/site/{quote(row['site'], safe='')}" if isinstance(visit.reading, Archives) else ""
            return Redirect(f"{of}/article/{number}")
    raise MissingError(url)


def history_page(visit: Visit) -> Page:
    """Return the page of word-by-word changes between two revisions; by default, the newspaper's last two."""
    article = find_article(visit.db, visit.number("id"))
    revisions = _revisions(visit.db, article["id"])
    numbers = [row["number"] for row in revisions]
    own = [row["number"] for row in revisions if row["kind"] != "reextracted"] or numbers
    if not own:
        raise MissingError(f"{article['id']} has no revisions")
    new = visit.get_number("to", own[-1])
    old = visit.get_number("from", max([n for n in own if n < new], default=own[0]))
    if old not in numbers or new not in numbers:
        raise MissingError(f"{old}, {new}")
    before, after = (_content(visit.db, article["id"], number) for number in (old, new))
    return Page(
        template="history.html",
        title=visit.speech.text("history_of", title=article["title"] or article["url"]),
        values={
            "article": article,
            "revisions": revisions,
            "old": before,
            "new": after,
            "changes": compare_revisions(before, after).items(),
        },
    )


def article_json(visit: Visit) -> Download:
    """Return the article's row of the view `archive` as JSON. Raises MissingError."""
    find_article(visit.db, visit.number("id"))
    found = rows(visit.db, "select * from archive where id = ?", [visit.number("id")])[0]
    arrays = {name: json.loads(found[name]) for name in ("authors", "categories", "tags", "images")}
    return as_json({**found, **arrays})


def cite_styles(visit: Visit, number: int) -> list[tuple[str, str, str]]:
    """Return the article's citation in each style: the style's name, the citation, and its download link."""
    if not rows(visit.db, "select 1 from revisions where article = ?", [number]):
        return []
    return [
        (STYLE_NAMES.get(style, style), cite(visit.db, number, style=style).strip(), f"/article/{number}/cite/{style}")
        for style in STYLES
    ]


def citation(visit: Visit) -> Download:
    """Return one citation as a file. Raises MissingError for an unknown article or style."""
    number, style = visit.number("id"), visit.named["style"]
    find_article(visit.db, number)
    if style not in STYLES:
        raise MissingError(style)
    media_type, ending = CITATION_FILES.get(style, ("text/plain; charset=utf-8", "txt"))
    return Download(
        body=cite(visit.db, number, style=style).encode(), type=media_type, filename=f"article-{number}.{ending}"
    )


def _images(visit: Visit, number: int) -> dict[str, Image]:
    """Return the article's images by the URL used in its text."""
    found = rows(
        visit.db,
        """select i.url, i.sha256, i.type, i.width, i.height, l.shown, l.alt, l.caption, l.credit from article_images l
        join images i on i.id = l.image where l.article = ? order by l.lead desc, l.position""",
        [number],
    )
    return {
        row["shown"] or row["url"]: Image(
            url=row["url"],
            kept=f"/picture/{row['sha256']}" if kept_path(visit.folder, row["sha256"], row["type"]) else "",
            alt=row["alt"],
            caption=row["caption"],
            credit=row["credit"],
            width=row["width"],
            height=row["height"],
        )
        for row in found
    }


def _prose(article: Row, images: Mapping[str, Image], missing: str) -> Prose:
    whole = split_paragraphs(full_text(article["lead"], article["body"]))
    # The lead is shown apart, with the anchor of its first paragraph.
    leading = len(split_paragraphs(article["lead"])) if article["lead"] else 0
    paragraphs = list(enumerate(whole, 1))[leading:]
    if not article["markdown"]:
        return Prose(html=render_paragraphs(paragraphs), placed=frozenset())
    by_url = {**{image.url: image for image in images.values()}, **images}
    return render_markdown(
        article["markdown"],
        by_url,
        missing=missing,
        title=article["title"],
        skip=[article["lead"] or ""],
        paragraphs=paragraphs,
    )


def _links(db: Database, number: int) -> dict[str, list[Row]]:
    authors = rows(
        db,
        """select n.id, n.name, l.role, l.as_written from article_authors l join authors n on n.id = l.author
        where l.article = ? order by l.position""",
        [number],
    )
    named = {
        table: rows(
            db,
            f"""select n.id, n.name from article_{table} l join {table} n on n.id = l.{column}
            where l.article = ? order by l.position""",  # noqa: S608
            [number],
        )
        for table, column in (("categories", "category"), ("tags", "tag"))
    }
    return {"authors": authors, **named}


def _revisions(db: Database, number: int) -> list[Row]:
    found = rows(
        db,
        "select id, number, time, kind, changed, digest, extractor from revisions where article = ? order by number",
        [number],
    )
    return [{**row, "changed": json.loads(row["changed"])} for row in found]


def _content(db: Database, article: int, number: int) -> Row:
    return rows(db, "select * from revisions where article = ? and number = ?", [article, number])[0]


def _provenance(db: Database, article: Row) -> dict[str, object]:
    """Return the captures, the extractor and the source of each field of the current revision, and all addresses."""
    revision = rows(db, "select * from revisions where id = ?", [article["current_revision"]])
    captures = rows(
        db,
        """select c.url, c.time, c.status, c.content_type, c.sha256, c.warc, c.offset, c.length
        from revision_captures l join captures c on c.id = l.capture where l.revision = ? order by l.position""",
        [article["current_revision"]],
    )
    addresses = rows(db, "select url, source, first_listed from urls where article = ? order by id", [article["id"]])
    current = revision[0] if revision else {}
    evidence = json.loads(current.get("evidence") or "{}")
    return {"current": current, "captures": captures, "evidence": evidence, "addresses": addresses}

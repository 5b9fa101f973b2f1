"""The page of an article's version in the other language, sentence by sentence."""

from __future__ import annotations

from io import BytesIO

from newsarchive.browse.finding import find_place
from newsarchive.browse.visits import Answer, Download, Page, Visit, as_json
from newsarchive.translations.files import aligned, pair_as_data, write_tmx
from newsarchive.translations.pairing import translation_of


def translation_page(visit: Visit) -> Answer:
    """Return the page of an article beside its Kazakh or Russian version in the same newspaper. Raises MissingError."""
    part, article = find_place(visit)
    pair = translation_of(visit.reading, visit.folder, article["id"], part=part, site=article["site"])
    form = visit.named.get("form")
    if form == "json":
        return as_json(pair_as_data(visit.reading, pair))
    if form == "tmx":
        file = BytesIO()
        write_tmx(visit.reading, [pair] if pair else [], file)
        name = f"translation-{article['id']}.tmx"
        return Download(body=file.getvalue(), type="application/x-tmx+xml; charset=utf-8", filename=name)
    return Page(
        template="translation.html",
        title=visit.speech.text("translation_of", title=article["title"] or article["url"]),
        values={
            "article": article,
            "pair": pair,
            "sentences": aligned(visit.reading, pair) if pair else [],
            "json": f"{visit.path}.json",
            "tmx": f"{visit.path}.tmx",
        },
    )

"""Captions and credits of images."""

from __future__ import annotations

import re

from newsarchive.extraction.regions import Element, text_of
from newsarchive.text.spacing import collapse

_CREDIT = re.compile(
    r"(?:^|[\s(\[.,|/–—-])(?:(?:фото|сурет(?:ті түсірген|тер)?|фотосурет|фотограф|коллаж|photos?(?: by| credit)?"
    r"|foto(?:s|graf(?:ie|í?a)?)?|bild(?:er|quelle)?|crédit(?:s|o|os)?"
    r"|credits?|picture|image|quelle|источник|kuva|zdjęcie|fot|foto de|ảnh)\s?[.:]\s*|(?:фото|photo|foto"
    r"|сурет)\s+(?=[^\W\d_]{2,}\s+[^\W\d_])|[©ⓒ]\s*|\(c\)\s*)(?P<who>[^\n|]{2,80})",
    re.I,
)
_CAPTION = re.compile(r"caption|(?:^|[\s_-])(?:legend|bildunterschrift|img-?text|image-?desc\w*)", re.I)
_CREDITED = re.compile(r"credit|copyright|photographer|source|rights", re.I)


def credit_in(caption: str) -> str:
    """Return the credit in a caption; empty if there is none."""
    match = _CREDIT.search(caption)
    return match["who"].strip(" .)]") if match else ""


def caption_of(element: Element) -> tuple[str, str]:
    """Return the caption and credit of an image."""
    caption = credit = ""
    for ancestor, _ in zip(element.iterancestors(), range(5), strict=False):
        if ancestor.tag == "figure" or re.search(
            r"wp-caption|(?:^|[\s_-])(?:figure|image-?(?:wrapper|container|block))", ancestor.get("class") or ""
        ):
            captions = [*ancestor.iter("figcaption")]
            captions = captions or [e for e in ancestor.iter("*") if _CAPTION.search(e.get("class") or "")]
            found = next((e for e in captions if not _of_another(e, element)), None)
            if found is not None:
                marked = next(
                    (e for e in found.iter("*") if e is not found and _CREDITED.search(e.get("class") or "")), None
                )
                credit = text_of(marked) if marked is not None else ""
                caption = text_of(found)
                if credit:
                    caption = collapse(caption.replace(credit, " "))
                break
        if ancestor.tag in ("article", "main", "body"):
            break
    if match := _CREDIT.search(caption):
        credit = credit or credit_in(caption)
        caption = caption[: match.start()].strip(" .|/–—-(") + (
            "." if caption[: match.start()].rstrip(" |/–—-(").endswith(".") else ""
        )
    return caption, credit_in(credit) or credit


def _of_another(caption: Element, picture: Element) -> bool:
    """True if a caption belongs to another figure, as in a gallery."""
    figure = next(caption.iterancestors("figure"), None)
    return figure is not None and all(figure is not ancestor for ancestor in picture.iterancestors())

"""Renders blocks as plain text and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from newsarchive.extraction.blocks import Block, absolute
from newsarchive.items import Image
from newsarchive.text.spacing import tidy

_JOINED = ("li", "row")
_SPECIAL = re.compile(r"^(?:#{1,6} |[-+*] |>|\d{1,9}[.)] |```|\|)")


def plain(blocks: Sequence[Block]) -> str:
    """Render plain text: paragraphs separated by a blank line, list items and table rows on separate lines."""
    return _joined([(b, f"- {b.text}" if b.kind == "li" else b.text) for b in blocks if b.text])


def _joined(rendered: Sequence[tuple[Block, str]]) -> str:
    parts: list[str] = []
    last: Block | None = None
    for block, text in rendered:
        close = last is not None and block.kind in _JOINED and last.kind == block.kind and _same_group(last, block)
        parts += ["\n" if close else "\n\n" if parts else "", text]
        last = block
    return "".join(parts)


def _same_group(one: Block, other: Block) -> bool:
    if one.kind == "li":
        return True
    return next(one.element.iterancestors("table"), None) is next(other.element.iterancestors("table"), None)


def to_markdown(
    title: str,
    lead: Sequence[Block],
    body: Sequence[Block],
    *,
    base: str,
    image_at: Callable[[Block], Image | None],
    above: Image | None,
) -> str:
    """Render the whole article as Markdown: title, lead, body; `above` is an image shown above the text."""
    parts = [f"# {title}"] if title else []
    parts += [_rendered(block, base, last_row=None) for block in lead]
    rendered: list[tuple[Block, str]] = []
    waiting = above
    if waiting is not None and lead:
        parts.append(image_markdown(waiting))
        waiting = None
    last: Block | None = None
    for block in body:
        if block.kind == "image":
            if (image := image_at(block)) is not None:
                rendered.append((block, image_markdown(image)))
            continue
        rendered.append((block, _rendered(block, base, last_row=last)))
        last = block
        if waiting is not None:
            rendered.append((Block(kind="image", text="", element=block.element), image_markdown(waiting)))
            waiting = None
    return "\n\n".join(filter(None, [*parts, _joined(rendered)]))


def image_markdown(image: Image) -> str:
    """Render an image: its caption or alternative text, and the URL that the page displays."""
    words = re.sub(r"\s+", " ", image.caption or image.alt).replace("[", r"\[").replace("]", r"\]")
    return f"![{words}]({_address(image.shown or image.url)})"


def _address(url: str) -> str:
    return url.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _rendered(block: Block, base: str, *, last_row: Block | None) -> str:
    if block.kind == "pre":
        return f"```\n{block.text}\n```"
    text = _linked(block, base)
    if block.kind == "row":
        row = f"| {text} |"
        if last_row is None or last_row.kind != "row" or not _same_group(last_row, block):
            row += "\n|" + " --- |" * (text.count(" | ") + 1)
        return row
    text = "\n".join(_escaped(line) for line in text.split("\n"))
    collapse = text.replace("\n", " ")
    if block.kind in _LEVELS:
        text = f"{_LEVELS[block.kind]} {collapse}"
    elif block.kind == "li":
        mark = f"{block.number}." if block.number else "-"
        text = "  " * (block.depth - 1) + f"{mark} {collapse}"
    else:
        text = text.replace("\n", "  \n")
    return "\n".join(f"> {line}" for line in text.split("\n")) if block.quoted or block.folded else text


_LEVELS: Mapping[str, str] = {"h1": "##", "h2": "##", "h3": "###", "h4": "####", "h5": "#####", "h6": "######"}


def _escaped(line: str) -> str:
    return (
        f"\\{line}" if _SPECIAL.match(line) and not line[0].isdecimal() else re.sub(r"^(\d+)([.)] )", r"\1\\\2", line)
    )


def _linked(block: Block, base: str) -> str:
    """Return the text of a block with its links."""
    if not block.linked:
        return block.text
    parts: list[tuple[str, str]] = []
    for text, link in block.pieces:
        if parts and parts[-1][1] == link:
            parts[-1] = (parts[-1][0] + text, link)
        else:
            parts.append((text, link))
    out = "".join(
        _link(text, absolute(base, link)) if link else text.replace("\n", " ").replace("\v", "\n")
        for text, link in parts
    )
    return tidy(out)


def _link(text: str, address: str) -> str:
    text = text.replace("\n", " ").replace("\v", " ")
    words = tidy(text)
    if not words or not address.startswith(("http://", "https://", "mailto:", "tel:")):
        return text
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    label = words.replace("[", r"\[").replace("]", r"\]")
    return f"{before}[{label}]({_address(address)}){after}"

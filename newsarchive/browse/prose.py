"""Article text from Markdown to safe HTML: it cannot run scripts, load from other sites or break the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

REL = "nofollow noopener noreferrer external"


@dataclass(kw_only=True, frozen=True)
class Image:
    """An image as a page shows it; `kept` is the address of our own copy, empty if there is none."""

    url: str
    kept: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    width: int | None = None
    height: int | None = None


def is_web_address(url: str) -> bool:
    """Return True if a page may link to a URL: http or https with a host, and no scripts.

    >>> is_web_address("javascript:alert(1)"), is_web_address("https://a.kz/b")
    (False, True)
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def render_image(image: Image, *, missing: str) -> Markup:
    """Return a figure with our copy of an image, or else a link labelled `missing`, and its caption and credit."""
    text = Markup(" ").join(
        [escape(image.caption or image.alt)] * bool(image.caption or image.alt)
        + [Markup('<span class="credit">{}</span>').format(image.credit)] * bool(image.credit)
    )
    if image.kept:
        size = Markup(' width="{}" height="{}"').format(image.width, image.height) if image.width else Markup()
        shown = Markup('<img src="{}" alt="{}"{}>').format(image.kept, image.alt or image.caption, size)
    elif is_web_address(image.url):
        shown = Markup('<a class="elsewhere" href="{}" rel="{}">{}</a>').format(image.url, REL, missing)
    else:
        shown = Markup('<span class="elsewhere">{}</span>').format(missing)
    caption = Markup("<figcaption>{}</figcaption>").format(text) if text else Markup()
    return Markup("<figure>{}{}</figure>").format(shown, caption)


@dataclass(kw_only=True, frozen=True)
class Prose:
    """Rendered text, and the URLs of the images in it."""

    html: Markup
    placed: frozenset[str]


def render_markdown(
    markdown: str,
    images: Mapping[str, Image],
    *,
    missing: str,
    title: str = "",
    skip: Sequence[str] = (),
    paragraphs: Sequence[tuple[int, str]] = (),
) -> Prose:
    """Render Markdown as HTML, without its headline and the paragraphs in `skip` (the lead, shown separately).

    `images` are the article's images by their URL in the Markdown. Raw HTML in the Markdown is shown as text. The
    blocks with `paragraphs` of the plain text, by number, get the anchors ``p1``, ``p2``, ...
    """
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    # Every target is parsed as a link here; the renderer removes unsafe targets.
    parser.validateLink = _any_link  # type: ignore[method-assign]
    env: dict[str, object] = {"images": images, "missing": missing, "placed": set()}
    tokens = _without(parser.parse(markdown, env), {_plain(title), *map(_plain, skip)} - {""})
    _anchor(tokens, paragraphs)
    html = parser.renderer.render(_unwrap_images(tokens), parser.options, env)
    placed = env["placed"]
    assert isinstance(placed, set)
    return Prose(html=Markup(html), placed=frozenset(placed))  # noqa: S704 - made by the renderer below, raw HTML off


def _any_link(url: str) -> bool:
    return True


def render_paragraphs(paragraphs: Sequence[tuple[int, str]]) -> Markup:
    """Render the paragraphs of a plain text, by number, as HTML with anchors."""
    return Markup("\n").join(Markup('<p id="p{}">{}</p>').format(*part) for part in paragraphs if part[1].strip())


def _anchor(tokens: Sequence[Token], paragraphs: Sequence[tuple[int, str]]) -> None:
    """Give each block in which a paragraph of the plain text begins an anchor with the paragraph's number."""
    wanted = [(number, _letters(text)) for number, text in paragraphs if _letters(text)]
    at = 0
    for before, (opening, inline) in zip([None, *tokens], pairwise(tokens), strict=False):
        if inline.type != "inline" or opening.nesting != 1 or not (text := _letters(_shown(inline))):
            continue
        for place in range(at, len(wanted)):
            number, letters = wanted[place]
            if letters.startswith(text) or text.startswith(letters):
                block = (
                    before if opening.hidden and before else opening
                )  # an item of a list has no paragraph of its own
                block.attrSet("id", f"p{number}")
                at = place + 1
                break


def _shown(inline: Token) -> str:
    """Return the text of a block without its marks and the addresses of its links."""
    children = inline.children or []
    return "".join(child.content if child.type != "softbreak" else " " for child in children if child.type != "image")


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _plain(text: str) -> str:
    return " ".join(text.split()).strip("# *_")


def _without(tokens: list[Token], unwanted: set[str]) -> list[Token]:
    """Drop headings and paragraphs whose whole text is in `unwanted`, once per text; h1 becomes h2."""
    kept: list[Token] = []
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            text = _plain(block[1].content) if len(block) == 3 and block[1].type == "inline" else ""
            if text and text in unwanted:
                unwanted = unwanted - {text}
            else:
                kept += block
            block = []
    for token in kept:
        if token.tag == "h1":
            token.tag = "h2"
    return kept + block


def _unwrap_images(tokens: list[Token]) -> list[Token]:
    """Remove the p around paragraphs of images only: a p cannot contain a figure (HTML, 4.4.1)."""
    unwrapped: list[Token] = []
    for token in tokens:
        unwrapped.append(token)
        if token.type != "paragraph_close" or len(unwrapped) < 3 or unwrapped[-2].type != "inline":
            continue
        children = unwrapped[-2].children or []
        if children and all(c.type in ("image", "softbreak") for c in children):
            inline = unwrapped[-2]
            inline.children = [c for c in children if c.type == "image"]
            for child in inline.children:
                child.meta["alone"] = True
            unwrapped[-3:] = [inline]
    return unwrapped


class _Renderer(RendererHTML):
    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        if is_web_address(str(token.attrGet("href") or "")):
            token.attrSet("rel", REL)
        else:
            token.attrs = {}
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        src = str(token.attrGet("src") or "")
        alt = self.renderInlineAsText(token.children or [], options, env)
        image = env["images"].get(src) or Image(url=src, alt=alt)
        env["placed"].add(src)
        figure = render_image(image, missing=env["missing"])
        if token.meta.get("alone"):
            return str(figure) + "\n"
        # A sentence cannot contain a figure: only the image or its link is kept.
        inner = str(figure).removeprefix("<figure>").removesuffix("</figure>").partition("<figcaption>")[0]
        return str(Markup('<span class="inline-picture">{}</span>').format(Markup(inner)))  # noqa: S704

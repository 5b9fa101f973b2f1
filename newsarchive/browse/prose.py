"""Article text from Markdown to HTML, so that nothing in it can run, load from elsewhere or break the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

REL = "nofollow noopener noreferrer external"


@dataclass(kw_only=True, frozen=True)
class Picture:
    """A picture as a page shows it: `kept` is where our own copy is served, empty where none is kept."""

    url: str
    kept: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    width: int | None = None
    height: int | None = None


def is_web_address(url: str) -> bool:
    """Whether a link may be followed from a page: http and https with a host, nothing that runs.

    >>> is_web_address("javascript:alert(1)"), is_web_address("https://a.kz/b")
    (False, True)
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def render_picture(picture: Picture, *, missing: str) -> Markup:
    """A picture with caption and credit: our own copy, else the caption and a plain link that says `missing`."""
    text = Markup(" ").join(
        [escape(picture.caption or picture.alt)] * bool(picture.caption or picture.alt)
        + [Markup('<span class="credit">{}</span>').format(picture.credit)] * bool(picture.credit)
    )
    if picture.kept:
        size = Markup(' width="{}" height="{}"').format(picture.width, picture.height) if picture.width else Markup()
        image = Markup('<img src="{}" alt="{}"{}>').format(picture.kept, picture.alt or picture.caption, size)
    elif is_web_address(picture.url):
        image = Markup('<a class="elsewhere" href="{}" rel="{}">{}</a>').format(picture.url, REL, missing)
    else:
        image = Markup('<span class="elsewhere">{}</span>').format(missing)
    caption = Markup("<figcaption>{}</figcaption>").format(text) if text else Markup()
    return Markup("<figure>{}{}</figure>").format(image, caption)


@dataclass(kw_only=True, frozen=True)
class Prose:
    """Rendered text, and the addresses of the pictures that stand in it."""

    html: Markup
    placed: frozenset[str]


def render_markdown(
    markdown: str, pictures: Mapping[str, Picture], *, missing: str, title: str = "", skip: Sequence[str] = ()
) -> Prose:
    """Markdown as HTML without its own headline and without the paragraphs in `skip` (the lead, shown apart).

    `pictures` are those of the article by the address the Markdown has; raw HTML in it is shown as text.
    """
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    # Every target is taken as a link here, and those that could run lose it when they are written.
    parser.validateLink = _any_link  # type: ignore[method-assign]
    env: dict[str, object] = {"pictures": pictures, "missing": missing, "placed": set()}
    tokens = _without(parser.parse(markdown, env), {_plain(title), *map(_plain, skip)} - {""})
    html = parser.renderer.render(_lift_pictures(tokens), parser.options, env)
    placed = env["placed"]
    assert isinstance(placed, set)
    return Prose(html=Markup(html), placed=frozenset(placed))  # noqa: S704 - made by the renderer below, HTML off


def _any_link(url: str) -> bool:
    return True


def render_paragraphs(body: str) -> Markup:
    """Plain text, paragraphs apart by a blank line, as HTML."""
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in body.split("\n\n") if part.strip())


def _plain(text: str) -> str:
    return " ".join(text.split()).strip("# *_")


def _without(tokens: list[Token], unwanted: set[str]) -> list[Token]:
    """Leave out headlines and paragraphs whose whole text is unwanted, each of them once; top headings become h2."""
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


def _lift_pictures(tokens: list[Token]) -> list[Token]:
    """A paragraph that holds pictures alone loses its p, for a figure may not stand in one (HTML, 4.4.1)."""
    lifted: list[Token] = []
    for token in tokens:
        lifted.append(token)
        if token.type != "paragraph_close" or len(lifted) < 3 or lifted[-2].type != "inline":
            continue
        children = lifted[-2].children or []
        if children and all(c.type in ("image", "softbreak") for c in children):
            inline = lifted[-2]
            inline.children = [c for c in children if c.type == "image"]
            for child in inline.children:
                child.meta["alone"] = True
            lifted[-3:] = [inline]
    return lifted


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
        picture = env["pictures"].get(src) or Picture(url=src, alt=alt)
        env["placed"].add(src)
        figure = render_picture(picture, missing=env["missing"])
        if token.meta.get("alone"):
            return str(figure) + "\n"
        # Inside a sentence no figure may stand: the picture or the link to it alone.
        inner = str(figure).removeprefix("<figure>").removesuffix("</figure>").partition("<figcaption>")[0]
        return str(Markup('<span class="inline-picture">{}</span>').format(Markup(inner)))  # noqa: S704

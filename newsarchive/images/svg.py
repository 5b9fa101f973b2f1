"""SVG images: their size, and whether one only draws; what could run, load or stall something is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from newsarchive.errors import NewsArchiveError

NAMESPACE = "http://www.w3.org/2000/svg"
MOST_SHAPES = 250_000
"""Most shapes that a reader's browser may have to draw; those repeated by `use` count each time."""
DEEPEST = 200
DEFAULT_SIZE = (300, 150)
"""The size that browsers use if the image states none (CSS 2.1, section 10.3.2)."""

_RUNS = frozenset(("script", "handler", "listener", "iframe", "object", "embed", "audio", "video", "canvas"))
_OTHERS = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML")
_ANIMATES = frozenset(("set", "animate", "animatemotion", "animatetransform", "animatecolor"))
_INSIDE = re.compile(r"data:(?:image/(?:png|jpe?g|gif|webp|avif)[;,]|font/|application/(?:x-)?font)", re.I)
_XLINK, _XML = "http://www.w3.org/1999/xlink", "http://www.w3.org/xml/1998/namespace"
_URL = re.compile(r"""url\(\s*["']?\s*([^"')]*)""", re.I)
_ELSEWHERE = re.compile(r"@import|(?:image|image-set|src)\(|\\", re.I)
_LENGTH = re.compile(r"\s*((?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:e[+-]?\d{1,2})?)\s*+(px|pt|pc|mm|cm|in|)\s*", re.I)
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


class SvgRefused(NewsArchiveError):
    """The file is not an SVG that is kept; the message is a short phrase."""


def read_svg(body: bytes) -> tuple[int, int]:
    """Return width and height in pixels of an SVG that only draws; the parser loads nothing and expands no entity.

    Scripts, event handlers, embedded HTML, references to other files, a document type with declarations, and
    excessively repeated shapes are refused. Raises SvgRefused.

    >>> read_svg(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 48"><path d="M0 0h9"/></svg>')
    (64, 48)
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.entity
    parser.ProcessingInstructionHandler = reader.instruction
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)  # noqa: FBT003  the parameter has no name
    except (expat.ExpatError, ValueError, LookupError) as error:  # an unknown encoding is a LookupError
        raise SvgRefused(f"a broken SVG ({' '.join(str(error).split())[:80]})") from error
    if reader.shapes() > MOST_SHAPES:
        raise SvgRefused("an SVG bomb: shapes repeated without measure")
    return size_of(reader.root)


def size_of(root: dict[str, str]) -> tuple[int, int]:
    """Return width and height in whole pixels, at least one, by the attributes of the root element.

    >>> size_of({"width": "2in", "height": "48px"}), size_of({"width": "100%", "viewBox": "0,0,20.4,10"})
    ((192, 48), (20, 10))
    >>> size_of({"width": "40", "viewBox": "0 0 20 10"}), size_of({})
    ((40, 20), (300, 150))
    """
    width, height = (_length(root.get(name, "")) for name in ("width", "height"))
    numbers = [_length(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    box_width, box_height = (numbers[2], numbers[3]) if len(numbers) == 4 else (0.0, 0.0)
    if box_width and box_height:
        width, height = width or (height or box_height) * box_width / box_height, height
        height = height or width * box_height / box_width
    width, height = width or DEFAULT_SIZE[0], height or DEFAULT_SIZE[1]
    return max(1, round(width)), max(1, round(height))


def _length(text: str) -> float:
    """Return a length in pixels; 0 if it is invalid, relative, or larger than any screen."""
    found = _LENGTH.fullmatch(text)
    pixels = float(found[1]) * _PIXELS[found[2].lower()] if found else 0.0
    return pixels if pixels <= 100_000 else 0.0


@dataclass
class _Part:
    """The image, or an element with an ID: its own shapes, and the parts that it contains or repeats."""

    shapes: int = 0
    parts: list[_Part | str] = field(default_factory=list)
    drawn: int | None = None
    """Number of shapes including its parts, once counted; 0 while they are being counted."""


class _Reader:
    """Checks what expat reports against the rules."""

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self._open: list[tuple[str, _Part]] = []
        self._whole = _Part()
        self._known: dict[str, _Part] = {}
        self._style: list[str] = []

    def doctype(self, _name: str, _system: str | None, _public: str | None, has_declarations: int) -> None:
        if has_declarations:
            raise SvgRefused("an SVG with declarations of its own (entities)")

    def entity(self, *_: Any) -> None:
        raise SvgRefused("an SVG with declarations of its own (entities)")

    def instruction(self, target: str, _data: str) -> None:
        if target.lower().startswith("xml-stylesheet"):
            raise SvgRefused("an SVG that refers to another file")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        local = local.lower()
        if not self._open:
            if (space, local) != (NAMESPACE, "svg"):
                raise SvgRefused("not a picture but HTML or XML")
            self.root = attributes
        if len(self._open) >= DEEPEST:
            raise SvgRefused("a broken SVG (nested too deeply)")
        if local in _RUNS:
            raise SvgRefused(f"an SVG with {local}")
        if local == "foreignobject" or space in _OTHERS:
            raise SvgRefused("an SVG with HTML inside")
        for key, value in attributes.items():
            _check_attribute(local, key.lower(), value)
        self._open.append((local, self._part(local, attributes)))

    def _part(self, local: str, attributes: dict[str, str]) -> _Part:
        """Return the part that an element belongs to: its own if it has an ID, else that of its parent."""
        part = self._open[-1][1] if self._open else self._whole
        if number := attributes.get("id"):
            own = _Part()
            part.parts.append(own)
            self._known.setdefault(number, own)
            part = own
        part.shapes += 1
        if local == "use":
            part.parts += [v.strip().removeprefix("#") for k, v in attributes.items() if k.endswith("href")]
        return part

    def text(self, data: str) -> None:
        if self._open and self._open[-1][0] == "style":
            self._style.append(data)

    def end(self, _name: str) -> None:
        local, _ = self._open.pop()
        if local == "style":
            _check_style("".join(self._style))
            self._style.clear()

    def shapes(self) -> int:
        """Return how many shapes are drawn, including repeated ones."""
        try:
            return self._drawn(self._whole)
        except RecursionError:  # parts that repeat parts, hundreds deep
            return MOST_SHAPES + 1

    def _drawn(self, part: _Part | str) -> int:
        found = self._known.get(part) if isinstance(part, str) else part
        if found is None:
            return 0
        if found.drawn is None:
            found.drawn = 0  # a part that repeats itself is drawn once
            found.drawn = found.shapes + sum(map(self._drawn, found.parts))
        return found.drawn


def _check_attribute(element: str, name: str, value: str) -> None:
    """Refuse an attribute that runs something or refers to another file; other namespaces have no effect."""
    space, _, name = name.rpartition(" ")
    plain = re.sub(r"[\x00-\x20]+", "", value).lower()
    if space not in ("", _XLINK, _XML):
        return
    if name.startswith("on"):
        raise SvgRefused("an SVG with event handlers")
    animates = element in _ANIMATES and name == "attributename" and plain.rpartition(":")[2].startswith(("href", "on"))
    if "javascript:" in plain or animates:
        raise SvgRefused("an SVG with script")
    if name in ("href", "src", "base") and plain and not _leads_inside(plain):
        is_link = element == "a" and plain.startswith(("http://", "https://", "/", "mailto:"))
        if name == "base" or not is_link:  # a link loads nothing by itself
            raise SvgRefused("an SVG that refers to another file")
    if name == "style" or "(" in value:
        _check_style(value)


def _check_style(css: str) -> None:
    """Refuse CSS that loads something."""
    if _ELSEWHERE.search(css) or not all(map(_leads_inside, _URL.findall(css))):
        raise SvgRefused("an SVG that refers to another file")


def _leads_inside(target: str) -> bool:
    return target.startswith("#") or bool(_INSIDE.match(target))

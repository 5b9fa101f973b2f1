"""Reading pictures: what they are, and what is refused by name. All of them are drawn here."""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from newsarchive.images.files import ImageRefused, keep_image_file
from newsarchive.images.reading import difference_hash, distance, read_image_file


def draw(size: tuple[int, int] = (320, 200), *, color: str = "navy", mode: str = "RGB") -> Image.Image:
    """A steppe under the sky, with a house."""
    image = Image.new("RGB", size, "skyblue")
    pen = ImageDraw.Draw(image)
    width, height = size
    pen.rectangle((0, height * 2 // 3, width, height), fill="olive")
    pen.rectangle((width // 5, height // 3, width // 2, height * 3 // 4), fill=color)
    pen.ellipse((width * 3 // 4, height // 10, width * 9 // 10, height // 3), fill="gold")
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, with a few rows of them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("AVIF", "avif")]
)
def test_a_picture_is_known_by_its_bytes(kind: str, ending: str) -> None:
    body = saved(draw(), kind)
    picture = read_image_file(body)
    assert (picture.width, picture.height, picture.bytes) == (320, 200, len(body))
    assert picture.type == f"image/{kind.lower()}"
    assert picture.sha256 == hashlib.sha256(body).hexdigest()
    assert picture.name == f"{picture.sha256}.{ending}"


def test_a_picture_that_a_camera_laid_on_its_side_has_the_size_and_hash_that_are_seen() -> None:
    upright = draw((200, 320))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    picture = read_image_file(saved(upright.rotate(90, expand=True), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (200, 320)
    assert distance(picture.phash, read_image_file(saved(upright, "JPEG")).phash) <= 4


def test_the_hash_is_alike_for_pictures_that_look_alike() -> None:
    whole = difference_hash(draw())
    small = read_image_file(saved(draw().resize((160, 100)), "JPEG", quality=40)).phash
    other = difference_hash(draw().transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert distance(whole, small) <= 6
    assert distance(whole, other) > 10


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "1", "I;16"])
def test_every_mode_of_color_has_a_hash(mode: str) -> None:
    image = draw().convert("L").convert("I").convert("I;16") if mode == "I;16" else draw(mode=mode)
    picture = read_image_file(saved(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert len(picture.phash) == 16


def refusal(body: bytes) -> str:
    with pytest.raises(ImageRefused) as refused:
        read_image_file(body)
    return str(refused.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "not a picture but HTML or XML"),
        (b'{"error": 404}', "not a picture but JSON"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"no picture at all", "no picture of a known kind"),
        (saved(draw(), "BMP"), "a BMP"),
        (saved(draw(), "TIFF"), "a TIFF"),
        (saved(draw(), "ICO"), "an icon"),
        (saved(draw(), "JPEG")[:-500], "a broken picture"),
        (saved(draw(), "PNG")[:-40], "a broken picture"),
        (saved(draw(), "WEBP")[:-40], "a broken picture"),
        (png_of(20_000, 20_000), "a decompression bomb"),
        (png_of(60_000, 60_000), "a decompression bomb"),
    ],
)
def test_what_is_no_whole_harmless_picture_is_refused_by_name(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def svg(inside: str = "", *, root: str = 'viewBox="0 0 40 30"', head: str = "") -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{head}<svg {names} {root}><path d="M0 0h40v30z" fill="#00abc2"/>{inside}</svg>'.encode()


PIXEL = "data:image/png;base64,iVBORw0KGgo="
PUBLIC = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'


@pytest.mark.parametrize(
    "body",
    [
        svg(),
        svg(head='<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- Картограмма -->\n' + PUBLIC),
        svg().decode().encode("utf-16"),
        b"\xef\xbb\xbf" + svg('<text x="1" y="9">Су (тасыды) & жер</text>'.replace("&", "&amp;")),
        svg('<g id="a"><circle r="2"/></g><use href="#a" x="4"/><use xlink:href="#a" fill="url(#b)"/>'),
        svg(f'<style>.s{{fill: url("#b"); font-family: Arial}}</style><image href="{PIXEL}"/>'),
        svg('<a href="https://a.kz/"><rect width="4" height="4"/></a><animate attributeName="x" to="4"/>'),
        svg('<g xmlns:i="http://i.example/" i:onsave="x" i:file="C:\\karta (1)\\a.png" transform="scale(2)"/>'),
    ],
)
def test_an_svg_that_only_draws_is_kept(body: bytes) -> None:
    picture = read_image_file(body)
    assert (picture.width, picture.height, picture.type) == (40, 30, "image/svg+xml")
    assert (picture.name, picture.phash) == (f"{hashlib.sha256(body).hexdigest()}.svg", "")


MANY = "".join(f'<g id="a{n}">{f"<use href=%s#a{n + 1}%s/>" % (chr(34), chr(34)) * 10}</g>' for n in range(9))
CHAIN = "".join(f'<g id="a{n}"><use href="#a{n + 1}"/></g>' for n in range(5000))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (svg("<script>alert(1)</script>"), "an SVG with script"),
        (svg('<x:script xmlns:x="http://www.w3.org/2000/svg">1</x:script>'), "an SVG with script"),
        (svg(root='onload = "alert(1)"'), "an SVG with event handlers"),
        (svg('<a xlink:href=" java&#10;script:alert(1)">.</a>'), "an SVG with script"),
        (svg('<a><set attributeName="href" to="x:y"/></a>'), "an SVG with script"),
        (svg("<foreignObject/>"), "an SVG with HTML inside"),
        (svg('<metadata><i xmlns="http://www.w3.org/1999/xhtml"/></metadata>'), "an SVG with HTML inside"),
        (svg("<iframe/>"), "an SVG with iframe"),
        (svg('<image href="https://a.kz/1.png"/>'), "an SVG that refers to another file"),
        (svg('<use xlink:href="b.svg#a"/>'), "an SVG that refers to another file"),
        (svg('<image href="data:image/svg+xml,x"/>'), "an SVG that refers to another file"),
        (svg('<g fill="url(//a.kz/x.svg#p)"/>'), "an SVG that refers to another file"),
        (svg('<g xml:base="https://a.kz/"/>'), "an SVG that refers to another file"),
        (svg("<style>@im<!-- -->port 'x.css';</style>"), "an SVG that refers to another file"),
        (svg("<style>g{fill:u\\72l(https://a.kz/)}</style>"), "an SVG that refers to another file"),
        (svg(head='<?xml-stylesheet href="https://a.kz/x.css"?>'), "an SVG that refers to another file"),
        (svg("&a;", head='<!DOCTYPE svg [<!ENTITY a "b">]>'), "an SVG with declarations of its own"),
        (svg(MANY), "an SVG bomb"),
        (svg(CHAIN), "an SVG bomb"),
        (svg("<g>" * 300 + "</g>" * 300), "a broken SVG"),
        (svg()[:-9], "a broken SVG"),
        (svg(head='<?xml version="1.0" encoding="x-none"?>'), "a broken SVG"),
        (b"<svg><path d='M0 0'/></svg>", "not a picture but HTML or XML"),
        (b"<!-- x --><html><body><svg/></body></html>", "not a picture but HTML or XML"),
    ],
)
def test_an_svg_that_could_run_load_or_stall_is_refused_by_name(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def test_a_bomb_in_a_comment_is_refused() -> None:
    """A PNG may hold text that is compressed a thousandfold."""
    whole = saved(draw(), "PNG")
    data = b"Comment\0\0" + zlib.compress(b"0" * 100_000_000, 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    assert "broken" in refusal(whole[:33] + chunk + whole[33:])


def test_one_file_holds_a_picture_however_often_it_is_kept(tmp_path: Path) -> None:
    body = saved(draw(), "PNG")
    picture = read_image_file(body)
    assert keep_image_file(tmp_path, picture, body)
    assert not keep_image_file(tmp_path, picture, body)
    assert [path.name for path in tmp_path.iterdir()] == [picture.name]
    assert (tmp_path / picture.name).read_bytes() == body

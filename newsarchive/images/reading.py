"""What the bytes of an image file are, according to Pillow, or why they are refused."""

from __future__ import annotations

import hashlib
import re
import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from newsarchive.images.files import SVG, ImageFile, ImageRefused
from newsarchive.images.svg import SvgRefused, read_svg
from newsarchive.text.compression import GZIP

MOST_PIXELS = 64_000_000
"""More than any camera of a newspaper has; decoded, they take some 200 MB of a worker's memory."""

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_OTHERS = (
    (b"%PDF-", "a PDF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"\0\0\1\0", "an icon"),
    (GZIP, "a gzip file"),
    (b"PK\3\4", "a ZIP file"),
    (b"\x1a\x45\xdf\xa3", "a video"),
)
_BLANK = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_TURNED = (5, 6, 7, 8)
"""Values of EXIF's Orientation that turn an image on its side."""


def read_image_file(body: bytes, most_pixels: int = MOST_PIXELS) -> ImageFile:
    """Read an image; it is decoded completely, so that a broken one is found.

    Call it in a worker: third-party bytes have crashed decoders. The type is decided by the bytes, not by name or
    header. Raises ImageRefused.
    """
    if _is_svg(body):
        return _read_svg(body)
    _refuse_others(body)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd profile or comment harms no image
            with Image.open(BytesIO(body), formats=_FORMATS) as image:
                return _facts(body, image, most_pixels)
    except ImageRefused:
        raise
    except Image.DecompressionBombError as error:
        raise ImageRefused("a decompression bomb: far more pixels than any picture has") from error
    except UnidentifiedImageError as error:
        raise ImageRefused("no picture of a known kind") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, TypeError) as error:
        raise ImageRefused(f"a broken picture ({' '.join(str(error).split())[:80]})") from error


def _facts(body: bytes, image: Image.Image, most_pixels: int) -> ImageFile:
    width, height = image.size
    if width * height > most_pixels:
        raise ImageRefused(f"a decompression bomb: {width} by {height} pixels")
    if not width or not height:
        raise ImageRefused("a broken picture (without pixels)")
    kind = "image/" + str(image.format).lower()
    image.load()
    if image.getexif().get(0x0112) in _TURNED:
        width, height = height, width
    return ImageFile(
        sha256=hashlib.sha256(body).hexdigest(),
        bytes=len(body),
        width=width,
        height=height,
        type=kind,
        phash=difference_hash(image),
    )


def _is_svg(body: bytes) -> bool:
    plain = body[:65_536].replace(b"\0", b"").lstrip(_BLANK).lower()  # without zeros UTF-16 reads like ASCII
    return (
        plain.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg"))
        and re.search(rb"<(?:\w+:)?svg", plain) is not None
    )


def _read_svg(body: bytes) -> ImageFile:
    try:
        width, height = read_svg(body)
    except SvgRefused as error:
        raise ImageRefused(str(error)) from error
    sha256 = hashlib.sha256(body).hexdigest()
    return ImageFile(sha256=sha256, bytes=len(body), width=width, height=height, type=SVG, phash="")


def _refuse_others(body: bytes) -> None:
    """Refuse what is not an image or could run in a reader's browser, naming it."""
    start = body[:1024].lstrip(_BLANK).lower()
    if not body:
        raise ImageRefused("empty")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<!--", b"<script", b"<?xml", b"<?php")):
        raise ImageRefused("not a picture but HTML or XML")
    if start.startswith((b"{", b"[")):
        raise ImageRefused("not a picture but JSON")
    if body[4:12] in (b"ftypisom", b"ftypmp42", b"ftypqt  ", b"ftypheic"):
        raise ImageRefused("a video, or a picture that browsers do not show")
    for magic, name in _OTHERS:
        if body.startswith(magic):
            raise ImageRefused(f"not a picture that is kept but {name}")


def difference_hash(image: Image.Image) -> str:
    """Return a perceptual hash: 16 hexadecimal digits that differ in few of 64 bits for images that look alike.

    Each bit tells whether a pixel is brighter than the one to its right, in a grey image of 9 by 8 pixels. A library
    for this would depend on NumPy and SciPy.

    >>> difference_hash(Image.linear_gradient("L").rotate(90))
    '0000000000000000'
    >>> difference_hash(Image.linear_gradient("L").rotate(270))
    'ffffffffffffffff'
    """
    grey = image.convert("RGBA") if image.mode in ("P", "LA", "PA") else image
    if grey.mode == "RGBA":  # what shows through is white, as on a page
        grey = Image.alpha_composite(Image.new("RGBA", grey.size, "white"), grey)
    small = grey.convert("L").resize((144, 144), Image.Resampling.BOX)
    small.info = image.info
    turned = ImageOps.exif_transpose(small)
    spots = turned.resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (spots[row * 9 + column] > spots[row * 9 + column + 1] for row in range(8) for column in range(8))
    return f"{sum(bit << place for place, bit in enumerate(bits)):016x}"


def distance(one: str, other: str) -> int:
    """Return in how many of 64 bits two perceptual hashes differ; up to about ten, the images look alike.

    >>> distance("00000000000000ff", "000000000000000f")
    4
    """
    return (int(one, 16) ^ int(other, 16)).bit_count()

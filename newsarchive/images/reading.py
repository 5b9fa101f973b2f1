"""Pictures: what the bytes of one are, by Pillow, or why they are refused; where its file is kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from newsarchive.errors import NewsArchiveError
from newsarchive.images.svg import SvgRefused, read_svg
from newsarchive.text.compression import GZIP

MOST_PIXELS = 64_000_000
"""More than any camera of a newspaper gives; decoded they take some 200 MB of a worker's memory."""

SVG = "image/svg+xml"
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    SVG: "svg",
}
"""The media types that are kept, each with what the names of its files end in."""

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
"""Values of EXIF's Orientation that lay a picture on its side."""


class PictureRefused(NewsArchiveError):
    """The bytes are not kept as a picture; the message is a short phrase that the archive keeps beside the address."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Picture:
    """What a picture's file is: digest, size in bytes, width and height in pixels as shown, media type, hash.

    The hash is empty for an SVG, which has no pixels of its own.
    """

    sha256: str
    bytes: int
    width: int
    height: int
    type: str
    phash: str

    @property
    def name(self) -> str:
        """The name of its file in the archive's `images/`."""
        return f"{self.sha256}.{ENDINGS[self.type]}"


def read_picture(body: bytes, most_pixels: int = MOST_PIXELS) -> Picture:
    """What the bytes of a picture are; all of it is decoded, so that a broken one is found.

    To be called in a worker: the bytes are a stranger's, and decoders have died of less. The type is what the bytes
    are, whatever name or header they came with. Raises PictureRefused.
    """
    if _is_svg(body):
        return _read_svg(body)
    _refuse_others(body)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd profile or comment harms no picture
            with Image.open(BytesIO(body), formats=_FORMATS) as image:
                return _facts(body, image, most_pixels)
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise PictureRefused("a decompression bomb: far more pixels than any picture has") from error
    except UnidentifiedImageError as error:
        raise PictureRefused("no picture of a known kind") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, TypeError) as error:
        raise PictureRefused(f"a broken picture ({' '.join(str(error).split())[:80]})") from error


def _facts(body: bytes, image: Image.Image, most_pixels: int) -> Picture:
    width, height = image.size
    if width * height > most_pixels:
        raise PictureRefused(f"a decompression bomb: {width} by {height} pixels")
    if not width or not height:
        raise PictureRefused("a broken picture (without pixels)")
    kind = "image/" + str(image.format).lower()
    image.load()
    if image.getexif().get(0x0112) in _TURNED:
        width, height = height, width
    return Picture(
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


def _read_svg(body: bytes) -> Picture:
    try:
        width, height = read_svg(body)
    except SvgRefused as error:
        raise PictureRefused(str(error)) from error
    sha256 = hashlib.sha256(body).hexdigest()
    return Picture(sha256=sha256, bytes=len(body), width=width, height=height, type=SVG, phash="")


def _refuse_others(body: bytes) -> None:
    """Refuse by name what is no picture, or may run in a reader's browser."""
    start = body[:1024].lstrip(_BLANK).lower()
    if not body:
        raise PictureRefused("empty")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<!--", b"<script", b"<?xml", b"<?php")):
        raise PictureRefused("not a picture but HTML or XML")
    if start.startswith((b"{", b"[")):
        raise PictureRefused("not a picture but JSON")
    if body[4:12] in (b"ftypisom", b"ftypmp42", b"ftypqt  ", b"ftypheic"):
        raise PictureRefused("a video, or a picture that browsers do not show")
    for magic, name in _OTHERS:
        if body.startswith(magic):
            raise PictureRefused(f"not a picture that is kept but {name}")


def difference_hash(image: Image.Image) -> str:
    """A perceptual hash: 16 hexadecimal digits that differ in few of 64 bits for pictures that look alike.

    Each bit tells whether a spot is brighter than the one to its right, in a picture of 9 by 8 grey spots. A library
    for it would bring NumPy and SciPy along.

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
    """In how many of 64 bits two perceptual hashes differ; up to about ten the pictures look alike.

    >>> distance("00000000000000ff", "000000000000000f")
    4
    """
    return (int(one, 16) ^ int(other, 16)).bit_count()


def keep_picture(folder: Path, picture: Picture, body: bytes) -> bool:
    """Write a picture's file into `folder` (the archive's images/), in one step; gives whether it was not there yet.

    A file that is there but has other bytes was damaged, and is written again.
    """
    path = folder / picture.name
    if path.exists() and path.read_bytes() == body:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    while not _write_draft(folder / f".{picture.name}.{os.getpid()}", path, body):
        pass  # it was cleared away before it was locked
    return True


def _write_draft(draft: Path, path: Path, body: bytes) -> bool:
    """Write a file under a draft's name, locked while it is written, and give it its name; False where it vanished."""
    with open(draft, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
        try:
            os.replace(draft, path)
        except FileNotFoundError:
            return False
    return True


def clear_drafts(folder: Path) -> None:
    """Delete the drafts of pictures in `folder` (the archive's images/) that killed runs left, and no others."""
    for draft in folder.glob(".*"):
        with suppress(FileNotFoundError, IsADirectoryError, BlockingIOError), open(draft, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()

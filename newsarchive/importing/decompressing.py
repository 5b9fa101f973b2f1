"""Whole files decompressed, as far as that is possible: gzip, and zstd with ArchiveTeam's dictionary."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from newsarchive.importing.framing import find, skip_padding
from newsarchive.text.compression import ZSTD, gunzip_stream

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP = 1 << 20
_PIECE = 1 << 14
"""Bytes that gzip can decompress to no more than 17 MB at once."""
_LARGEST_DICTIONARY = 1 << 27
_ZSTD_FRAME = re.compile(re.escape(ZSTD))


def gunzip(path: Path, name: str, broken: list[str]) -> Iterator[bytes]:
    """Decompress a gzip file as far as that is possible, also the member in which it ends; name damage in `broken`."""
    decoder, ends_within = gunzip_stream(), False
    with open(path, "rb") as source:
        while data := source.read(_PIECE):
            while data := data if ends_within else data.lstrip(b"\0"):
                before, ends_within = decoder.copy(), True
                try:
                    yield decoder.decompress(data)
                except zlib.error as error:
                    yield from _before_damage(before, data)
                    broken.append(f"{name} is damaged ({error}); what stands before is read")
                    return
                data = b""
                if decoder.eof:
                    data, decoder, ends_within = decoder.unused_data, gunzip_stream(), False
    if ends_within:
        broken.append(f"{name} ends within its compressed data; what stands before is read")


def unzstd(path: Path, name: str, broken: list[str]) -> Iterator[bytes]:
    """Decompress a zstd file frame by frame; a damaged frame is named in `broken` and costs no other."""
    with open(path, "rb") as file:
        dictionary = _dictionary(file)
        start = skip_padding(file, file.tell())
        while start is not None:
            end = yield from _frame(file, start, dictionary)
            if end is None:
                end = find(file, start + 1, _ZSTD_FRAME)
                broken.append(f"{name} is damaged: bytes {start:,} to {end - 1:,} cannot be decompressed")
            start = skip_padding(file, end)


def _before_damage(decoder: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Decompress data byte by byte until it is damaged: zlib gives nothing of a piece in which damage is."""
    for number in range(len(data)):
        try:
            yield decoder.decompress(data[number : number + 1])
        except zlib.error:
            return


def _frame(file: BinaryIO, start: int, dictionary: zstd.ZstdDict | None) -> Generator[bytes, None, int | None]:
    """Decompress the frame at an offset. Returns where it ends; None if it is damaged or not complete."""
    file.seek(start)
    try:
        decoder = zstd.ZstdDecompressor(zstd_dict=dictionary)
        while not decoder.eof:
            data = file.read(_STEP) if decoder.needs_input else b""
            if decoder.needs_input and not data:
                return None
            yield decoder.decompress(data, _STEP)
    except zstd.ZstdError:
        return None
    return file.tell() - len(decoder.unused_data)


def _dictionary(file: BinaryIO) -> zstd.ZstdDict | None:
    """Read the dictionary that the first frame may hold, as that of ArchiveTeam's recordings does.

    See <https://iipc.github.io/warc-specifications/specifications/warc-zstd/>. Without one, the file is left at its
    begin.
    """
    if file.read(4) == b"\x5d\x2a\x4d\x18":
        content = file.read(min(int.from_bytes(file.read(4), "little"), _LARGEST_DICTIONARY))
        with suppress(zstd.ZstdError, ValueError):
            if content.startswith(ZSTD):
                content = zstd.ZstdDecompressor().decompress(content, _LARGEST_DICTIONARY)
            return zstd.ZstdDict(content, is_raw=not content.startswith(b"\x37\xa4\x30\xec"))
    file.seek(0)
    return None

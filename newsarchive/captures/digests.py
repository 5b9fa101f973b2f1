"""Digests in records: the same value, however it is written."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

_SIZES = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
"""Bytes of the digests of each algorithm that recorders use."""


def payload_digest(body: bytes) -> str:
    """Return a payload's digest as our WARC records have it.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"


def digest_value(labelled: str) -> tuple[str, bytes] | None:
    """Return algorithm and value of a labelled digest in hexadecimal, Base32 or Base64; None if it is not one of those.

    >>> digest_value("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ") == digest_value("SHA-1:" + hashlib.sha1().hexdigest())
    True
    >>> digest_value("blake3:ABCDEF234567"), digest_value("")
    (None, None)
    """
    label, colon, value = labelled.strip().partition(":")
    if not colon:  # ARC files, and the programs that converted them
        label, value = "sha1", label
    name = re.sub(r"[-_/]", "", label.strip().lower())
    size = _SIZES.get(name)
    if size is None:
        return None
    value = value.strip()
    return next(((name, plain) for plain in _readings(value) if len(plain) == size), None)


def _readings(value: str) -> Iterator[bytes]:
    bare = value.rstrip("=")
    for read, text in (
        (bytes.fromhex, value),
        (base64.b32decode, bare.upper() + "=" * (-len(bare) % 8)),
        (base64.urlsafe_b64decode, bare.replace("+", "-").replace("/", "_") + "=" * (-len(bare) % 4)),
    ):
        try:
            yield read(text)
        except (ValueError, binascii.Error):
            continue


def matches(labelled: str, data: bytes) -> bool | None:
    """Whether bytes have a labelled digest; None if its algorithm or form is unknown.

    >>> matches("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b""), matches("blake3:AAAA", b"")
    (True, None)
    """
    known = digest_value(labelled)
    return None if known is None else hashlib.new(known[0], data, usedforsecurity=False).digest() == known[1]


def digests_of(data: bytes, algorithms: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the digests of data by each of the algorithms, in the form of `digest_value`."""
    for name in sorted(algorithms):
        yield name, hashlib.new(name, data, usedforsecurity=False).digest()

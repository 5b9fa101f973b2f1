"""Recordings damaged at random: nothing fails, and every record before and after the damage is read.

    python -m tests.recording_trial [5000 [SEED]]

Each round writes some records as WARC or ARC, plain or compressed, damages some bytes and reads the file as an import
does. A round that takes longer than LONGEST seconds of processor time fails; the memory of all rounds is printed.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import resource
import sys
import tempfile
import time
from base64 import b32encode
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from newsarchive.captures.records import Damage, RecordError
from newsarchive.importing.payloads import read_page
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.unpacking import RecordingError, Unpacker, zstd

LONGEST = 5.0
_WORDS = ["қала", "көше", "жаңбыр", "тұрғын", "өзен", "көпір", "дала", "жол", "мектеп", "кітап"]


def _page(rng: random.Random, number: int) -> bytes:
    text = " ".join(rng.choices(_WORDS, k=rng.randint(20, 400)))
    return f"<!doctype html><html><head><title>{number}</title></head><body><p>{text}</p></body></html>".encode()


def _block(rng: random.Random, number: int) -> bytes:
    body = _page(rng, number)
    length = f"\r\nContent-Length: {len(body)}" if rng.random() < 0.5 else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8{length}\r\n\r\n"
    return head.encode() + body


def _warc(rng: random.Random, number: int) -> tuple[bytes, bytes]:
    block = _block(rng, number)
    digest = b32encode(hashlib.sha1(block).digest()).decode()
    fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012}>",
        "WARC-Date": f"2024-03-06T01:02:{number:02}Z",
        "WARC-Target-URI": f"https://tan.example/{number}/",
        "Content-Type": "application/http; msgtype=response",
        **({"WARC-Block-Digest": f"sha1:{digest}"} if rng.random() < 0.5 else {}),
        "Content-Length": str(len(block)),
    }
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n", block


def _arc(rng: random.Random, number: int) -> tuple[bytes, bytes]:
    block = _block(rng, number)
    head = f"https://tan.example/{number}/ 192.0.2.1 202403060102{number:02} text/html {len(block)}\n"
    return head.encode() + block + b"\n", block


_ARC_BEGIN = b"filedesc://a.arc 0.0.0.0 20240306010200 text/plain 20\n1 0 A\nURL IP-address\n"


def _with_garbage(rng: random.Random, data: bytes, at: int, end: int) -> bytes:
    return data[:at] + rng.randbytes(end - at) + data[at:]


DAMAGES: dict[str, Callable[[random.Random, bytes, int, int], bytes]] = {
    "bit": lambda rng, data, at, end: data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :],
    "overwritten": lambda rng, data, at, end: data[:at] + rng.randbytes(end - at) + data[end:],
    "zeros": lambda rng, data, at, end: data[:at] + bytes(end - at) + data[end:],
    "removed": lambda rng, data, at, end: data[:at] + data[end:],
    "inserted": _with_garbage,
    "repeated": lambda rng, data, at, end: data[:end] + data[at:end] + data[end:],
    "cut off": lambda rng, data, at, end: data[:at],
}
FORMS = ("WARC", "WARC gzip", "WARC zstd", "ARC", "ARC gzip")


def damaged_recording(rng: random.Random) -> tuple[str, bytes, list[bytes]]:
    """Return what was done, a recording damaged in one place, and the blocks of the records that are whole in it."""
    form, kind = rng.choice(FORMS), rng.choice(list(DAMAGES))
    make = _arc if form.startswith("ARC") else _warc
    made = [make(rng, number) for number in range(rng.randint(2, 8))]
    if form.startswith("ARC"):
        made.insert(0, (_ARC_BEGIN, b""))
    pack = gzip.compress if form.endswith("gzip") else zstd.compress if form.endswith("zstd") else bytes
    parts = [(pack(data), block) for data, block in made]
    whole = b"".join(data for data, _ in parts)
    at = rng.randrange(len(whole))
    end = min(len(whole), at + rng.choice((1, 2, 9, 100, 3_000)))
    last = len(whole) if kind == "cut off" else at + 1 if kind in ("bit", "inserted") else end
    first = at - 1 if kind == "inserted" else at  # what stands right before may become part of it
    begin, intact = 0, []
    for data, block in parts:
        if block and (begin + len(data) <= first or begin >= last):
            intact.append(block)
        begin += len(data)
    return f"{form}, {kind} at {at} to {end} of {len(whole)}", DAMAGES[kind](rng, whole, at, end), intact


def read_all(path: Path, folder: Path) -> list[bytes]:
    """Read a recording as an import does; return the blocks of its records."""
    broken: list[str] = []
    try:
        files = list(Unpacker(folder, broken).files_in(path))
    except RecordingError:
        return []
    blocks = [record.block for file in files for _, record in file.records() if not isinstance(record, Damage)]
    for place in find_recordings(iter(files), broken).pages:
        try:
            read_page(place)
        except RecordError:
            raise AssertionError("a page was found that cannot be read") from None
    return blocks


def check_round(seed: int) -> str:
    """Try one recording. Raises AssertionError with what was done, and whatever else reading it raises."""
    done, data, intact = damaged_recording(random.Random(seed))
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc"
        path.write_bytes(data)
        lost = Counter(intact) - Counter(read_all(path, Path(folder)))
    assert not lost, f"seed {seed}: {done}: {lost.total()} of {len(intact)} whole records were not read"
    assert time.process_time() - start < LONGEST, f"seed {seed}: {done}: took too long"
    return done


def main() -> int:
    """Try many rounds; print what failed."""
    given = [int(word) for word in sys.argv[1:3]]
    rounds, first = given[0] if given else 5000, given[1] if len(given) > 1 else 0
    failed: list[str] = []
    kinds: Counter[str] = Counter()
    for seed in range(first, first + rounds):
        try:
            kinds[check_round(seed).partition(" at ")[0]] += 1
        except Exception as error:  # noqa: BLE001  each is printed
            failed.append(f"{type(error).__name__}: {error}")
            print(failed[-1])
    for kind, count in sorted(kinds.items()):
        print(f"{count:5}  {kind}")
    print(f"{len(failed)} of {rounds} failed; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB of memory")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

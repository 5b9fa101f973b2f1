"""Canonical JSON Lines: the same bytes of the same recordings, however often and in whatever order they came."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from newsarchive.database import lock_archive, open_archive
from newsarchive.export import export
from newsarchive.importing.pages import import_files
from tests.test_importing import answers_recorded, page

Canonical = Callable[..., bytes]
MEDIA = "text/html; charset=utf-8"


def story(name: str, text: str, modified: str = "") -> tuple[str, bytes]:
    url = f"https://tan.example/{name}/"
    stated = f'<meta property="article:modified_time" content="{modified}"></head>' if modified else "</head>"
    body = page(text).replace(b"zhanbyr", name.encode()).replace(b"</head>", stated.encode())
    return url, body.replace("<h1>Жаңбыр".encode(), f"<h1>{name}".encode())


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """Seven files: edits, a page that came back to what it was, a change that only a stamp states, other sites."""
    day = "2020-01-0{}T08:00:00Z".format
    files = [
        [(story("su", "Бір"), 1), (story("zher", "Жер"), 1)],
        [(story("su", "Екі"), 2), (story("ot", "От", "2020-01-02T07:00:00Z"), 2)],
        [(story("su", "Бір"), 3)],
        [(story("zher", "Жер"), 4), (story("su", "Үш"), 4)],
        [(story("ot", "От", "2020-01-05T07:00:00Z"), 5)],
        [(story("ot", "От жаңа"), 6), (("https://other.example/a/", story("a", "Басқа")[1]), 6)],
        [(story("su", "Бір"), 1)],  # recorded twice
    ]
    return [
        answers_recorded(
            tmp_path / f"{number}.warc.gz", *((url, day(time), body) for (url, body), time in pages), media=MEDIA
        )
        for number, pages in enumerate(files)
    ]


@pytest.fixture
def canonical(tmp_path: Path, newsarchive: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Canonical:
    """Import files, each list of them in a run of its own, into a new archive, and export what they gave."""

    def run(*batches: Sequence[Path], seed: str = "", before: Sequence[str] = ()) -> bytes:
        folder = tmp_path / f"archive{len(list(tmp_path.iterdir()))}"
        archive = ("--archive", str(folder))
        with monkeypatch.context() as patch:
            if seed:  # of the order of sets
                patch.setenv("PYTHONHASHSEED", seed)
            for batch in batches:
                newsarchive(*archive, "import", "--any-site", *map(str, batch))
            if before:
                newsarchive(*archive, *before)
            newsarchive(*archive, "export", "--canonical", "--site", "tan.example", "-o", str(folder / "out.jsonl"))
        return (folder / "out.jsonl").read_bytes()

    return run


def test_the_same_recordings_give_the_same_bytes_in_any_order_and_number(
    canonical: Canonical, recordings: list[Path]
) -> None:
    files = recordings[:-1]
    first = canonical(files)
    assert canonical(list(reversed(recordings)), seed="7") == first
    assert canonical(*([path] for path in reversed(recordings)), files[:1]) == first


def test_a_line_tells_what_was_published_and_recorded_and_nothing_of_the_archive(
    canonical: Canonical, recordings: list[Path]
) -> None:
    lines = [json.loads(line) for line in canonical(recordings).splitlines()]
    assert [line["url"].rsplit("/", 2)[1] for line in lines] == ["ot", "su", "zher"]
    fire, water, _ = lines
    assert not {"id", "first_seen", "last_seen", "warc", "warc_offset", "run"} & set(water)
    assert [capture["time"][9:10] for capture in water["captures"]] == ["1", "2", "3", "4"]
    assert len(set(water["revisions"])) == 3
    assert water["revisions"][0] == water["revisions"][2]
    assert water["revisions"][-1] == water["digest"]
    assert len(fire["revisions"]) == 2


def test_an_article_under_an_embargo_is_in_no_line(canonical: Canonical, recordings: list[Path]) -> None:
    hidden = ["embargo", "https://tan.example/su/", "--until", "2999-01-01", "--reason", "court"]
    lines = canonical(recordings, before=hidden).decode()
    assert "tan.example/zher" in lines
    assert "tan.example/su" not in lines


def orders(pages: Sequence[tuple[str, str, str]], path: Path, seed: int, count: int) -> set[bytes]:
    """What pages of one address (text, time, time of change) give when they are imported in random orders."""
    chance, found = Random(seed), set()
    for number in range(count):
        folder = path / f"{seed}-{number}"
        order = chance.sample(range(len(pages)), len(pages))
        db = open_archive(folder)
        for place in order:
            text, second, modified = pages[place]
            url, body = story("su", text, f"2020-01-01T{modified}Z")
            file = answers_recorded(path / f"{seed}-{place}.warc.gz", (url, f"2020-01-01T{second}Z", body), media=MEDIA)
            with lock_archive(folder):
                import_files(folder, db, [file], sites={}, any_site=True)
        export(db, folder / "out.jsonl", format="jsonl", canonical=True)
        found.add((folder / "out.jsonl").read_bytes())
        db.close()
    return found


A, B, C = "Бір", "Екі", "Үш"


@pytest.mark.parametrize(
    "pages",
    [
        # seen again after an edit that is imported last, before another edit
        [(A, "01:00:00", "01:00:00"), (B, "02:00:00", "02:00:00"), (A, "03:00:00", "03:00:00"), (C, "04:00:00", "04:00:00")],
        # the same, and again after that
        [(A, "01:00:00", "01:00:00"), (B, "02:00:00", "02:00:00"), (A, "03:00:00", "01:00:00"), (C, "03:30:00", "01:00:00"),
         (A, "04:00:00", "04:00:00")],
        # two contents in one second, and one content of two pages in one second
        [(A, "01:00:00", "01:00:00"), (B, "01:00:00", "02:00:00"), (A, "01:00:00", "03:00:00")],
    ],
)  # fmt: skip
def test_recordings_of_one_page_give_the_same_bytes_in_every_order(
    pages: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert len(orders(pages, tmp_path, 3, 4)) == 1


CLAIMS = {
    "one claims the other": [("a", "Бір", "b"), ("b", "Екі", "b")],
    "each claims the other": [("a", "Бір", "b"), ("b", "Екі", "a")],
    "both claim a third": [("a", "Бір", "c"), ("b", "Екі", "c")],
    "one claims another later": [("a", "Бір", "a"), ("a", "Бір", "b"), ("b", "Бір", "b")],
}


@pytest.mark.parametrize("pages", CLAIMS.values(), ids=CLAIMS)
def test_pages_that_claim_an_address_give_the_same_bytes_in_every_order(
    pages: Sequence[tuple[str, str, str]], tmp_path: Path
) -> None:
    files = []
    for day, (name, text, claimed) in enumerate(pages, 1):
        url, body = story(name, text)
        link = f'<link rel="canonical" href="https://tan.example/{claimed}/"></head>'.encode()
        answer = (url, f"2020-01-0{day}T01:00:00Z", body.replace(b"</head>", link))
        files.append(answers_recorded(tmp_path / f"{day}.warc.gz", answer, media=MEDIA))
    found = set()
    for number, batches in enumerate(([files], [[file] for file in files], [[file] for file in files[::-1]])):
        folder = tmp_path / f"archive{number}"
        db = open_archive(folder)
        for batch in batches:
            with lock_archive(folder):
                import_files(folder, db, batch, sites={}, any_site=True)
        export(db, folder / "out.jsonl", format="jsonl", canonical=True)
        found.add((folder / "out.jsonl").read_bytes())
        db.close()
    assert len(found) == 1
    assert found != {b""}

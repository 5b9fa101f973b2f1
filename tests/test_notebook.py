"""The notebook: notes hold on to their passages, keep nothing that is withheld, and survive what happens to files."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from newsarchive.backup import make_backup, restore_backup
from newsarchive.cli import cli
from newsarchive.database import lock_archive, open_archive, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.export import ExportError, export
from newsarchive.items import Article
from newsarchive.notebook import Collection, Note, Passage, SavedSearch, has_notes, open_notebook
from newsarchive.notebook.anchoring import find_changed, find_passage, passage_at, text_of
from newsarchive.notebook.exchange import Content, import_content, read_content, to_publish, veiled
from newsarchive.notebook.files import NotebookFileError, read_file, write_file
from newsarchive.notebook.standing import Fate, Standing, follow, standing_of
from newsarchive.notebook.storing import (
    collect,
    find_note,
    list_notes,
    new_uuid,
    save_collection,
    save_note,
    save_search,
)
from newsarchive.notebook.withholding import purge_quotations
from newsarchive.takedown import forget
from tests.test_browse import TAN, make_article, store
from tests.test_withheld import NEXT_YEAR

BODY = "Нұра өзені тасып, екі үйді су басты.\n\nТұрғындар көшірілді. Мектеп жабылды. Көпір қирады."
FLOOD = make_article("flood", "Өзен тасыды", BODY)
QUOTED = "екі үйді су басты"


@dataclass
class Desk:
    """An archive with an article and a note on a passage of it."""

    folder: Path
    db: Database
    article: int
    note: Note


def note_on(article: Article, quotation: str, **fields: Any) -> Note:
    text = text_of({"title": article.title, "lead": article.lead, "body": article.body})
    start = text.index(quotation)
    passage = passage_at(text, start, start + len(quotation))
    values: dict[str, Any] = {"words": "Екі үй ме?", "seen": "2025-03-01T02:00:00Z", "tags": ("су",), **fields}
    return Note(uuid=new_uuid(), url=article.url, site=article.site, passage=passage, **values)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "archive"
    db = open_archive(folder)
    save_site(db, TAN)
    article = store(db, FLOOD, TAN)
    store(db, make_article("school", "Мектеп", "Жаңа мектеп ашылды."), TAN)
    note = note_on(FLOOD, QUOTED)
    with open_notebook(folder, write=True) as book:
        save_note(book, note)
        note = list_notes(book)[0]
    yield Desk(folder, db, article, note)
    db.close()


def run(desk: Desk, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(cli, ["--archive", str(desk.folder), *arguments], **options)


@pytest.mark.parametrize(
    ("text", "passage", "found"),
    [
        ("бір екі үш екі", Passage(quotation="екі", start=11), "екі"),
        ("а су. б су. в су.", Passage(quotation="су", before="б ", after=". в", start=0), "су"),
        ("Ол «су\u00a0келді» деді", Passage(quotation='"су келді"'), "«су\u00a0келді»"),
        ("үй\u00adлер  тұр", Passage(quotation="үйлер тұр"), "үй\u00adлер  тұр"),
        ("бір\n\nекі", Passage(quotation="бір екі"), "бір\n\nекі"),
        ("бір", Passage(quotation="екі"), None),
        ("бір", Passage(quotation="  "), None),
        ("", Passage(quotation="\u00ad"), None),
        ("🙂 су", Passage(quotation="🙂 су"), "🙂 су"),
    ],
)
def test_a_passage_is_found_by_its_words(text: str, passage: Passage, found: str | None) -> None:
    place = find_passage(text, passage)
    assert (text[slice(*place)] if place else None) == found


def test_of_several_places_the_one_with_the_same_surroundings_is_taken() -> None:
    text = "а су. б су. в су."
    assert find_passage(text, Passage(quotation="су", before="б ", after=". в", start=0)) == (8, 10)
    assert find_passage(text, Passage(quotation="су", start=14)) == (14, 16)


@pytest.mark.parametrize(
    ("old", "quotation", "new", "found"),
    [
        (BODY, QUOTED, BODY.replace("екі үйді", "бес үйді"), "бес үйді су басты"),
        (BODY, "Мектеп жабылды.", BODY.replace("Мектеп жабылды", "Бүкіл мектеп жабылды"), "Бүкіл мектеп жабылды."),
        (BODY, "Мектеп жабылды.", "Басқа мәтін.", None),
        (BODY, BODY, BODY.replace("екі", "бес"), BODY.replace("екі", "бес")),
    ],
)
def test_a_changed_passage_is_found(old: str, quotation: str, new: str, found: str | None) -> None:
    start = old.index(quotation)
    place = find_changed(new, passage_at(old, start, start + len(quotation)))
    assert (new[slice(*place)] if place else None) == found


def test_a_note_tells_when_the_newspaper_changed_or_removed_its_passage(desk: Desk) -> None:
    assert follow(desk.db, desk.note, desk.article).fate is Fate.SAME
    moved = replace(FLOOD, body="Жаңа бірінші абзац.\n\n" + BODY)
    store(desk.db, moved, TAN, "2025-03-02T02:00:00Z")
    anchor = follow(desk.db, desk.note, desk.article)
    assert (anchor.fate, anchor.text) == (Fate.SAME, QUOTED), "an edit elsewhere moves it only"
    store(desk.db, replace(moved, body=moved.body.replace("екі", "бес")), TAN, "2025-03-03T02:00:00Z")
    anchor = follow(desk.db, desk.note, desk.article)
    assert (anchor.fate, anchor.text, anchor.time) == (Fate.CHANGED, "бес үйді су басты", "2025-03-03T02:00:00Z")
    assert (anchor.previous, anchor.revision) == (2, 3)
    store(desk.db, replace(moved, body="Басқа мәтін."), TAN, "2025-03-04T02:00:00Z")
    assert follow(desk.db, desk.note, desk.article).fate is Fate.REMOVED
    store(desk.db, moved, TAN, "2025-03-05T02:00:00Z")
    assert follow(desk.db, desk.note, desk.article).fate is Fate.SAME, "it is back"


def test_a_note_survives_another_extraction_and_knows_it_from_an_edit(desk: Desk) -> None:
    other = BODY.replace("екі үйді су", "екі\u00a0үйді\n\nсу")
    with desk.db.atomic():
        desk.db.conn.execute("update articles set body = ? where id = ?", (other, desk.article))
    assert follow(desk.db, desk.note, desk.article).fate is Fate.SAME
    store(desk.db, replace(FLOOD, body="Тұрғындар көшірілді."), TAN, "2025-03-02T02:00:00Z")
    with desk.db.atomic():
        desk.db.conn.execute("update revisions set kind = 'reextracted' where number = 2")
    assert follow(desk.db, desk.note, desk.article).fate is Fate.REREAD


def test_a_note_on_a_whole_article_tells_of_edits_since(desk: Desk) -> None:
    note = replace(desk.note, passage=Passage())
    assert follow(desk.db, note, desk.article).fate is Fate.SAME
    store(desk.db, replace(FLOOD, title="Нұра тасыды"), TAN, "2025-03-02T02:00:00Z")
    anchor = follow(desk.db, note, desk.article)
    assert (anchor.fate, anchor.previous, anchor.revision) == (Fate.EDITED, 1, 2)


def filled(desk: Desk) -> Content:
    """The notebook with a collection and a search too."""
    group = Collection(uuid=new_uuid(), name="Су; тасқыны", about="Екі\nжол")
    with open_notebook(desk.folder, write=True) as book:
        save_collection(book, group)
        for url in (FLOOD.url, "https://tan.example/school/"):
            collect(book, group.uuid, url)
        save_search(book, SavedSearch(uuid=new_uuid(), name="Үй", query="q=%D2%AF%D0%B9&site=tan"))
        save_note(book, Note(uuid=new_uuid(), url=FLOOD.url, site="tan", words='=1+1\n"тырнақша"', tags=("a", "b")))
        return read_content(book)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_exported_notebook_comes_back_whole(desk: Desk, tmp_path: Path, form: str) -> None:
    content = filled(desk)
    data = write_file(to_publish(desk.db, content), form).encode()
    found, skipped = read_file(data)
    assert skipped == 0
    with open_notebook(tmp_path, write=True) as book:
        assert vars(import_content(desk.db, book, found)) == {"new": 4, "changed": 0, "same": 0, "skipped": 0}
        came = read_content(book)
        assert import_content(desk.db, book, found).new == 0, "and a second time changes nothing"
        assert read_content(book) == came
    assert sorted(came.notes, key=lambda note: note.uuid) == sorted(content.notes, key=lambda note: note.uuid)
    assert came.searches == content.searches
    assert [(g.name, g.about, dict(g.articles)) for g in came.collections] == [
        (g.name, g.about, dict(g.articles)) for g in content.collections
    ]


def test_json_is_of_the_web_annotation_data_model(desk: Desk) -> None:
    data = json.loads(write_file(to_publish(desk.db, filled(desk)), "json"))
    assert data["@context"] == "http://www.w3.org/ns/anno.jsonld"
    assert data["type"] == "AnnotationCollection"
    items = data["first"]["items"]
    assert data["total"] == len(items)
    for item in items:
        assert item["type"] == "Annotation"
        assert item["id"].startswith("urn:")
        assert item["target"]
    (note,) = (item for item in items if item["target"].get("selector"))
    assert note["target"]["source"] == FLOOD.url
    assert note["motivation"] == "commenting"
    quoted, position = note["target"]["selector"]
    assert (quoted["type"], quoted["exact"]) == ("TextQuoteSelector", QUOTED)
    text = text_of({"title": FLOOD.title, "lead": "", "body": BODY})
    assert (position["type"], text[position["start"] : position["end"]]) == ("TextPositionSelector", QUOTED)
    assert [body["purpose"] for body in note["body"]] == ["commenting", "tagging"]


def test_annotations_of_other_programs_are_read(desk: Desk) -> None:
    hypothesis = {
        "id": "abc", "created": "2024-05-01T10:00:00.123456+00:00", "updated": "x",
        "target": [{"source": FLOOD.url, "selector": [{"type": "RangeSelector", "startOffset": 1},
                    {"type": "TextQuoteSelector", "exact": QUOTED, "prefix": "п", "suffix": "."}]}],
        "body": "Жай сөз",
    }  # fmt: skip
    broken = [None, 1, {}, {"id": "x"}, {"id": 5, "target": "a"}, {"id": "y", "target": {"source": 7}}, [],
              {"id": "z", "target": {"source": "u", "selector": ["x"]}}, {"id": "", "target": "u"}]  # fmt: skip
    found, skipped = read_file(json.dumps([hypothesis, *broken]).encode())
    assert (len(found.notes), skipped) == (1, len(broken))
    with open_notebook(desk.folder, write=True) as book:
        import_content(desk.db, book, found)
        note = next(note for note in list_notes(book) if note.words == "Жай сөз")
    assert note.created == "2024-05-01T10:00:00Z"
    assert follow(desk.db, note, desk.article).fate is Fate.SAME


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[", b"\xff", b"{}", b"a,b\n1,2\n", b"[" * 100_000, b'{"first": {"first": 1}}', b"\x00"]
)
def test_what_is_no_notebook_is_refused_in_a_sentence(desk: Desk, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotebookFileError):
        read_file(data)
    (tmp_path / "file").write_bytes(data)
    done = run(desk, "notes", "import", str(tmp_path / "file"))
    assert (done.exit_code, "Traceback" in done.output) == (2, False)


def test_the_newer_of_two_versions_stays(desk: Desk) -> None:
    older = replace(desk.note, words="ескі", modified="2020-01-01T00:00:00Z")
    newer = replace(desk.note, words="жаңа", modified="2999-01-01T00:00:00Z")
    for version, words in ((older, desk.note.words), (newer, "жаңа"), (older, "жаңа")):
        with open_notebook(desk.folder, write=True) as book:
            import_content(desk.db, book, Content(notes=[version]))
            found = find_note(book, desk.note.uuid)
        assert getattr(found, "words", None) == words


def quoting(desk: Desk) -> list[str]:
    """Where the quotation still is, by all that gives out notes."""
    places = {
        "list": run(desk, "notes", "list").output,
        "list --json": run(desk, "notes", "list", "--json").output,
        "json": run(desk, "notes", "export").output,
        "csv": run(desk, "notes", "export", "--format", "csv").output,
    }
    return [name for name, text in places.items() if QUOTED in text]


def test_a_note_under_an_embargo_keeps_its_words_and_shows_no_quotation_until_it_ends(desk: Desk) -> None:
    filled(desk)
    assert len(quoting(desk)) == 4
    embargo_article(desk.db, desk.article, until=NEXT_YEAR)
    assert standing_of(desk.db, FLOOD.url)[0] is Standing.EMBARGOED
    assert quoting(desk) == []
    exported = run(desk, "notes", "export").output
    assert desk.note.words in exported
    assert FLOOD.url not in exported + run(desk, "notes", "export", "--format", "csv").output
    assert veiled(FLOOD.url) in exported
    content, _ = read_file(exported.encode())
    with open_notebook(desk.folder, write=True) as book:  # coming back, it costs nothing that is there
        changed = [replace(note, modified="2999-01-01T00:00:00Z") for note in content.notes]
        import_content(desk.db, book, replace(content, notes=changed))
        found = find_note(book, desk.note.uuid)
    assert found
    assert (found.url, found.passage) == (FLOOD.url, desk.note.passage)
    with desk.db.atomic():
        desk.db.conn.execute("update embargoes set lifted = since")
    assert len(quoting(desk)) == 4


def take_down(desk: Desk) -> None:
    with lock_archive(desk.folder):
        assert forget(desk.db, desk.folder, article=desk.article, site="tan", url=FLOOD.url, reason="x").clean


def in_files(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_note_on_a_taken_down_article_keeps_its_words_and_loses_the_quotation_from_the_file_too(desk: Desk) -> None:
    exported = run(desk, "notes", "export").output
    with open_notebook(desk.folder, write=True) as book:
        for number in range(50):
            save_note(book, note_on(FLOOD, QUOTED, words=f"{number} " * 500))
    assert "notes.db" in in_files(desk.folder, QUOTED)
    take_down(desk)
    assert in_files(desk.folder, QUOTED) == []
    assert in_files(desk.folder, desk.note.passage.after.strip()[:20]) == []
    assert quoting(desk) == []
    assert "Екі үй ме?" in run(desk, "notes", "list").output
    assert FLOOD.url in run(desk, "notes", "list").output, "which the record of the takedown keeps too"
    done = run(desk, "notes", "import", "-", input=exported)
    assert done.exit_code == 0
    assert in_files(desk.folder, QUOTED) == [], "an old export does not bring it back"


def test_a_takedown_that_was_killed_before_it_reached_the_notes_is_finished_by_the_next_run(desk: Desk) -> None:
    copy = (desk.folder / "notes.db").read_bytes()
    take_down(desk)
    (desk.folder / "notes.db").write_bytes(copy)
    assert quoting(desk) == [], "until then nothing shows it"
    desk.db.close()
    assert run(desk, "crawl", "tan").exit_code in (0, 1, 2)
    with lock_archive(desk.folder), closing(open_archive(desk.folder)) as db:
        assert purge_quotations(db, desk.folder) in (0, 1)
    assert in_files(desk.folder, QUOTED) == []


def test_forget_says_when_it_cannot_clear_the_notes(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "notes.db")) as connection:
        connection.execute("pragma user_version = 99")
    done = run(desk, "forget", str(desk.article), "--reason", "x", "--yes")
    assert done.exit_code == 1
    assert "newer version" in done.stderr
    assert "run forget again" in done.stderr


@pytest.mark.parametrize("command", [["list"], ["export"], ["import", "-"]])
@pytest.mark.parametrize(
    ("damage", "words"),
    [("newer", "newer version"), ("other", "another program"), ("broken", "is damaged")],
)
def test_a_notebook_that_is_not_ours_is_refused_and_left_alone(
    desk: Desk, command: list[str], damage: str, words: str
) -> None:
    path = desk.folder / "notes.db"
    if damage == "broken":
        path.write_bytes(b"no database at all" * 100)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma user_version = 2" if damage == "newer" else "pragma application_id = 7")
    before = path.read_bytes()
    done = run(desk, "notes", *command, input="[]")
    assert (done.exit_code, words in done.stderr) == (1, True), done.stderr
    assert path.read_bytes() == before


def test_an_archive_that_is_read_only_shows_notes_and_says_that_none_can_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = os.access

    def access(path: Any, mode: int, **options: Any) -> bool:  # root may write whatever the modes say
        return mode != os.W_OK and refused(path, mode, **options)

    monkeypatch.setattr(os, "access", access)
    assert QUOTED in run(desk, "notes", "list").output
    done = run(desk, "notes", "import", "-", input="[]")
    assert (done.exit_code, "read-only" in done.stderr) == (1, True)
    (desk.folder / "notes.db").unlink()
    assert "No notes" in run(desk, "notes", "list").stderr
    assert not has_notes(desk.folder)


KILLED = """
import os, sys
from pathlib import Path
from newsarchive.notebook import open_notebook, Note
from newsarchive.notebook.storing import save_note, new_uuid
with open_notebook(Path(sys.argv[1]), write=True) as book:
    book.conn.execute("pragma cache_size = 1")
    for number in range(300):
        save_note(book, Note(uuid=new_uuid(), url="https://tan.example/flood/", words="жоғалған " * 100))
    os.kill(os.getpid(), 9)
"""


def test_a_kill_while_notes_are_written_leaves_those_before(desk: Desk) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(desk.folder)], check=False, timeout=60)
    assert done.returncode == -9
    assert (desk.folder / "notes.db-journal").exists(), "else the test kills nothing"
    with open_notebook(desk.folder) as book:
        assert list_notes(book) == [desk.note]
    with open_notebook(desk.folder, write=True) as book:
        save_note(book, note_on(FLOOD, QUOTED))
    assert "жоғалған" not in run(desk, "notes", "list").output


def test_two_writers_wait_for_each_other(desk: Desk) -> None:
    with open_notebook(desk.folder, write=True) as book:
        save_note(book, note_on(FLOOD, QUOTED, words="бірінші"))
        with open_notebook(desk.folder) as other:
            assert len(list_notes(other)) == 1
    with suppress(KeyError), open_notebook(desk.folder, write=True) as book:
        save_note(book, note_on(FLOOD, QUOTED))
        raise KeyError
    with open_notebook(desk.folder) as book:
        assert len(list_notes(book)) == 2, "what is not finished is undone"


def test_backups_have_the_notes_and_a_restore_loses_none(desk: Desk, tmp_path: Path) -> None:
    backup, elsewhere = tmp_path / "backup", tmp_path / "elsewhere"
    assert [problem for problem in make_backup(desk.folder, backup).problems if "notes" in problem] == []
    make_backup(desk.folder, backup)
    assert len(list(backup.glob("notes-*.db"))) == 1
    restore_backup(backup, elsewhere)
    with open_notebook(elsewhere) as book:
        assert list_notes(book) == [desk.note]
    later = note_on(FLOOD, "Көпір қирады", words="кейін")
    with open_notebook(desk.folder, write=True) as book:
        save_note(book, later)
        book.conn.execute("delete from notes where uuid = ?", (desk.note.uuid,))
    desk.db.close()
    restore_backup(backup, desk.folder, force=True)
    with open_notebook(desk.folder) as book:
        assert {note.words for note in list_notes(book)} == {"Екі үй ме?", "кейін"}
    desk.db = open_archive(desk.folder)
    take_down(desk)
    desk.db.close()
    restore_backup(backup, desk.folder, force=True)
    assert in_files(desk.folder, QUOTED) == [], "a restore does not bring quotations back"


def test_no_export_or_release_of_the_archive_has_the_notes(desk: Desk, tmp_path: Path) -> None:
    for form in ("jsonl", "csv"):
        export(desk.db, tmp_path / f"out.{form}", format=form)
    assert run(desk, "export", "--release", str(tmp_path / "release")).exit_code == 0
    assert in_files(tmp_path / "release", "Екі үй ме?") == []
    assert in_files(tmp_path, "Екі үй ме?") == ["notes.db"]
    with pytest.raises(ExportError, match="belongs to the archive"):
        export(desk.db, desk.folder / "notes.db", format="jsonl")
    done = run(desk, "notes", "export", "-o", str(desk.folder / "notes.db"))
    assert (done.exit_code, desk.note.words in run(desk, "notes", "list").output) == (1, True)


def test_the_articles_of_a_collection_are_exported_without_what_is_withheld(desk: Desk, tmp_path: Path) -> None:
    filled(desk)
    path = tmp_path / "out.jsonl"
    done = run(desk, "notes", "articles", "Су; тасқыны", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["title"] for line in path.read_text().splitlines()] == ["Өзен тасыды", "Мектеп"]
    embargo_article(desk.db, desk.article, until=NEXT_YEAR)
    done = run(desk, "notes", "articles", "Су; тасқыны", "-o", str(path))
    assert (done.exit_code, "1 article of the collection" in done.stderr) == (1, True)
    assert [json.loads(line)["title"] for line in path.read_text().splitlines()] == ["Мектеп"]
    done = run(desk, "notes", "articles", "жоқ", "-o", str(path))
    assert (done.exit_code, "known are “Су; тасқыны”" in done.stderr) == (2, True)
    done = run(desk, "notes", "articles", "Су; тасқыны", "-o", str(desk.folder / "notes.db"))
    assert (done.exit_code, "belongs to the archive" in str(done.exception)) == (1, True)


def test_the_command_line_lists_and_exports(desk: Desk, tmp_path: Path) -> None:
    (row,) = json.loads(run(desk, "notes", "list", "--json").output)
    assert (row["article"], row["passage"], row["note"], row["tags"], row["state"]) == (
        desk.article, QUOTED, "Екі үй ме?", ["су"], "same",
    )  # fmt: skip
    assert json.loads(run(desk, "notes", "list", "--json", "--tag", "жоқ").output) == []
    assert run(desk, "notes", "export", "--format", "csv", "-o", str(tmp_path / "n.csv")).exit_code == 0
    (line,) = csv.DictReader(io.StringIO((tmp_path / "n.csv").read_text(encoding="utf-8")))
    assert (line["quotation"], line["tags"]) == (QUOTED, "су")

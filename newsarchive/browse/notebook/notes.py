"""The pages of notes: the notebook itself, a note, and what their forms do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from newsarchive.browse.archives import rows
from newsarchive.browse.finding import find_article
from newsarchive.browse.notebook.beside import show_note, version_of
from newsarchive.browse.visits import Answer, Download, MissingError, MisunderstoodError, Page, Visit, redirect
from newsarchive.notebook import Note, NotebookError, Passage, open_notebook
from newsarchive.notebook.anchoring import find_passage, passage_at, text_of
from newsarchive.notebook.exchange import import_content, read_content, to_publish
from newsarchive.notebook.files import NotebookFileError, read_file, write_file
from newsarchive.notebook.opening import is_writable
from newsarchive.notebook.storing import (
    LONGEST,
    clean_tags,
    delete_note,
    find_note,
    list_collections,
    list_notes,
    list_searches,
    list_tags,
    save_note,
)
from newsarchive.times import now

PER_PAGE = 50
TYPES = {"json": "application/ld+json; charset=utf-8", "csv": "text/csv; charset=utf-8"}


def notebook_page(visit: Visit) -> Page:
    """Return the notebook: notes, latest first, with tags, collections and saved searches. Raises NotebookError."""
    number, tag, like = visit.get_number("page", 1), visit.get("tag"), visit.get("q")
    with open_notebook(visit.folder) as book:
        found = list_notes(book, tag=tag, like=like, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
        values: dict[str, Any] = {
            "tags": list_tags(book),
            "groups": list_collections(book),
            "searches": list_searches(book),
        }
    return Page(
        template="notebook.html",
        title=visit.speech.text("notebook"),
        values={
            **values,
            "notes": [show_note(visit, note) for note in found[:PER_PAGE]],
            "tag": tag,
            "q": like,
            "can_write": is_writable(visit.folder),
            **visit.pager(number, more=len(found) > PER_PAGE),
        },
    )


def note_page(visit: Visit) -> Page:
    """Return the form of a note. Raises MissingError, NotebookError."""
    note = _find(visit)
    return _form(visit, note, note.words, ", ".join(note.tags))


def _find(visit: Visit) -> Note:
    with open_notebook(visit.folder) as book:
        note = find_note(book, visit.named["uuid"])
    if note is None:
        raise MissingError(visit.named["uuid"])
    return note


def _form(visit: Visit, note: Note, words: str, tags: str, problem: str = "") -> Page:
    return Page(
        template="note.html",
        title=visit.speech.text("note"),
        values={
            "shown": show_note(visit, note),
            "words": words,
            "note_tags": tags,
            "problem": problem,
            "quotation": "",
            "article": None,
            "can_write": is_writable(visit.folder),
        },
    )


def add_note(visit: Visit) -> Answer:
    """Write a note on an article or a passage of it; a form that cannot be saved comes back with what it held."""
    article = find_article(visit.db, _number(visit.said("article")))
    quotation, text = visit.said("quotation"), text_of(article)
    found = find_passage(text, Passage(quotation=quotation)) if quotation.strip() else None
    problem = ""
    if quotation.strip() and found is None:
        problem = visit.speech.text("passage_unfound")
    elif found and found[1] - found[0] > LONGEST["quotation"]:
        problem = visit.speech.text("passage_long")
    note = Note(
        uuid=visit.said("uuid"),
        url=article["url"],
        site=article["site"],
        passage=passage_at(text, *found) if found else Passage(),
        seen=_seen(visit, article["current_revision"]),
        words=_words(visit),
        tags=clean_tags(visit.said("tags")),
    )
    problem = problem or _save(visit, note)
    if not problem:
        return redirect(f"/article/{article['id']}#note-{note.uuid}")
    form = _form(visit, note, note.words, visit.said("tags"), problem)
    return replace(form, values={**form.values, "quotation": quotation, "article": article}, status=400)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise MissingError(text)
    return int(text)


def _seen(visit: Visit, revision: int | None) -> str:
    found = rows(visit.db, "select time from revisions where id = ?", [revision])
    return str(found[0]["time"]) if found else ""


def _words(visit: Visit) -> str:
    return visit.said("words").replace("\r\n", "\n").strip()[: LONGEST["words"]]


def _save(visit: Visit, note: Note) -> str:
    """Write a note; return what prevented it, for the person who wrote it."""
    if not visit.fresh:
        return visit.speech.text("notes_form_old")
    try:
        with open_notebook(visit.folder, write=True) as book:
            save_note(book, note)
    except NotebookError as error:
        return str(error)
    return ""


def change_note(visit: Visit) -> Answer:
    """Write a changed note, unless another tab changed it meanwhile. Raises MissingError, NotebookError."""
    note = _find(visit)
    changed = replace(note, words=_words(visit), tags=clean_tags(visit.said("tags")), modified=now())
    problem = ""
    if visit.said("version") not in (version_of(note), version_of(changed)):
        problem = visit.speech.text("note_changed_elsewhere")
    problem = problem or _save(visit, changed)
    if problem:
        return replace(_form(visit, note, changed.words, visit.said("tags"), problem), status=409)
    return redirect(f"/notebook#note-{note.uuid}")


def remove_note(visit: Visit) -> Answer:
    """Delete a note; one that is gone already is no failure. Raises NotebookError."""
    with open_notebook(visit.folder, write=True) as book:
        delete_note(book, visit.named["uuid"])
    return redirect("/notebook")


def export_notebook(visit: Visit) -> Download:
    """Return the notebook as a file, without what is withheld. Raises NotebookError."""
    form = visit.named["form"]
    with open_notebook(visit.folder) as book:
        content = to_publish(visit.db, read_content(book))
    return Download(body=write_file(content, form).encode(), type=TYPES[form], filename=f"notebook.{form}")


def import_notebook(visit: Visit) -> Answer:
    """Add the notes of a file. Raises MisunderstoodError, NotebookError."""
    try:
        content, skipped = read_file(visit.said("file", strip=False).encode("latin-1"))
    except (NotebookFileError, UnicodeEncodeError) as error:
        raise MisunderstoodError("notes_file_bad") from error
    with open_notebook(visit.folder, write=True) as book:
        done = import_content(visit.db, book, content)
    return Page(
        template="imported.html",
        title=visit.speech.text("notes_imported"),
        values={"done": done, "skipped": skipped},
    )

"""The pages of collections and saved searches, and what their forms do."""

from __future__ import annotations

import io
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from newsarchive.browse.finding import find_article
from newsarchive.browse.notebook.beside import Shown, show_note
from newsarchive.browse.visits import Answer, Download, MissingError, MisunderstoodError, Page, Visit, redirect
from newsarchive.export import FORMATS, FileFormat, Job
from newsarchive.notebook import Collection, Note, SavedSearch, open_notebook
from newsarchive.notebook.exchange import veiled
from newsarchive.notebook.opening import is_writable
from newsarchive.notebook.storing import (
    LONGEST,
    collect,
    delete_collection,
    delete_search,
    find_collection,
    new_uuid,
    remove_from,
    save_collection,
    save_search,
)

DOWNLOADS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


def collection_page(visit: Visit) -> Page:
    """Return a collection with its articles. Raises MissingError, NotebookError."""
    group = _find(visit)
    return Page(
        template="collection.html",
        title=group.name,
        values={
            "group": group,
            "members": [(veiled(url), added, _shown(visit, url)) for url, added in group.articles.items()],
            "can_write": is_writable(visit.folder),
        },
    )


def _shown(visit: Visit, url: str) -> Shown:
    return show_note(visit, Note(uuid="", url=url))


def _find(visit: Visit) -> Collection:
    with open_notebook(visit.folder) as book:
        group = find_collection(book, visit.named["uuid"])
    if group is None or group.uuid != visit.named["uuid"]:
        raise MissingError(visit.named["uuid"])
    return group


def _name(visit: Visit, field: str = "name") -> str:
    name = " ".join(visit.said(field).split())[: LONGEST["name"]]
    if not name:
        raise MisunderstoodError("name_missing")
    return name


def add_collection(visit: Visit) -> Answer:
    """Make a collection; one of that name is opened instead. Raises MisunderstoodError, NotebookError."""
    return redirect(f"/notebook/collections/{_group_named(visit, _name(visit))}")


def _group_named(visit: Visit, name: str) -> str:
    with open_notebook(visit.folder, write=True) as book:
        group = find_collection(book, name)
        if group is None:
            group = Collection(uuid=new_uuid(), name=name)
            save_collection(book, group)
    return group.uuid


def change_collection(visit: Visit) -> Answer:
    """Rename or describe a collection. Raises MissingError, MisunderstoodError, NotebookError."""
    group, name = _find(visit), _name(visit)
    about = visit.said("about").replace("\r\n", "\n")[: LONGEST["about"]]
    with open_notebook(visit.folder, write=True) as book:
        other = find_collection(book, name)
        if other is not None and other.uuid != group.uuid:
            raise MisunderstoodError("name_taken")
        save_collection(book, replace(group, name=name, about=about, modified=""))
    return redirect(f"/notebook/collections/{group.uuid}")


def remove_collection(visit: Visit) -> Answer:
    """Delete a collection; its articles stay in the archive. Raises NotebookError."""
    with open_notebook(visit.folder, write=True) as book:
        delete_collection(book, visit.named["uuid"])
    return redirect("/notebook")


def collect_article(visit: Visit) -> Answer:
    """Put an article into a collection, new or not. Raises MissingError, MisunderstoodError, NotebookError."""
    text = visit.said("article")
    article = find_article(visit.db, int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0)
    chosen = visit.said("collection")
    uuid = _group_named(visit, _name(visit)) if visit.said("name").strip() or not chosen else chosen
    with open_notebook(visit.folder, write=True) as book:
        collect(book, uuid, article["url"])
    return redirect(f"/article/{article['id']}#notes")


def remove_article(visit: Visit) -> Answer:
    """Take an article out of a collection. Raises MissingError, NotebookError."""
    group = _find(visit)
    with open_notebook(visit.folder, write=True) as book:
        for url in group.articles:
            if veiled(url) == visit.said("article"):
                remove_from(book, group.uuid, url)
    return redirect(f"/notebook/collections/{group.uuid}")


def export_collection(visit: Visit) -> Download:
    """Return the articles of a collection that may be seen, with their texts. Raises MissingError, NotebookError."""
    group, form = _find(visit), visit.named["form"]
    seen = [shown.article["id"] for url in group.articles if (shown := _shown(visit, url)).article]
    job = Job.of_articles(visit.db, seen)
    writer, body = FORMATS[form], io.BytesIO()
    assert isinstance(writer, FileFormat)
    writer.write(job, body)
    return Download(body=body.getvalue(), type=DOWNLOADS[form], filename=f"collection.{form}")


def add_search(visit: Visit) -> Answer:
    """Save a search. Raises MisunderstoodError, NotebookError."""
    fields = [(name, value) for name, value in parse_qsl(visit.said("query")) if name not in ("page", "lang")]
    query = urlencode(fields)[:4000]
    with open_notebook(visit.folder, write=True) as book:
        save_search(book, SavedSearch(uuid=new_uuid(), name=_name(visit), query=query))
    return redirect("/notebook#searches")


def remove_search(visit: Visit) -> Answer:
    """Delete a saved search. Raises NotebookError."""
    with open_notebook(visit.folder, write=True) as book:
        delete_search(book, visit.named["uuid"])
    return redirect("/notebook#searches")

"""The addresses of the notebook's pages, guarded: for this computer only, and written by our own forms only."""

from __future__ import annotations

from newsarchive.browse.notebook import groups, notes
from newsarchive.browse.visits import Answer, MissingError, RefusedError, View, Visit

_UUID = r"(?P<uuid>[0-9a-f-]{36})"
_SHOWN: dict[str, View] = {
    r"/notebook": notes.notebook_page,
    rf"/notebook/notes/{_UUID}": notes.note_page,
    r"/notebook/export\.(?P<form>json|csv)": notes.export_notebook,
    rf"/notebook/collections/{_UUID}": groups.collection_page,
    rf"/notebook/collections/{_UUID}\.(?P<form>csv|jsonl)": groups.export_collection,
}
_POSTED: dict[str, View] = {
    r"/notebook/notes": notes.add_note,
    rf"/notebook/notes/{_UUID}": notes.change_note,
    rf"/notebook/notes/{_UUID}/delete": notes.remove_note,
    r"/notebook/import": notes.import_notebook,
    r"/notebook/collect": groups.collect_article,
    r"/notebook/collections": groups.add_collection,
    rf"/notebook/collections/{_UUID}": groups.change_collection,
    rf"/notebook/collections/{_UUID}/remove": groups.remove_article,
    rf"/notebook/collections/{_UUID}/delete": groups.remove_collection,
    r"/notebook/searches": groups.add_search,
    rf"/notebook/searches/{_UUID}/delete": groups.remove_search,
}
KEEPING = (notes.add_note, notes.change_note)
"""Forms that come back with what the person wrote if they are of an earlier run of the server."""


def _guarded(pattern: str) -> View:
    def view(visit: Visit) -> Answer:
        if not visit.token:
            raise RefusedError("notes_elsewhere")
        if visit.method != "POST":
            if pattern not in _SHOWN:
                raise MissingError(visit.path)
            return _SHOWN[pattern](visit)
        if pattern not in _POSTED:
            raise MissingError(visit.path)
        if not visit.ours:
            raise RefusedError("notes_foreign_form")
        if not visit.fresh and _POSTED[pattern] not in KEEPING:
            raise RefusedError("notes_form_old")
        return _POSTED[pattern](visit)

    return view


ROUTES: dict[str, View] = {pattern: _guarded(pattern) for pattern in {**_SHOWN, **_POSTED}}

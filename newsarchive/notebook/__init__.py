"""The notebook of the archive's reader: marks, notes, tags, collections and saved searches, in `notes.db`.

It is one person's file, next to the archive and never in it: no export, release or table has anything of it.
"""

from newsarchive.notebook.opening import Notebook, NotebookError, has_notes, open_notebook
from newsarchive.notebook.records import Collection, Note, Passage, SavedSearch

__all__ = [
    "Collection",
    "Note",
    "Notebook",
    "NotebookError",
    "Passage",
    "SavedSearch",
    "has_notes",
    "open_notebook",
]

"""The notebook as a file: JSON or CSV, written and recognized. Pure functions."""

from __future__ import annotations

import json

from newsarchive.errors import NewsArchiveError
from newsarchive.notebook.annotations import AnnotationError, read_annotations, write_annotations
from newsarchive.notebook.exchange import Content
from newsarchive.notebook.tables import TableError, read_table, write_table


class NotebookFileError(NewsArchiveError, ValueError):
    """The file has no notebook; the message is written for the user."""


def write_file(content: Content, form: str) -> str:
    """Return a notebook as the text of a file, ``json`` or ``csv``."""
    if form == "csv":
        return write_table(content)
    data = write_annotations(content.notes, content.collections, content.searches, label="newsarchive")
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def read_file(data: bytes) -> tuple[Content, int]:
    """Return the notebook in a file, and the number of entries that cannot be read. Raises NotebookFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotebookFileError("The file is not UTF-8 text.") from error
    try:
        if text.lstrip()[:1] in ("{", "["):
            notes, collections, searches, skipped = read_annotations(json.loads(text))
            return Content(notes=notes, collections=collections, searches=searches), skipped
        return read_table(text)
    except (AnnotationError, TableError) as error:
        raise NotebookFileError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise NotebookFileError(f"The file is not valid JSON: {error}.") from error

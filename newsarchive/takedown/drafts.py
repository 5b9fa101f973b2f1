"""Unfinished files in an archive's folder, which may hold what is taken down: exports, copies, images."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from newsarchive.images.files import clear_drafts

_DRAFT = re.compile(r"\.(?:check-|import-|.+\.)[a-z0-9_]{8}")


def delete_unfinished(folder: Path) -> None:
    """Delete unfinished exports and copies of the database, by whatever process, and abandoned files of images.

    A running export or check then fails, because it holds what was taken down.
    """
    for path in folder.iterdir():
        if _DRAFT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    clear_drafts(folder / "images")

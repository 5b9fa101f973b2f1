"""Backups of an archive: made even during a crawl, verified, and restored."""

from newsarchive.backup.files import BackupError, copy_bytes
from newsarchive.backup.making import Copied, FileToCopy, copy_database, files_to_copy, make_backup
from newsarchive.backup.manifest import Entry, Manifest, parse_manifest
from newsarchive.backup.restoring import Restored, delete_left_copies, restore_backup

__all__ = [
    "BackupError",
    "Copied",
    "Entry",
    "FileToCopy",
    "Manifest",
    "Restored",
    "copy_bytes",
    "copy_database",
    "delete_left_copies",
    "files_to_copy",
    "make_backup",
    "parse_manifest",
    "restore_backup",
]

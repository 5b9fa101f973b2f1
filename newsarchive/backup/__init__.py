"""Backups of an archive: made even during a crawl, verified, and restored."""

from newsarchive.backup.files import BackupError
from newsarchive.backup.making import Copied, make_backup
from newsarchive.backup.restoring import Restored, delete_left_copies, restore_backup

__all__ = ["BackupError", "Copied", "Restored", "delete_left_copies", "make_backup", "restore_backup"]

"""Copies of an archive: made while a crawl runs, verified, and put back."""

from newsarchive.backup.files import BackupError
from newsarchive.backup.making import Copied, make_backup
from newsarchive.backup.restoring import Restored, restore_backup

__all__ = ["BackupError", "Copied", "Restored", "make_backup", "restore_backup"]

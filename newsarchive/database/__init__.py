"""The archive's SQLite database: opening it, and every write to it."""

from newsarchive.database.archive import has_archive, open_archive, read_archive, settle_archive
from newsarchive.database.articles import Saved, save_article
from newsarchive.database.checkpoints import Checkpoints
from newsarchive.database.errors import AddressError, ArchiveError, ArchiveLocked, NoArchive
from newsarchive.database.faults import concerns_archive
from newsarchive.database.forgotten import Forgotten, ForgottenAddresses, is_forgotten, mark_forgotten, note_unlisted
from newsarchive.database.images import keep_fetched_image, save_fetched_image
from newsarchive.database.index import TOGETHER, PendingSearchTexts, index_is_current, rebuild_index
from newsarchive.database.ledger import (
    article_of,
    count_due_urls,
    due_urls,
    mark_failed,
    mark_forbidden,
    mark_missing,
    mark_not_article,
    mark_visited,
    retry_failed,
    save_listed,
    save_lost,
    was_visited,
)
from newsarchive.database.locking import lock_archive, request_sites, require_lock, take_requests
from newsarchive.database.outcomes import keep_extracted, profile_digest, save_extracted, unread_readings
from newsarchive.database.page_checksums import write_page_checksums
from newsarchive.database.read_only import connect_reading
from newsarchive.database.readings import Unread, note_reextraction
from newsarchive.database.reextracted import Due, count_due, due_revisions, save_reextracted
from newsarchive.database.removal import delete_outdated
from newsarchive.database.runs import (
    finish_run,
    lost_originals,
    note_killed_runs,
    note_retry_after,
    original_of,
    recorded_run,
    retry_after_of,
    revisits_of,
    save_capture,
    save_site,
    start_run,
)
from newsarchive.database.source_rows import (
    days_of,
    forget_gaps,
    source_state,
    store_denominator,
    update_source,
    was_read,
)
from newsarchive.database.unlisted import (
    count_known_ids,
    count_proven,
    known_ids,
    listed_since,
    make_due,
    unvisited_since,
)
from newsarchive.database.warcfiles import record_left_warcs, record_warc

__all__ = [
    "TOGETHER",
    "AddressError",
    "ArchiveError",
    "ArchiveLocked",
    "Checkpoints",
    "Due",
    "Forgotten",
    "ForgottenAddresses",
    "NoArchive",
    "PendingSearchTexts",
    "Saved",
    "Unread",
    "article_of",
    "concerns_archive",
    "connect_reading",
    "count_due",
    "count_due_urls",
    "count_known_ids",
    "count_proven",
    "days_of",
    "delete_outdated",
    "due_revisions",
    "due_urls",
    "finish_run",
    "forget_gaps",
    "has_archive",
    "index_is_current",
    "is_forgotten",
    "keep_extracted",
    "keep_fetched_image",
    "known_ids",
    "listed_since",
    "lock_archive",
    "lost_originals",
    "make_due",
    "mark_failed",
    "mark_forbidden",
    "mark_forgotten",
    "mark_missing",
    "mark_not_article",
    "mark_visited",
    "note_killed_runs",
    "note_reextraction",
    "note_retry_after",
    "note_unlisted",
    "open_archive",
    "original_of",
    "profile_digest",
    "read_archive",
    "rebuild_index",
    "record_left_warcs",
    "record_warc",
    "recorded_run",
    "request_sites",
    "require_lock",
    "retry_after_of",
    "retry_failed",
    "revisits_of",
    "save_article",
    "save_capture",
    "save_extracted",
    "save_fetched_image",
    "save_listed",
    "save_lost",
    "save_reextracted",
    "save_site",
    "settle_archive",
    "source_state",
    "start_run",
    "store_denominator",
    "take_requests",
    "unread_readings",
    "unvisited_since",
    "update_source",
    "was_read",
    "was_visited",
    "write_page_checksums",
]

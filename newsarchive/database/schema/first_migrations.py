"""The migrations up to number 299, all of them released."""

from __future__ import annotations

from sqlite_utils import Database

from newsarchive.database.schema.preservation import PRESERVATION
from newsarchive.database.schema.registry import migrations, run_script
from newsarchive.database.schema.search import FULL_TEXT, SEARCH_ORDER, new_key
from newsarchive.database.schema.tables import TABLES
from newsarchive.database.schema.views import CHANGES, COVERAGE, VIEWS


@migrations()
def m001_tables(db: Database) -> None:
    """Create the tables of sites, runs, sources, URLs, captures, articles, revisions, people, images and terms."""
    run_script(db, TABLES)


@migrations()
def m002_views(db: Database) -> None:
    """Create the views for people: archive, changes, deletions, coverage."""
    run_script(db, VIEWS)


@migrations()
def m003_search(db: Database) -> None:
    """Create full-text search over the text itself and over the search text of folded stems."""
    run_script(db, FULL_TEXT)


@migrations()
def m101_search_order(db: Database) -> None:
    """Index search texts in order of publication, so that the newest hits need no sort; count words."""
    run_script(db, SEARCH_ORDER)
    for (article,) in db.conn.execute("select id from stems order by id").fetchall():
        db.conn.execute(
            f"update search_order set key = (select {new_key('a')} from articles a where a.id = article)"  # noqa: S608
            " where article = ?",
            (article,),
        )
    db.conn.execute("insert into stems_fts(stems_fts) values ('rebuild')")


@migrations()
def m102_search_places(db: Database) -> None:
    """List every position of every word, which gives the words with a prefix without counting them."""
    db.conn.execute("create virtual table stems_places using fts5vocab(stems_fts, instance)")


@migrations()
def m210_reextraction(db: Database) -> None:
    """Record which revision another one re-extracts, and with what each was last extracted again."""
    run_script(
        db,
        """
-- the newspaper's revision whose captures were read again; NULL in the newspaper's own
alter table revisions add column reextracts integer references revisions(id);
create index revisions_reextracts on revisions(reextracts) where reextracts is not null;
create table reextractions (            -- the newspaper's revisions that were extracted again
    revision integer primary key references revisions(id),
    extractor text not null,            -- name and version
    options_digest text not null,
    profile_digest text not null,
    outcome text not null,              -- same, changed, not_article, failed
    reason text not null default '',
    run integer references runs(id)
) strict;
""",
    )
    run_script(db, CHANGES)


@migrations()
def m220_visits(db: Database) -> None:
    """Record the run that visited a page: times to the second cannot tell two runs of one second apart."""
    run_script(
        db,
        """
alter table urls add column             -- the run that last fetched its page; NULL: a one-off fetch
    visited_run integer;
""",
    )


@migrations()
def m230_revisits(db: Database) -> None:
    """Record which capture holds the payload of one whose record is a revisit."""
    run_script(
        db,
        """
-- the capture that holds the payload, for one whose record is a revisit; NULL: its own record does
alter table captures add column refers_to integer references captures(id);
create index captures_refers_to on captures(refers_to) where refers_to is not null;
create index captures_payload on captures(sha256) where refers_to is null;
""",
    )


@migrations()
def m231_image_versions(db: Database) -> None:
    """Keep every file that the URL of an image has returned; `images` has the present one."""
    run_script(
        db,
        """
create table image_versions (           -- every file that a picture's address has given
    id integer primary key,
    image integer not null references images(id),
    sha256 text not null,               -- of the file, by which it is named in images/
    bytes integer not null,
    width integer not null,             -- in pixels, as shown
    height integer not null,
    type text not null,                 -- media type, by its bytes
    phash text not null,                -- perceptual hash
    capture integer references captures(id), -- the one that first brought it
    first_seen text not null,
    last_seen text not null,            -- when its address last gave it
    unique (image, sha256)
) strict;
create index image_versions_sha256 on image_versions(sha256);
create index image_versions_capture on image_versions(capture) where capture is not null;
create index images_capture on images(capture) where capture is not null;
""",
    )


@migrations()
def m250_whole(db: Database) -> None:
    """Add what proves an archive complete, what was taken down, and what is under embargo."""
    run_script(db, PRESERVATION)


@migrations()
def m251_coverage(db: Database) -> None:
    """Count what was taken down as no article in the view of coverage."""
    run_script(db, COVERAGE)


@migrations()
def m260_search_index(db: Database) -> None:
    """Record the rules and lexicon that the stems of the index were made with."""
    run_script(
        db,
        """
create table search_index (             -- one row: what the search index was made with
    stems text primary key              -- version of the rules of stemming, and digest of the lexicon
) strict;
""",
    )
    if db.conn.execute("select 1 from stems limit 1").fetchone() is not None:
        db.conn.execute("insert into search_index (stems) values ('unknown')")


@migrations()
def m270_walks(db: Database) -> None:
    """Record how a source was last read, and its last full scan: for the weekly full scan, and for people."""
    run_script(
        db,
        """
alter table sources add column          -- the run that last read it, or tried to
    run integer;
alter table sources add column          -- how it was last read: full (--full), walk (to its end), incremental, newest
    task text not null default '';
alter table sources add column          -- when it was last walked, as far as it could be; complete: to its end
    walked text;
alter table sources add column          -- when the last walk to its end began
    walk_began text;
alter table sources add column          -- so many walks in a row did not see its end
    walks_cut integer not null default 0;
""",
    )

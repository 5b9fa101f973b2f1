"""The schema of an archive, as migrations: append only. A released migration is never edited and calls no live code.

Longer SQL is in `tables`, `views`, `search` and `preservation`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlite_utils import Database, Migrations

from newsarchive.database.schema.notices import NOTICES
from newsarchive.database.schema.preservation import PRESERVATION
from newsarchive.database.schema.search import FULL_TEXT, SEARCH_ORDER, new_key
from newsarchive.database.schema.session_keys import drop_sessions
from newsarchive.database.schema.tables import TABLES
from newsarchive.database.schema.views import CHANGES, COVERAGE, COVERAGE_SOURCES, OMISSIONS, VIEWS

migrations = Migrations("newsarchive")


def known_migrations() -> frozenset[str]:
    """Return the names of all migrations of this version: those that an empty database lacks."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset(migration.name for migration in migrations.pending(Database(connection)))


def _run(db: Database, script: str) -> None:
    """Run statements one by one: `executescript` would commit the migration's own transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


@migrations()
def m001_tables(db: Database) -> None:
    """Create the tables of sites, runs, sources, URLs, captures, articles, revisions, people, images and terms."""
    _run(db, TABLES)


@migrations()
def m002_views(db: Database) -> None:
    """Create the views for people: archive, changes, deletions, coverage."""
    _run(db, VIEWS)


@migrations()
def m003_search(db: Database) -> None:
    """Create full-text search over the text itself and over the search text of folded stems."""
    _run(db, FULL_TEXT)


@migrations()
def m101_search_order(db: Database) -> None:
    """Index search texts in order of publication, so that the newest hits need no sort; count words."""
    _run(db, SEARCH_ORDER)
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
    _run(
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
    _run(db, CHANGES)


@migrations()
def m220_visits(db: Database) -> None:
    """Record the run that visited a page: times to the second cannot tell two runs of one second apart."""
    _run(
        db,
        """
alter table urls add column             -- the run that last fetched its page; NULL: a one-off fetch
    visited_run integer;
""",
    )


@migrations()
def m230_revisits(db: Database) -> None:
    """Record which capture holds the payload of one whose record is a revisit."""
    _run(
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
    _run(
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
    _run(db, PRESERVATION)


@migrations()
def m251_coverage(db: Database) -> None:
    """Count what was taken down as no article in the view of coverage."""
    _run(db, COVERAGE)


@migrations()
def m260_search_index(db: Database) -> None:
    """Record the rules and lexicon that the stems of the index were made with."""
    _run(
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
    _run(
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


@migrations()
def m300_rules_version(db: Database) -> None:
    """Name what made a revision by versions instead of a digest of source files, which comments changed."""
    named = {
        "845c87d8528d1041": "trafilatura 2.3.0",
        "04b1c444456f0c7c": "trafilatura 2.3.1",
    }  # of version 2 of the rules
    for table in ("revisions", "reextractions"):
        for digest, name in named.items():
            db.conn.execute(
                f"update {table} set options_digest = ? where extractor = 'newsarchive 2' and options_digest = ?",  # noqa: S608
                (name, digest),
            )


@migrations()
def m310_retry_after(db: Database) -> None:
    """Record the time before which a site asked for no requests."""
    _run(
        db,
        """
alter table sites add column            -- the site asked for no request before this time; NULL: it did not
    retry_after text;
""",
    )


@migrations()
def m320_certificates(db: Database) -> None:
    """Record the verdict on the TLS certificate of each capture, and on that of each host."""
    _run(
        db,
        """
alter table captures add column         -- valid, or why the TLS certificate was not; NULL: no TLS, or nobody looked
    tls text;
create table certificates (             -- what the TLS certificate of each host was worth when it was last crawled
    site text not null references sites(name),
    host text not null,
    verdict text not null,              -- valid, or why it was not
    since text not null,                -- when it was first found so
    primary key (site, host)
) strict;
""",
    )


@migrations()
def m330_held_up(db: Database) -> None:
    """Record the URLs that end the runs of their site."""
    _run(
        db,
        """
create table held_up (                  -- addresses that ended runs: a long wait, while others were answered
    site text not null references sites(name),
    url text not null,
    runs integer not null,              -- so many in a row; from two on the address waits alone
    until text not null,                -- when it asked to be asked again, UTC
    primary key (site, url)
) strict;
""",
    )


@migrations()
def m340_kept_out(db: Database) -> None:
    """Which pages a site keeps us out of; that was read from the words of the reason."""
    _run(
        db,
        """
alter table urls add column             -- 1: at the last failure the site kept us out (401, 403, a block page)
    kept_out integer not null default 0;
update urls set kept_out = 1
where attempts > 0 and (reason like '403%' or reason like '401%' or reason like '%block page%');
""",
    )


@migrations()
def m400_omissions(db: Database) -> None:
    """Count what extraction left out of the articles' own elements."""
    _run(db, OMISSIONS)


@migrations()
def m420_sources_compared(db: Database) -> None:
    """What each source lists and only it knows; and keys without session IDs."""
    _run(
        db,
        """
alter table sources add column          -- how many articles it lists, by its own count or as read to its end
    listed integer;
alter table sources add column          -- how many of these were archived when it was last read to its end
    archived integer;
alter table sources add column          -- how many articles it listed before any other source did
    only integer not null default 0;
alter table sources add column          -- 1: another source of its kind comes before it in the profile
    also integer not null default 0;
""",
    )
    drop_sessions(db)


@migrations()
def m435_sightings(db: Database) -> None:
    """Captures that showed a revision's content again: the order of contents does not hang on that of imports."""
    _run(
        db,
        """
create table sightings (                -- captures that showed the content of a revision which another capture made
    capture integer primary key references captures(id) on delete cascade,
    revision integer not null references revisions(id) on delete cascade
) strict;
create index sightings_revision on sightings(revision);
""",
    )


@migrations()
def m450_learned_sources(db: Database) -> None:
    """What crawls learn of a site that its profile does not say: sources, and where the site lives now."""
    _run(
        db,
        """
alter table sources add column          -- where a crawl found it; empty: in the profile, or a file of such a source
    origin text not null default '';
alter table sources add column          -- of one found: new (to be tried), used, or nothing that the others do not list
    learned text not null default '';
alter table sites add column            -- the home page that the profile's one redirects to; empty: it does not
    root text not null default '';
alter table sites add column            -- when a crawl last looked for sources that the profile lacks
    looked text;
alter table sites add column            -- the sources of the profile at that time
    looked_beside text not null default '';
""",
    )


@migrations()
def m451_coverage_sources(db: Database) -> None:
    """Show in the view of coverage how many articles each source lists."""
    _run(db, COVERAGE_SOURCES)


@migrations()
def m452_idle_parameters(db: Database) -> None:
    """Parameters of URLs that crawls proved to change nothing."""
    _run(
        db,
        """
create table idle_parameters (          -- parameters of URLs that change nothing, proved by copies of articles
    site text not null references sites(name),
    name text not null,
    learned text not null,              -- when, UTC
    primary key (site, name)
) strict;
""",
    )


@migrations()
def m460_notices(db: Database) -> None:
    """Record alerts from their beginning to their end, and what was told to whom."""
    _run(db, NOTICES)


@migrations()
def m470_truncated(db: Database) -> None:
    """Why captures are incomplete; that was only in their records."""
    _run(
        db,
        """
alter table captures add column         -- why the body is incomplete; NULL: it is complete, or nobody looked
    truncated text;
create index captures_truncated on captures(time) where truncated is not null;
""",
    )


@migrations()
def m461_captures_run(db: Database) -> None:
    """Find the captures of a run without reading all: each run looks at how its requests were answered."""
    _run(db, "create index captures_run on captures(run) where run is not null;\n")

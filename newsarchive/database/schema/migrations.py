"""The schema of an archive, as migrations: append only. A released migration is never edited and calls no live code.

Numbers up to 299 are in `first_migrations`; longer SQL is in `tables`, `views`, `search`, `preservation` and `notices`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlite_utils import Database

from newsarchive.database.schema import first_migrations
from newsarchive.database.schema.edits import EDITS
from newsarchive.database.schema.notices import NOTICES
from newsarchive.database.schema.quotations import QUOTATIONS
from newsarchive.database.schema.registry import migrations, run_script
from newsarchive.database.schema.reprints import REPRINTS
from newsarchive.database.schema.session_keys import drop_sessions
from newsarchive.database.schema.views import COVERAGE_SOURCES, OMISSIONS

__all__ = ["first_migrations", "known_migrations", "migrations"]


def known_migrations() -> frozenset[str]:
    """Return the names of all migrations of this version: those that an empty database lacks."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset(
            migration.name for migration in migrations.pending(Database(connection, execute_plugins=False))
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
    run_script(
        db,
        """
alter table sites add column            -- the site asked for no request before this time; NULL: it did not
    retry_after text;
""",
    )


@migrations()
def m320_certificates(db: Database) -> None:
    """Record the verdict on the TLS certificate of each capture, and on that of each host."""
    run_script(
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
    run_script(
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
    run_script(
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
    run_script(db, OMISSIONS)


@migrations()
def m420_sources_compared(db: Database) -> None:
    """What each source lists and only it knows; and keys without session IDs."""
    run_script(
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
    run_script(
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
    run_script(
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
    run_script(db, COVERAGE_SOURCES)


@migrations()
def m452_idle_parameters(db: Database) -> None:
    """Parameters of URLs that crawls proved to change nothing."""
    run_script(
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
    run_script(db, NOTICES)


@migrations()
def m461_captures_run(db: Database) -> None:
    """Find the captures of a run without reading all: each run looks at how its requests were answered."""
    run_script(db, "create index captures_run on captures(run) where run is not null;\n")


@migrations()
def m470_truncated(db: Database) -> None:
    """Why captures are incomplete; that was only in their records."""
    run_script(
        db,
        """
alter table captures add column         -- why the body is incomplete; NULL: it is complete, or nobody looked
    truncated text;
create index captures_truncated on captures(time) where truncated is not null;
""",
    )


@migrations()
def m471_capture_source(db: Database) -> None:
    """Which captures were taken from public archives."""
    run_script(
        db,
        """
alter table captures add column         -- the URL of the copy in a public archive; NULL: it came from no such archive
    source text;
""",
    )


@migrations()
def m500_deletions_id(db: Database) -> None:
    """Number the rows of the view of deletions as those of the other views are: by their article."""
    run_script(
        db,
        """
drop view deletions;
create view deletions as
select a.id, a.id as article, a.site, a.url, a.title, a.published, a.first_seen, a.last_seen, a.gone,
    a.gone_reason as reason
from articles a where a.gone is not null;
""",
    )


@migrations()
def m510_reprints(db: Database) -> None:
    """Record what finds the reprints of an article, and the groups of articles with the same text."""
    run_script(db, REPRINTS)


@migrations()
def m511_edits(db: Database) -> None:
    """Index the versions before and after each edit, for what newspapers no longer say."""
    run_script(db, EDITS)


@migrations()
def m512_quotations(db: Database) -> None:
    """Record the quotations of each article; all texts are compared again for them."""
    run_script(db, QUOTATIONS)


@migrations()
def m530_canonical(db: Database) -> None:
    """Note which pages name a canonical URL that is not believed."""
    run_script(
        db,
        """
alter table urls add column             -- the other URL that its page names as canonical, if that is not believed
    canonical text not null default '';
create index urls_canonical on urls(canonical) where canonical <> '';
""",
    )

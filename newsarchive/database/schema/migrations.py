"""The schema of an archive, as migrations; append only, never edit a released one.

The SQL of the first ones is in `first_schema` and `search_schema`.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from newsarchive.database.schema.first_schema import TABLES, VIEWS
from newsarchive.database.schema.search_schema import FULL_TEXT, SEARCH_ORDER, new_key
from newsarchive.text.search_text import stems_version

migrations = Migrations("newsarchive")


def _run(db: Database, script: str) -> None:
    """Run statements one by one: `executescript` would commit the migration's own transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if line.rstrip().endswith(";") and _complete(statement):
            db.conn.execute(statement)
            statement = ""


def _complete(statement: str) -> bool:
    return "create trigger" not in statement or statement.rstrip().endswith("end;")


@migrations()
def m001_tables(db: Database) -> None:
    """Sites, runs, the ledger of URLs, captures, articles with their revisions, people, pictures and terms."""
    _run(db, TABLES)


@migrations()
def m002_views(db: Database) -> None:
    """The views for people: archive, changes, deletions, coverage."""
    _run(db, VIEWS)


@migrations()
def m003_search(db: Database) -> None:
    """Full-text search over the text as it is, and over a shadow text of folded stems."""
    _run(db, FULL_TEXT)


@migrations()
def m101_search_order(db: Database) -> None:
    """Search rows in order of publication, so that the newest hits come without a sort; words with their counts."""
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
    """Every place of every word: tells which words begin with some letters, without counting them."""
    db.conn.execute("create virtual table stems_places using fts5vocab(stems_fts, instance)")


@migrations()
def m250_whole(db: Database) -> None:
    """What proves that the archive is whole, what was taken down, and what is withheld for a time."""
    _run(
        db,
        """
create table warc_files (               -- WARC files that are finished
    name text primary key,              -- file name in warc/
    bytes integer not null,
    sha256 text not null,
    closed text not null                -- when that was written down, UTC
) strict;
create table outdated_files (           -- files that hold what was taken down and are to be deleted
    name text primary key               -- warc/NAME, images/NAME; archive.db: its free space is to be cleared
) strict;
create table seals (                    -- digests of blocks of rows, by which a changed letter is found
    name text not null,                 -- of the table
    block integer not null,             -- key >> 5, or 0 where the whole table is one block
    digest text not null,
    primary key (name, block)
) strict, without rowid;
create table unsealed (                 -- blocks that were written to since they were sealed
    name text not null,
    block integer not null,
    primary key (name, block)
) strict, without rowid;
create table forgotten (                -- articles that were taken down: all that stays of each
    id integer primary key,
    article integer,                    -- the number it had; NULL where there was none
    site text not null references sites(name),
    url text not null,
    key text not null unique,
    published text,
    first_seen text,
    last_seen text,
    digest text not null default '',    -- of its last content
    revisions integer not null default 0,
    captures text not null default '[]', -- JSON: time, status and sha256 of each capture that was removed
    reason text not null,
    time text not null,                 -- when it was taken down, UTC
    run integer references runs(id)
) strict;
create table embargoes (                -- articles that readers may not see for a time
    id integer primary key,
    article integer not null references articles(id),
    until text not null,                -- UTC; from then on it is seen again
    reason text not null default '',
    since text not null,
    lifted text,                        -- when it was lifted before its time
    run integer references runs(id)
) strict;
create index embargoes_article on embargoes(article);
create view hidden as
select distinct article from embargoes where lifted is null and until > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
create index urls_forgotten on urls(site, key) where state = 'forgotten';
create trigger urls_forgotten_stay before update on urls
when old.state = 'forgotten' and (new.state <> 'forgotten' or new.hints <> '{}' or new.article is not null
    or new.next_visit is not null) begin
    select raise(ignore);
end;
create trigger articles_forgotten_insert before insert on articles
when exists (select 1 from urls where key = new.key and state = 'forgotten') begin
    select raise(abort, 'this address was taken down');
end;
""",
    )


@migrations()
def m260_search_index(db: Database) -> None:
    """Which rules and which lexicon the stems of the index were made with; unknown where there already are some."""
    _run(
        db,
        """
create table search_index (             -- one row: what the search index was made with
    stems text primary key              -- version of the rules of stemming, and digest of the lexicon
) strict;
""",
    )
    made = db.conn.execute("select 1 from stems limit 1").fetchone() is not None
    db.conn.execute("insert into search_index (stems) values (?)", ("unknown" if made else stems_version(),))


@migrations()
def m210_reextraction(db: Database) -> None:
    """Which of the newspaper's revisions another one re-extracts, and with what each was last extracted again."""
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
drop view changes;
create view changes as
select r.time, a.site, a.id as article, a.url, r.title, r.number as revision, b.number as previous, r.kind,
    c.value as field,
    case c.value when 'title' then b.title when 'lead' then b.lead when 'body' then b.body
        when 'language' then b.language when 'published' then b.published
        when 'authors' then b.authors when 'images' then b.images
        when 'categories' then b.categories when 'tags' then b.tags end as "from",
    case c.value when 'title' then r.title when 'lead' then r.lead when 'body' then r.body
        when 'language' then r.language when 'published' then r.published
        when 'authors' then r.authors when 'images' then r.images
        when 'categories' then r.categories when 'tags' then r.tags end as "to"
from revisions r
join articles a on a.id = r.article
join revisions o on o.article = r.article and o.number = (
    select max(p.number) from revisions p
    where p.article = r.article and p.number < r.number and p.kind <> 'reextracted')
join revisions b on b.id = coalesce( -- what r was compared with: the newspaper's text as the same extractor read it
    (select max(x.id) from revisions x where x.reextracts = o.id and x.id < r.id), o.id)
join json_each(r.changed) c
where r.kind not in ('first', 'reextracted');
""",
    )


@migrations()
def m220_visits(db: Database) -> None:
    """Which run visited a page: times to the second cannot tell two runs of the same second apart."""
    _run(
        db,
        """
alter table urls add column             -- the run that last fetched its page; NULL: a one-off fetch
    visited_run integer;
""",
    )


@migrations()
def m251_coverage(db: Database) -> None:
    """What was taken down counts in the coverage as what is no article."""
    _run(
        db,
        """
drop view coverage;
create view coverage as
select u.site, coalesce(a.day, u.day) as day,
    count(*) as listed,
    sum(u.state in ('article', 'gone') and u.article is not null) as archived,
    sum(u.state = 'failed') as failed,
    sum(u.state in ('not_article', 'excluded', 'forgotten')) as not_article,
    sum(u.state = 'listed') as due
from urls u left join articles a on a.id = u.article
where u.state <> 'alias'
group by u.site, coalesce(a.day, u.day);
""",
    )


@migrations()
def m230_revisits(db: Database) -> None:
    """Captures whose payload another one holds already: their records are revisits."""
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
    """Every file that a picture's address has given; `images` itself has the present one."""
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
def m270_walks(db: Database) -> None:
    """How a source was read last, and when it was walked to its end: for the weekly walk, and for people."""
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
    """What made a revision is named by versions; it was a digest of source files, which any comment changed."""
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
def m320_certificates(db: Database) -> None:
    """What the TLS certificate of each capture was worth, and since when that of a host is what it is."""
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
def m310_retry_after(db: Database) -> None:
    """When a site asked to be asked again."""
    _run(
        db,
        """
alter table sites add column            -- the site asked for no request before this time; NULL: it did not
    retry_after text;
""",
    )


@migrations()
def m330_held_up(db: Database) -> None:
    """Addresses that end the runs of their site."""
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

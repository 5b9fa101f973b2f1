"""The schema of an archive, as migrations; append only, never edit a released one."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from newsarchive.shadow import stems_version

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
    _run(
        db,
        """
create table sites (                    -- newspapers, each with its profile as it was when last crawled
    name text primary key,
    title text not null default '',
    url text not null,
    language text not null default '',
    timezone text not null default 'UTC',
    profile text not null default '{}', -- JSON
    added text not null
) strict;
create table runs (                     -- one execution of a command that writes
    id integer primary key,
    command text not null,              -- crawl, fetch, reextract, import, ...
    site text references sites(name),
    version text not null,
    started text not null,
    finished text,                      -- NULL while it runs, or where it was killed
    reason text not null default '',    -- finished, interrupted, killed, failed: why it ended
    message text not null default '',   -- the sentence it ended with
    counts text not null default '{}'   -- JSON: new, changed, gone, failed, requests, ...
) strict;
create index runs_site on runs(site, id);
create table sources (                  -- what is known of each way a site lists its articles
    site text not null references sites(name),
    kind text not null,
    url text not null,                  -- where it begins
    state text not null default '',     -- working, failed
    reason text not null default '',
    checked text,                       -- when it was last read
    complete text,                      -- when it was last walked to its end
    cursor text not null default '',    -- changes up to here have been seen (the source's own terms)
    total integer,                      -- how many articles it says it has
    etag text not null default '',
    last_modified text not null default '',
    data text not null default '{}',    -- JSON: what the kind of source needs to remember besides
    primary key (site, kind, url)
) strict;
create table captures (                 -- one HTTP response kept in a WARC file
    id integer primary key,
    url text not null,
    time text not null,
    status integer not null,
    content_type text not null default '',
    etag text not null default '',
    last_modified text not null default '',
    sha256 text not null,               -- of the payload as it came over the wire
    warc text not null,                 -- file name in warc/
    offset integer not null,
    length integer not null,
    run integer references runs(id),
    unique (warc, offset)
) strict;
create index captures_url on captures(url, time);
create index captures_sha256 on captures(sha256);
create table articles (                 -- the present state, one per canonical URL
    id integer primary key,
    site text not null references sites(name),
    url text not null,
    key text not null unique,           -- the URL without what does not tell articles apart
    title text not null default '',
    lead text,                          -- standfirst, where the page shows one apart from the body
    body text not null default '',
    markdown text not null default '',
    language text,
    published text,                     -- UTC, or a bare date where the page gives no time
    modified text,
    day text,                           -- of publication (else of the first sight), in the site's time zone
    words integer not null default 0,
    first_seen text not null,
    last_seen text not null,
    gone text,                          -- since when it is gone; NULL while alive
    gone_reason text,
    current_revision integer            -- revisions.id
) strict;
create index articles_site on articles(site, published);
create index articles_day on articles(day);
create index articles_published on articles(published);
create index articles_gone on articles(gone) where gone is not null;
create table revisions (                -- each distinct content of an article
    id integer primary key,
    article integer not null references articles(id),
    number integer not null,            -- 1 is the first
    time text not null,                 -- when this content was first seen
    kind text not null,                 -- first, substantive, cosmetic, metadata, reextracted
    changed text not null default '[]', -- JSON array of fields that differ from the revision before
    digest text not null,               -- of the content, with a version in front
    title text not null default '',
    lead text,
    body text not null default '',
    markdown text not null default '',
    language text,
    published text,
    modified text,
    authors text not null default '[]', -- JSON: name, as_written, role
    images text not null default '[]',  -- JSON: url, shown, alt, caption, credit, lead
    categories text not null default '[]',
    tags text not null default '[]',
    evidence text not null default '{}', -- JSON: where each field came from
    hints text not null default '{}',   -- JSON: what the listing said, used for this extraction
    extractor text not null default '', -- name and version
    options_digest text not null default '',
    profile_digest text not null default '',
    run integer references runs(id),
    unique (article, number)
) strict;
create index revisions_time on revisions(time) where kind not in ('first', 'reextracted');
create table revision_captures (        -- the pages a revision was made of, in order
    revision integer not null references revisions(id),
    position integer not null,
    capture integer not null references captures(id),
    primary key (revision, position)
) strict, without rowid;
create index revision_captures_capture on revision_captures(capture);
create table urls (                     -- the ledger: every URL ever listed or met as another address of an article
    id integer primary key,
    site text not null references sites(name),
    url text not null,
    key text not null unique,
    source text not null,               -- the kind of source that listed it first; fetch; alias
    native_id text not null default '', -- the source's own number for it
    first_listed text not null,
    last_listed text not null,
    lastmod text not null default '',   -- when the source says it last changed
    day text,                           -- of publication as the source says, else of the first listing
    state text not null,                -- listed, article, not_article, excluded, failed, gone, alias
    reason text not null default '',
    hints text not null default '{}',   -- JSON: what the listing last said of it
    visited text,                       -- last time its page was fetched
    next_visit text,                    -- when its page is due again; NULL: only when a source says so
    attempts integer not null default 0, -- failures in a row
    missing text,                       -- first sign that it is gone, awaiting confirmation by another run
    missing_run integer,
    article integer references articles(id)
) strict;
create index urls_state on urls(site, state, day);
create index urls_due on urls(site, day desc, id) where next_visit is not null;
create index urls_article on urls(article);
create index urls_native_id on urls(site, native_id) where native_id <> '';
create table authors (
    id integer primary key,
    name text not null unique           -- in normal capitals
) strict;
create table article_authors (          -- who signs an article, photographers too
    article integer not null references articles(id),
    position integer not null,           -- key columns first: SQLite before 3.41 misreads others in its check
    author integer not null references authors(id),
    role text not null default 'author', -- author, desk, photo
    as_written text not null default '',
    primary key (article, position)
) strict, without rowid;
create index article_authors_author on article_authors(author);
create table images (                   -- pictures by address, the largest version the page offers
    id integer primary key,
    url text not null unique,
    sha256 text,                        -- of the kept file; NULL where none is kept
    bytes integer,
    width integer,
    height integer,
    type text,                          -- media type of the kept file
    phash text,                         -- perceptual hash
    capture integer references captures(id),
    state text not null default '',     -- kept, failed, refused; empty where it was never asked for
    reason text not null default ''
) strict;
create index images_sha256 on images(sha256) where sha256 is not null;
create table article_images (
    article integer not null references articles(id),
    position integer not null,
    image integer not null references images(id),
    lead integer not null default 0,
    shown text not null default '',     -- the address shown
    alt text not null default '',
    caption text not null default '',
    credit text not null default '',
    primary key (article, position)
) strict, without rowid;
create index article_images_image on article_images(image);
create table categories (id integer primary key, name text not null unique) strict;
create table article_categories (
    article integer not null references articles(id),
    position integer not null,
    category integer not null references categories(id),
    primary key (article, position)
) strict, without rowid;
create index article_categories_category on article_categories(category);
create table tags (id integer primary key, name text not null unique) strict;
create table article_tags (
    article integer not null references articles(id),
    position integer not null,
    tag integer not null references tags(id),
    primary key (article, position)
) strict, without rowid;
create index article_tags_tag on article_tags(tag);
""",
    )


@migrations()
def m002_views(db: Database) -> None:
    """The views for people: archive, changes, deletions, coverage."""
    _run(
        db,
        """
create view archive as
select a.id, a.site, a.url, a.title, a.lead, a.body,
    (select json_group_array(name) from (
        select n.name from article_authors l join authors n on n.id = l.author
        where l.article = a.id and l.role = coalesce(
            (select 'author' from article_authors p where p.article = a.id and p.role = 'author'), 'desk')
        order by l.position)) as authors,
    (select json_group_array(name) from (
        select n.name from article_categories l join categories n on n.id = l.category
        where l.article = a.id order by l.position)) as categories,
    (select json_group_array(name) from (
        select n.name from article_tags l join tags n on n.id = l.tag
        where l.article = a.id order by l.position)) as tags,
    a.language, a.published, a.modified, a.day, a.first_seen, a.last_seen, a.gone,
    (select count(*) from revisions r where r.article = a.id and r.kind <> 'reextracted') as revisions,
    a.words,
    (select i.url from article_images l join images i on i.id = l.image
        where l.article = a.id and l.lead limit 1) as lead_image,
    (select json_group_array(url) from (
        select i.url from article_images l join images i on i.id = l.image
        where l.article = a.id order by l.lead desc, l.position)) as images
from articles a;
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
join revisions b on b.article = r.article and b.number = (
    select max(p.number) from revisions p
    where p.article = r.article and p.number < r.number and p.kind <> 'reextracted')
join json_each(r.changed) c
where r.kind not in ('first', 'reextracted');
create view deletions as
select a.id as article, a.site, a.url, a.title, a.published, a.first_seen, a.last_seen, a.gone,
    a.gone_reason as reason
from articles a where a.gone is not null;
create view coverage as
select u.site, coalesce(a.day, u.day) as day,
    count(*) as listed,
    sum(u.state in ('article', 'gone') and u.article is not null) as archived,
    sum(u.state = 'failed') as failed,
    sum(u.state in ('not_article', 'excluded')) as not_article,
    sum(u.state = 'listed') as due
from urls u left join articles a on a.id = u.article
where u.state <> 'alias'
group by u.site, coalesce(a.day, u.day);
""",
    )


@migrations()
def m003_search(db: Database) -> None:
    """Full-text search over the text as it is, and over a shadow text of folded stems."""
    _run(
        db,
        """
create virtual table articles_fts using fts5(
    title, lead, body, content="articles", content_rowid="id", tokenize="unicode61 remove_diacritics 0");
create trigger articles_fts_insert after insert on articles begin
    insert into articles_fts(rowid, title, lead, body) values (new.id, new.title, new.lead, new.body);
end;
create trigger articles_fts_delete after delete on articles begin
    insert into articles_fts(articles_fts, rowid, title, lead, body)
        values ('delete', old.id, old.title, old.lead, old.body);
end;
create trigger articles_fts_update after update of title, lead, body on articles begin
    insert into articles_fts(articles_fts, rowid, title, lead, body)
        values ('delete', old.id, old.title, old.lead, old.body);
    insert into articles_fts(rowid, title, lead, body) values (new.id, new.title, new.lead, new.body);
end;
create table stems (                    -- shadow text for search: folded stems, written with the article
    id integer primary key references articles(id),
    title text not null default '',
    authors text not null default '',
    body text not null default ''
) strict;
create virtual table stems_fts using fts5(
    title, authors, body, content="stems", content_rowid="id", tokenize="unicode61 remove_diacritics 0");
create trigger stems_fts_insert after insert on stems begin
    insert into stems_fts(rowid, title, authors, body) values (new.id, new.title, new.authors, new.body);
end;
create trigger stems_fts_delete after delete on stems begin
    insert into stems_fts(stems_fts, rowid, title, authors, body)
        values ('delete', old.id, old.title, old.authors, old.body);
end;
create trigger stems_fts_update after update on stems begin
    insert into stems_fts(stems_fts, rowid, title, authors, body)
        values ('delete', old.id, old.title, old.authors, old.body);
    insert into stems_fts(rowid, title, authors, body) values (new.id, new.title, new.authors, new.body);
end;
""",
    )


_DAY_KEY = "(max(0, cast(julianday({row}.day) - 2378496.5 as integer)) << 19)"
_SECONDS_KEY = (
    "min(187200, max(0, coalesce(strftime('%s', coalesce({row}.published, {row}.first_seen)), 0)"
    " - coalesce(strftime('%s', {row}.day), 0) + 50400))"
)


def _new_key(row: str) -> str:
    """SQL for the place of an article row in `search_order`: its second, else the next free one, else the day's end."""
    day = _DAY_KEY.format(row=row)
    base = f"{day} + {_SECONDS_KEY.format(row=row)}"
    return f"""coalesce(
        (select {base} where not exists (select 1 from search_order o where o.key = {base})),
        (select o.key + 1 from search_order o where o.key between {base} and {base} + 60
            and not exists (select 1 from search_order n where n.key = o.key + 1) order by o.key limit 1),
        (select max(o.key) + 1 from search_order o where o.key < {day} + 524288 having max(o.key) + 1 < {day} + 524288),
        (select max(o.key) + 1 from search_order o))"""  # noqa: S608


@migrations()
def m101_search_order(db: Database) -> None:
    """Search rows in order of publication, so that the newest hits come without a sort; words with their counts."""
    _run(
        db,
        f"""
drop trigger stems_fts_insert;
drop trigger stems_fts_delete;
drop trigger stems_fts_update;
drop table stems_fts;
create table search_order (             -- the articles in order of publication: key = day and second in it
    key integer primary key,            -- key >> 19 is the number of the day, counted from 1800-01-01
    article integer not null unique references articles(id),
    site text not null,
    language text,
    day text
) strict;
create view stems_in_order as
select o.key, s.title, s.authors, s.body from search_order o join stems s on s.id = o.article;
create virtual table stems_fts using fts5(
    title, authors, body, content="stems_in_order", content_rowid="key", tokenize="unicode61 remove_diacritics 0");
create virtual table stems_words using fts5vocab(stems_fts, row);
create trigger stems_insert after insert on stems begin
    insert into search_order (key, article, site, language, day)
        select {_new_key("a")}, a.id, a.site, a.language, a.day from articles a where a.id = new.id;
    insert into stems_fts(rowid, title, authors, body)
        select o.key, new.title, new.authors, new.body from search_order o where o.article = new.id;
end;
create trigger stems_delete after delete on stems begin
    insert into stems_fts(stems_fts, rowid, title, authors, body)
        select 'delete', o.key, old.title, old.authors, old.body from search_order o where o.article = old.id;
    delete from search_order where article = old.id;
end;
create trigger stems_update after update of title, authors, body on stems begin
    insert into stems_fts(stems_fts, rowid, title, authors, body)
        select 'delete', o.key, old.title, old.authors, old.body from search_order o where o.article = old.id;
    insert into stems_fts(rowid, title, authors, body)
        select o.key, new.title, new.authors, new.body from search_order o where o.article = new.id;
end;
create trigger search_order_time after update of published, day on articles
when new.published is not old.published or new.day is not old.day begin
    insert into stems_fts(stems_fts, rowid, title, authors, body)
        select 'delete', o.key, s.title, s.authors, s.body
        from search_order o join stems s on s.id = o.article where o.article = new.id;
    update search_order set day = new.day, key = {_new_key("new")} where article = new.id;
    insert into stems_fts(rowid, title, authors, body)
        select o.key, s.title, s.authors, s.body
        from search_order o join stems s on s.id = o.article where o.article = new.id;
end;
create trigger search_order_place after update of site, language on articles
when new.site is not old.site or new.language is not old.language begin
    update search_order set site = new.site, language = new.language where article = new.id;
end;
insert into search_order (key, article, site, language, day)
    select -s.id, s.id, a.site, a.language, a.day from stems s join articles a on a.id = s.id;
""",  # noqa: S608
    )
    for (article,) in db.conn.execute("select id from stems order by id").fetchall():
        db.conn.execute(
            f"update search_order set key = (select {_new_key('a')} from articles a where a.id = article)"  # noqa: S608
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

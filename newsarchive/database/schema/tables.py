"""The tables of an archive, as SQL. Part of the released migrations: never edit, only append."""

TABLES = """
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
"""

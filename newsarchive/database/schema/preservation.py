"""The tables of preservation (checksums, takedowns, embargoes), as SQL. Part of the released migrations: never edit."""

PRESERVATION = """
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
"""

"""The tables of alerts and of what was told to whom, as SQL. Part of the released migrations: never edit."""

NOTICES = """
create table alerts (                   -- what needs a person, and from when to when it did
    id integer primary key,
    site text not null,                 -- empty: it is about the archive
    code text not null,                 -- which kind of alert
    about text not null,                -- a source, a field, a host: where there may be several of a kind
    sentence text not null,             -- as last found
    began text not null,
    seen text not null,                 -- when a run last found it
    ended text                          -- NULL while it lasts
) strict;
create unique index alerts_open on alerts(site, code, about) where ended is null;
create table recipients (               -- who is told, by the name in newsarchive.toml
    name text primary key,
    since text not null
) strict;
create table told_alerts (              -- the beginnings and ends of alerts that a recipient was told
    alert integer not null references alerts(id) on delete cascade,
    recipient text not null,
    event text not null,                -- began, ended
    time text not null,
    primary key (alert, recipient, event)
) strict;
create table digests (                  -- how far each recipient has had each digest of news
    name text not null,
    recipient text not null,
    revision integer not null,          -- the last revision that was in it, or was there when it began
    time text not null,                 -- when it was last sent, or began
    primary key (name, recipient)
) strict;
create table told_deletions (           -- the deletions that each digest has had
    name text not null,
    recipient text not null,
    article integer not null references articles(id) on delete cascade,
    gone text not null,
    primary key (name, recipient, article)
) strict;
create index told_deletions_article on told_deletions(article);
-- the number of a revision that was the highest and was removed is given again: what gets it is news
create trigger digests_follow after delete on revisions begin
    update digests set revision = (select coalesce(max(id), 0) from revisions)
    where revision > (select coalesce(max(id), 0) from revisions);
end;
"""

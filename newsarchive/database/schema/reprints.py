"""The tables and the view of reprints, as SQL. Part of the released migrations: never edit, only append."""

REPRINTS = """
create table reprint_sketches (         -- sampled hashes of each article's text, by which its reprints are found
    article integer primary key references articles(id) on delete cascade,
    words integer not null,
    hashes text not null                -- hexadecimal, separated by spaces
) strict;
create virtual table reprint_sketches_fts using fts5(
    hashes, content="reprint_sketches", content_rowid="article", detail=none, columnsize=0, tokenize="ascii");
create table reprint_pairs (            -- two articles with so much text in common that one reprints the other
    first integer not null references articles(id) on delete cascade,
    second integer not null references articles(id) on delete cascade,
    share_first real not null,          -- share of the words of `first` that are in `second` too
    share_second real not null,
    primary key (first, second)
) strict, without rowid;
create index reprint_pairs_second on reprint_pairs(second);
create table reprint_groups (           -- articles joined by pairs
    article integer primary key references articles(id) on delete cascade,
    members integer not null            -- number of the group: its lowest article number when it was made
) strict;
create index reprint_groups_members on reprint_groups(members);
create table uncompared (               -- articles whose text was not compared with the others yet
    article integer primary key references articles(id) on delete cascade
) strict;
insert into uncompared (article) select id from stems;
create trigger reprint_sketches_insert after insert on reprint_sketches begin
    insert into reprint_sketches_fts(rowid, hashes) values (new.article, new.hashes);
    delete from uncompared where article = new.article;
end;
create trigger reprint_sketches_delete after delete on reprint_sketches begin
    insert into reprint_sketches_fts(reprint_sketches_fts, rowid, hashes) values ('delete', old.article, old.hashes);
    delete from reprint_pairs where first = old.article or second = old.article;
    delete from reprint_groups where article = old.article;
end;
create trigger reprint_sketches_due after insert on stems begin
    insert into uncompared (article)
        select new.id where not exists (select 1 from uncompared where article = new.id);
end;
create trigger reprint_sketches_outdated after update of body on stems when new.body is not old.body begin
    delete from reprint_sketches where article = new.id;
    insert into uncompared (article)
        select new.id where not exists (select 1 from uncompared where article = new.id);
end;
create trigger reprint_sketches_removed after delete on stems begin
    delete from reprint_sketches where article = old.id;
    delete from uncompared where article = old.id;
end;
create view reprints as
select g.members as "group", row_number() over earlier as place, count(*) over (partition by g.members) as articles,
    a.id as article, a.site, a.url, a.title, a.published, a.day,
    first_value(a.id) over earlier as first_article, first_value(a.site) over earlier as first_site,
    (select max(case p.first when a.id then p.share_first else p.share_second end) from reprint_pairs p
        where (p.first = a.id and p.second not in (select article from hidden))
            or (p.second = a.id and p.first not in (select article from hidden))) as share
from reprint_groups g
join articles a on a.id = g.article
join search_order o on o.article = a.id
where a.id not in (select article from hidden)
    and exists (select 1 from reprint_groups b where b.members = g.members and b.article <> g.article
        and b.article not in (select article from hidden))
window earlier as (partition by g.members order by o.key);
"""

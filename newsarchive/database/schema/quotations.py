"""The table of quotations, as SQL. Part of the released migrations: never edit, only append."""

QUOTATIONS = """
create table quotations (               -- sentences between quotation marks
    id integer primary key,
    article integer not null references articles(id) on delete cascade,
    key text not null,                  -- the same for the same words in any alphabet
    words integer not null,
    text text not null
) strict;
create index quotations_article on quotations(article);
create index quotations_key on quotations(key);
create trigger quotations_outdated after delete on reprint_sketches begin
    delete from quotations where article = old.article;
end;
delete from reprint_sketches;
insert into uncompared (article)
    select id from stems where id not in (select article from uncompared);
create view reused_quotations as
select (select x.text from quotations x join search_order y on y.article = x.article
        where x.key = q.key and x.article not in (select article from hidden) order by y.key limit 1) as text,
    max(q.words) as words, count(distinct q.article) as articles,
    count(distinct a.site) as sites, min(a.day) as first_day, max(a.day) as last_day, q.key
from quotations q join articles a on a.id = q.article
where q.article not in (select article from hidden)
group by q.key having count(distinct q.article) > 1;
"""

"""The views for people (archive, changes, deletions, coverage), as SQL. Part of the released migrations: never edit."""

VIEWS = """
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
"""

CHANGES = """
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
"""
"""Replaces the view of changes: compares revisions as the same extractor reads them."""

COVERAGE = """
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
"""
"""Replaces the view of coverage: articles that were taken down count as no articles."""

COVERAGE_SOURCES = """
drop view coverage;
create view coverage as
select u.site, coalesce(a.day, u.day) as day,
    count(*) as listed,
    sum(u.state in ('article', 'gone') and u.article is not null) as archived,
    sum(u.state = 'failed') as failed,
    sum(u.state in ('not_article', 'excluded', 'forgotten')) as not_article,
    sum(u.state = 'listed') as due,
    (select json_group_object(source, json_object('listed', listed, 'archived', archived)) from (
        select case url when kind then kind else kind || ' ' || url end as source, listed, archived
        from sources where site = u.site and listed is not null order by 1)) as sources
from urls u left join articles a on a.id = u.article
where u.state <> 'alias'
group by u.site, coalesce(a.day, u.day);
"""
"""Replaces the view of coverage: with the number of articles that each source of the site lists."""

OMISSIONS = """
create view omissions as
select a.site, json_extract(o.value, '$.rule') as rule, count(distinct a.id) as articles,
    sum(coalesce(json_extract(o.value, '$.more'), 1)) as texts, sum(json_extract(o.value, '$.length')) as characters
from articles a
join revisions r on r.id = a.current_revision
join json_each(r.evidence, '$.omitted') o
group by a.site, json_extract(o.value, '$.rule');
"""
"""What extraction left out of the elements with the articles' text, by site and rule."""

"""The tables and triggers of search, as SQL. Part of the released migrations: never edit, only append."""

FULL_TEXT = """
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
"""

_DAY_KEY = "(max(0, cast(julianday({row}.day) - 2378496.5 as integer)) << 19)"
_SECONDS_KEY = (
    "min(187200, max(0, coalesce(strftime('%s', coalesce({row}.published, {row}.first_seen)), 0)"
    " - coalesce(strftime('%s', {row}.day), 0) + 50400))"
)


def new_key(row: str) -> str:
    """SQL for the place of an article row in `search_order`: its second, else the next free one, else the day's end."""
    day = _DAY_KEY.format(row=row)
    base = f"{day} + {_SECONDS_KEY.format(row=row)}"
    return f"""coalesce(
        (select {base} where not exists (select 1 from search_order o where o.key = {base})),
        (select o.key + 1 from search_order o where o.key between {base} and {base} + 60
            and not exists (select 1 from search_order n where n.key = o.key + 1) order by o.key limit 1),
        (select max(o.key) + 1 from search_order o where o.key < {day} + 524288 having max(o.key) + 1 < {day} + 524288),
        (select max(o.key) + 1 from search_order o))"""  # noqa: S608


SEARCH_ORDER = f"""
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
        select {new_key("a")}, a.id, a.site, a.language, a.day from articles a where a.id = new.id;
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
    update search_order set day = new.day, key = {new_key("new")} where article = new.id;
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
"""  # noqa: S608

"""The tables of what edits took away and added, as SQL. Part of the released migrations: never edit, only append."""

EDITS = """
create table edits (                    -- the newspaper's edits that changed words, as the same extractor reads both
    revision integer primary key references revisions(id) on delete cascade,
    before integer not null references revisions(id) on delete cascade,
    article integer not null references articles(id) on delete cascade,
    number integer not null             -- of the version after the edit
) strict;
create index edits_article on edits(article);
create index edits_before on edits(before);
create table edit_texts (               -- search text of the versions before and after each edit
    revision integer primary key references revisions(id) on delete cascade,
    title text not null,
    body text not null
) strict;
create virtual table edit_texts_fts using fts5(
    title, body, content="edit_texts", content_rowid="revision", tokenize="unicode61 remove_diacritics 0");
create trigger edit_texts_insert after insert on edit_texts begin
    insert into edit_texts_fts(rowid, title, body) values (new.revision, new.title, new.body);
end;
create trigger edit_texts_delete after delete on edit_texts begin
    insert into edit_texts_fts(edit_texts_fts, rowid, title, body)
        values ('delete', old.revision, old.title, old.body);
end;
create table unread_edits (             -- articles with several versions that were not compared yet
    article integer primary key references articles(id) on delete cascade
) strict;
insert into unread_edits (article) select distinct article from revisions where number > 1;
create trigger edits_due after insert on revisions when new.number > 1 begin
    insert into unread_edits (article)
        select new.article where not exists (select 1 from unread_edits where article = new.article);
end;
create trigger edits_outdated after update of article, number, kind, reextracts, title, lead, body on revisions begin
    insert into unread_edits (article)
        select new.article where not exists (select 1 from unread_edits where article = new.article);
end;
create trigger edits_removed after delete on revisions
when exists (select 1 from revisions where article = old.article) begin
    insert into unread_edits (article)
        select old.article where not exists (select 1 from unread_edits where article = old.article);
end;
"""

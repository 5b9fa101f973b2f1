"""The command that shows, or writes into a profile, what crawls learned of a site: sites learn."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.crawling.site_learning import USUAL_SOURCES
from newsarchive.database import learned, lock_archive, open_archive
from newsarchive.database.idle import learned_idle
from newsarchive.discovery import at_root, identity
from newsarchive.export.files import atomic_write
from newsarchive.sites import PACKAGED, Site, Source, make_site, profile_paths
from newsarchive.sites.editing import add_to_profile
from newsarchive.text.counting import counted


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What crawls know of a site that its profile does not say."""

    url: str
    sources: tuple[Source, ...]
    rows: tuple[dict[str, Any], ...]
    idle: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.url or self.sources or self.idle)


@click.command(name="learn", short_help="Show sources that a profile lacks.")
@click.argument("name")
@click.option("--write", is_flag=True, help="Write them into the profile; its comments are kept.")
@json_option
@click.pass_obj
def learn_sources(archive: Archive, name: str, write: bool, as_json: bool) -> None:
    """Show the sources that crawls found and the profile lacks; with --write, add them to the profile."""
    site = archive.site(name)
    with archive.read() as db:
        found = _learned(db, site)
    if as_json:
        print_json({"url": found.url, "sources": list(found.rows), "idle_parameters": list(found.idle)})
    elif found:
        _show(found)
    if not found:
        archive.say(f"{name}: crawls learned nothing that its profile lacks.")
    elif write:
        _write(archive, site)
    elif not as_json:
        archive.say(f'For {_own_path(archive, name)}; "newsarchive sites learn {name} --write" adds it.')


def _learned(db: Any, site: Site) -> Learned:
    known = {identity(site, source) for source in site.sources or USUAL_SOURCES}
    rows = [row for row in learned.found_sources(db, site.name) if row["learned"] == "used"]
    new = [(Source(kind=row["kind"], url=row["url"]), row) for row in rows]
    new = [(source, row) for source, row in new if identity(site, source) not in known]
    root = learned.root_of(db, site.name)
    return Learned(
        url=root if root != site.url else "",
        sources=tuple(source for source, _row in new),
        rows=tuple(
            {"kind": row["kind"], "url": row["url"], "named_by": row["origin"], "only": row["only"]}
            for _source, row in new
        ),
        idle=tuple(sorted(learned_idle(db, site.name) - set(site.idle_parameters))),
    )


def _show(found: Learned) -> None:
    if found.url:
        click.echo(f'url = "{found.url}"')
    if found.idle:
        click.echo(f"idle_parameters = {json.dumps(found.idle, ensure_ascii=False)}")
    for row in found.rows:
        click.echo(f"\n# named by {row['named_by']}; {counted(row['only'], 'article')} listed there first")
        click.echo(f'[[sources]]\nkind = "{row["kind"]}"\nurl = "{row["url"]}"')


def _own_path(archive: Archive, name: str) -> Path:
    return archive.folder / "sites" / f"{name}.toml"


def _write(archive: Archive, site: Site) -> None:
    """Add what was learned to the profile in the archive, or to a copy of the packaged one there.

    It is read again under the archive's lock. Nothing is written if the profile would no longer be valid, or if it
    changes meanwhile.
    """
    path = _own_path(archive, site.name)
    with lock_archive(archive.folder):
        source = profile_paths(PACKAGED, archive.folder / "sites")[site.name]
        before = source.read_bytes()
        site = make_site(site.name, tomllib.loads(before.decode("utf-8-sig")), where=str(source))
        db = open_archive(archive.folder)
        found = _learned(db, site)
        moved = {s.url: at_root(s, site.url, found.url).url for s in site.sources if s.url and found.url}
        new = tuple(at_root(s, site.url, found.url) if found.url else s for s in found.sources)
        text = add_to_profile(
            before.decode("utf-8"), url=found.url, moved=moved, usual=USUAL_SOURCES, sources=new, idle=found.idle
        )
        make_site(site.name, tomllib.loads(text.removeprefix("\ufeff")), where=str(path))
        with atomic_write(path) as draft:
            draft.write_bytes(text.encode("utf-8"))
            if source.read_bytes() != before:
                archive.warn(f"{path} was changed meanwhile; nothing was written. Run the command again.")
                sys.exit(1)
        learned.note_written(db, site.name, found.sources)
        db.close()
    archive.say(f"Wrote {path}.")

"""The command that adds sites, one or a list of them: sites add."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, announce, strict_option, strict_settings
from newsarchive.crawling.probing import Probe, ProbeFailed, probe, probe_all
from newsarchive.crawling.spiders.probe import More
from newsarchive.crawling.statuses import status_line
from newsarchive.database import learned, lock_archive, open_archive, save_site
from newsarchive.discovery import probe_urls, propose_site
from newsarchive.errors import NewsArchiveError, reason_of
from newsarchive.export.files import atomic_write
from newsarchive.items import Page
from newsarchive.sites import ProfileError, Site, profile_paths, read_profile
from newsarchive.sites.writing import profile_toml
from newsarchive.text.counting import counted
from newsarchive.times import now
from newsarchive.urls import host_of, is_address


class NotAdded(NewsArchiveError):
    """A site was not added; the message says why."""


@click.command(short_help="Probe a site and write its profile.")
@click.argument("url", required=False)
@click.option("--name", default="", help="Name of the site; by default derived from its host.")
@click.option(
    "--list",
    "papers",
    type=click.File(encoding="utf-8-sig", errors="replace"),
    metavar="FILE",
    help="Add the sites in FILE (- is standard input), one per line: URL and, optionally, name.",
)
@strict_option
@click.pass_obj
def add(archive: Archive, url: str | None, name: str, papers: TextIO | None, strict: bool) -> None:
    """Probe the site at URL, or those in a list, and write a profile for each.

    In a list, empty lines and text after # are ignored; a site that already has a profile is left unchanged.
    """
    if (url is None) == (papers is None) or (papers is not None and name):
        raise click.UsageError("Give either a URL, with --name if you like, or --list FILE.")
    if papers is not None:
        sys.exit(_add_list(archive, papers, strict=strict))
    assert url is not None
    try:
        name = checked_name(url, name)
    except NotAdded as error:
        raise click.UsageError(str(error)) from error
    with lock_archive(archive.folder):
        announce(archive)
        pages, failures = probed(archive, probe_urls(url), partial(probe_urls, url), strict=strict)
        try:
            has_sources = _write(archive, name, url, pages, failures)
        except NotAdded as error:
            archive.warn(str(error))
            sys.exit(1)
    if not has_sources:
        sys.exit(1)
    click.echo(f"Next: newsarchive sites check {name}; newsarchive crawl {name}")


def probed(
    archive: Archive, urls: Sequence[str], more: More, *, strict: bool, site: Site | None = None
) -> tuple[dict[str, Page], dict[str, str]]:
    """Probe with a progress bar; exits with a message if probing fails."""
    with progress_bar(archive) as bar:
        try:
            return probe(
                archive.folder,
                urls,
                more,
                settings=strict_settings(strict=strict),
                site=site,
                progress=lambda done: bar.show("probing", done, None),
            )
        except ProbeFailed as error:
            archive.warn(f"The site cannot be probed: {error}.")
            sys.exit(1)


def checked_name(url: str, name: str) -> str:
    """Return the name of the site at a URL: the one given, else that of its host. Raises NotAdded."""
    if not is_address(url):
        raise NotAdded(f"“{url}” is not an http(s) URL.")
    name = name or name_of_host(url)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise NotAdded(f"A site's name must be lower-case letters, digits, - and _, not “{name}”.")
    return name


def _write(archive: Archive, name: str, url: str, pages: dict[str, Page], failures: dict[str, str]) -> bool:
    """Write the profile of a site that was probed, and say what was found; return whether it has any source.

    Raises NotAdded if nothing of the site could be read.
    """
    if not any(page.status < 400 for page in pages.values()):
        statuses = ", ".join(sorted({status_line(page.status) for page in pages.values()}))
        reason = next(iter(failures.values()), f"every request was answered with an error ({statuses})")
        raise NotAdded(f"{url} cannot be probed: {reason}.")
    proposal = propose_site(name, url, pages)
    site = proposal.site
    path = archive.folder / "sites" / f"{name}.toml"
    known = path.exists()
    db = open_archive(archive.folder)
    with atomic_write(path) as draft:
        draft.write_text(profile_toml(site), encoding="utf-8")
    save_site(db, site)
    learned.note_looked(db, site, time=now())
    db.close()
    archive.say(f"{'Rewrote' if known else 'Wrote'} {path}: {describe(site)}")
    for finding in proposal.findings:
        archive.say(f"  {finding.sentence()}")
    for host in proposal.elsewhere:
        archive.warn(
            f"A source lists articles on another host, {host}; if they are the newspaper's own, add it to `aliases`."
        )
    if not site.sources:
        archive.warn(f"No source that lists its articles was found; add one to {path} by hand.")
    return bool(site.sources)


# A list


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One line of a list: what is to be added, or why it is not."""

    line: int
    url: str
    name: str = ""
    problem: str = ""
    known: bool = False
    """True if it has a profile already."""


def _add_list(archive: Archive, lines: TextIO, *, strict: bool) -> int:
    """Add the papers of a list side by side, each when it is probed; return the exit code."""
    papers = list(papers_in(lines, profile_paths(archive.folder / "sites")))
    if not papers:
        raise click.UsageError("The list has no papers: write a URL on each line.")
    failed = 0
    for paper in papers:
        if paper.problem:
            archive.warn(f"line {paper.line}: {paper.problem}")
            failed += 1
        elif paper.known:
            click.echo(f"{paper.name}: has a profile already")
    added = _probe_list(archive, [paper for paper in papers if not paper.problem and not paper.known], strict=strict)
    failed += added.count(False)
    known = sum(paper.known for paper in papers)
    parts = [f"{added.count(True)} of {counted(len(papers), 'paper')} added"]
    parts += [f"{known} had a profile already"] if known else []
    parts += [f"{failed} failed"] if failed else []
    click.echo("; ".join(parts))
    return 1 if failed else 0


def _probe_list(archive: Archive, papers: Sequence[Paper], *, strict: bool) -> list[bool]:
    """Probe papers and write their profiles; return for each that ended whether it can be crawled."""
    if not papers:
        return []
    results: list[bool] = []
    probes = [(paper, Probe(urls=probe_urls(paper.url), more=partial(probe_urls, paper.url))) for paper in papers]
    of_probe = {id(one): paper for paper, one in probes}

    def ended(one: Probe) -> None:
        results.append(_take(archive, of_probe[id(one)], one))
        one.pages.clear()

    with lock_archive(archive.folder):
        announce(archive)
        probe_all(archive.folder, [one for _, one in probes], settings=strict_settings(strict=strict), ended=ended)
    return results


def _take(archive: Archive, paper: Paper, one: Probe) -> bool:
    """Write the profile of a paper that was probed, and say so; return whether it can be crawled."""
    try:
        if one.problem:
            raise NotAdded(f"{paper.url} cannot be probed: {one.problem}.")
        has_sources = _write(archive, paper.name, paper.url, one.pages, one.failures)
    except NotAdded as error:
        archive.warn(f"{paper.name}: {error}")
        return False
    except Exception as error:  # noqa: BLE001  one paper must not end the others, and nobody above would report it
        archive.warn(f"{paper.name}: {paper.url} could not be added: {reason_of(error)}.")
        return False
    click.echo(f"{paper.name}: {'added' if has_sources else 'no source was found'}")
    return has_sources


def papers_in(lines: TextIO, own: Mapping[str, Path]) -> Iterator[Paper]:
    """Yield the papers of a list, checked against those before and the profiles there are, by name."""
    named: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].split()
        if not words:
            continue
        url = words[0]
        try:
            if len(words) > 2:
                raise NotAdded(f"“{' '.join(words)[:200]}” has more than a URL and a name.")
            name = checked_name(url, words[1] if len(words) == 2 else "")
            if name in named:
                raise NotAdded(_taken(name, url, named[name]))
            named[name] = url
            yield Paper(line=number, url=url, name=name, known=name in own and _is_same(own[name], name, url))
        except NotAdded as error:
            yield Paper(line=number, url=url, problem=str(error))


def _is_same(path: Path, name: str, url: str) -> bool:
    """Return True if a profile is of the paper at a URL. Raises NotAdded if it is of another, or cannot be read."""
    try:
        site = read_profile(path)
    except ProfileError as error:
        raise NotAdded(f"{error}.") from error
    if not site.covers(url):
        raise NotAdded(_taken(name, url, site.url))
    return True


def _taken(name: str, url: str, other: str) -> str:
    if host_of(url) == host_of(other):
        return f"{url} is listed twice."
    return f"The name {name} of {url} is taken by {other}: write another after the URL."


def name_of_host(url: str) -> str:
    """Return a site's name from its host, without www, top-level domain and port.

    >>> name_of_host("https://www.ortalyq.kz/")
    'ortalyq'
    """
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    if all(label.isdigit() for label in labels):
        return "-".join(labels)
    return "-".join(labels[:-1] or labels)


def describe(site: Site) -> str:
    """Return a proposed profile in one line."""
    kinds = ", ".join(source.kind for source in site.sources) or "none"
    return f"{site.title or site.name}, language {site.language or 'unknown'}, {site.timezone}, sources: {kinds}"

"""The commands for site profiles: sites, sites add, sites check; `site_learning` has sites learn."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from urllib.parse import urlsplit

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.site_learning import learn_sources
from newsarchive.cli.site_samples import ARTICLES_TO_CHECK, checked, first_listed, most_left_out, urls_to_check
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, announce, json_option, print_json, strict_option, strict_settings
from newsarchive.crawling.probing import ProbeFailed, probe
from newsarchive.crawling.spiders.probe import More
from newsarchive.crawling.statuses import status_line
from newsarchive.database import learned, lock_archive, open_archive, retry_after_of, save_site
from newsarchive.discovery import probe_urls, propose_site, start_urls
from newsarchive.export.files import atomic_write
from newsarchive.items import Page
from newsarchive.reextraction.learning import ENOUGH, learn
from newsarchive.sites import Site, profile_paths
from newsarchive.sites.writing import profile_toml
from newsarchive.text.counting import counted
from newsarchive.times import now
from newsarchive.urls import is_address


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def sites(context: click.Context, as_json: bool) -> None:
    """List the site profiles; add one; check one."""
    if context.invoked_subcommand is not None:
        return
    archive: Archive = context.obj
    own = profile_paths(archive.folder / "sites").keys()
    rows = [
        {
            "name": site.name,
            "title": site.title,
            "url": site.url,
            "language": site.language,
            "sources": ", ".join(source.kind for source in site.sources),
            "profile": "this archive" if site.name in own else "packaged",
        }
        for site in archive.sites.values()
    ]
    columns = {"name": "Name", "title": "Title", "url": "URL", "language": "Language", "sources": "Sources"}
    columns["profile"] = "Profile"
    print_json(rows) if as_json else print_table(rows, columns, empty="There are no profiles.")


sites.add_command(learn_sources)


@sites.command()
@click.argument("url")
@click.option("--name", default="", help="Name of the site; else derived from its host.")
@strict_option
@click.pass_obj
def add(archive: Archive, url: str, name: str, strict: bool) -> None:
    """Probe the site at URL and write a profile for it."""
    if not is_address(url):
        raise click.UsageError(f"“{url}” is not an http(s) URL.")
    name = name or name_of_host(url)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise click.UsageError(f"A site's name must be lower-case letters, digits, - and _, not “{name}”.")
    with lock_archive(archive.folder):
        announce(archive)
        pages, failures = _probe(archive, probe_urls(url), lambda found: probe_urls(url, found), strict=strict)
        if not any(page.status < 400 for page in pages.values()):
            statuses = ", ".join(sorted({status_line(page.status) for page in pages.values()}))
            reason = next(iter(failures.values()), f"every request was answered with an error ({statuses})")
            archive.warn(f"{url} cannot be probed: {reason}.")
            sys.exit(1)
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
        sys.exit(1)
    click.echo(f"Next: newsarchive sites check {name}; newsarchive crawl {name}")


@sites.command()
@click.argument("name")
@click.option("--learn", "from_stored", is_flag=True, help="Propose hints for the profile from stored pages.")
@strict_option
@json_option
@click.pass_obj
def check(archive: Archive, name: str, from_stored: bool, strict: bool, as_json: bool) -> None:
    """Show the results for one listing and three articles of a site; store nothing.

    With --learn nothing is fetched: blocks that repeat in the site's stored articles are proposed as `drop` and `body`
    for the profile, with what they would change.
    """
    site = archive.site(name)
    if from_stored:
        _learn(archive, site, as_json=as_json)
        return
    starts = [url for source in site.sources for url in start_urls(site, source)]
    _refuse_postponed(archive, name)
    pages, failures = _probe(
        archive,
        starts,
        lambda found: urls_to_check(site, found),
        site=site,
        strict=strict or site.strict_tls,
    )
    listed = first_listed(site, pages)
    results = checked(site, [(entry, pages[entry.url]) for entry in listed if entry.url in pages])
    if as_json:
        print_json({"listed": len(listed), "articles": results, "failures": failures})
    else:
        click.echo(f"{site.name}: {counted(len(listed), 'article')} on the first listings")
        for result in results:
            click.echo("\n".join(f"  {key}: {value}" for key, value in result.items()) + "\n")
        if line := most_left_out(archive, site):
            click.echo(line)
        for url, reason in failures.items():
            archive.warn(f"{url}: {reason}")
    sys.exit(0 if any("title" in result for result in results) else 1)


def _refuse_postponed(archive: Archive, name: str) -> None:
    """Exit with a message if the site asked for no requests before a time."""
    if not (archive.folder / "archive.db").exists():
        return
    db = archive.read()
    until = retry_after_of(db, name)
    db.close()
    if until:
        archive.warn(f"{name} asked to come back at {until}; nothing is requested from it before.")
        sys.exit(1)


def _probe(
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


def _learn(archive: Archive, site: Site, *, as_json: bool) -> None:
    with progress_bar(archive) as bar:
        proposal = learn(archive.folder, archive.read(), site, progress=partial(bar.show, site.name))
    if as_json:
        print_json({**asdict(proposal), "toml": proposal.toml()})
        return
    if proposal.articles < ENOUGH:
        archive.warn(
            f"{counted(proposal.articles, 'stored article')} of {site.name}: too few to learn from; crawl more."
        )
        sys.exit(1)
    if not proposal.toml():
        archive.say(f"{site.name}: {counted(proposal.articles, 'article')} read; nothing to propose.")
        return
    for selector, changes in proposal.drop.items():
        archive.say(f"{selector}: {len(changes)} of {proposal.articles} articles would lose text, such as")
        for change in changes[:ARTICLES_TO_CHECK]:
            archive.say(f"  {change.url}: “{' / '.join(change.lines)[:120]}”")
    if proposal.body:
        archive.say(f"{proposal.body} holds the whole text in all {proposal.articles} articles.")
    archive.say(f"For {archive.folder / 'sites' / f'{site.name}.toml'}, if you agree:")
    click.echo(proposal.toml())


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

"""The commands for site profiles: sites, sites add, sites check; `site_learning` has sites learn."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.site_adding import add, probed
from newsarchive.cli.site_health import COLUMNS, site_rows, table_row
from newsarchive.cli.site_learning import learn_sources
from newsarchive.cli.site_samples import ARTICLES_TO_CHECK, checked, first_listed, most_left_out, urls_to_check
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json, strict_option
from newsarchive.database import retry_after_of
from newsarchive.discovery import start_urls
from newsarchive.reextraction.learning import ENOUGH, learn
from newsarchive.sites import Site
from newsarchive.text.counting import counted


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def sites(context: click.Context, as_json: bool) -> None:
    """List sites and their health; add or check one."""
    if context.invoked_subcommand is not None:
        return
    archive: Archive = context.obj
    archive.name_broken_configuration()
    rows = site_rows(archive)
    if as_json:
        print_json(rows)
    else:
        print_table(map(table_row, rows), COLUMNS, empty="There are no profiles.")


sites.add_command(add)
sites.add_command(learn_sources)


@sites.command(short_help="Try a profile on one listing and three articles.")
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
    pages, failures = probed(
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

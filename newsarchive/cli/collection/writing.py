"""Commands that add to the shards of a collection: crawl, fetch, import, reextract, images, sites, notify, stems."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from newsarchive.cli.collection.calls import Call, Handler, Tasks, with_option
from newsarchive.cli.importing import files_in, preview
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.site_adding import NotAdded, Paper, checked_name, papers_in
from newsarchive.collection import Shard
from newsarchive.collection.tasks import ShardTask
from newsarchive.database import read_archive
from newsarchive.importing.preview import preview_files
from newsarchive.sites import host_site, profile_paths, site_of

MOST_CRAWLS = 4
"""Sites that are crawled at once unless --parallel says otherwise: each has a process of its own."""


def crawl(call: Call) -> int:
    """Crawl the sites that are named, which may be packaged ones, or all that have a profile or were crawled."""
    for name in call.params["sites"]:
        if name not in call.shards:
            _known_profile(call, name)
    names = list(dict.fromkeys(call.params["sites"])) or [n for n, shard in call.shards.items() if _is_crawled(shard)]
    if not names:
        raise click.UsageError(
            "This collection has no site yet: add one (newsarchive sites add URL) or name a packaged one."
        )
    at_once = min(call.params["parallel"] or MOST_CRAWLS, len(names))
    if call.params["dry_run"]:
        tasks = [call.task(name, name, keeps=False, without=("parallel",)) for name in names]
    else:
        tasks = [call.task(name, name, without=("parallel",)) for name in names]
    return Tasks(call, side_by_side=at_once).run(tasks)


def _known_profile(call: Call, name: str) -> None:
    if name in call.profiles.broken:
        raise call.profiles.broken[name]
    if name not in call.profiles.sites:
        raise click.UsageError(f"Unknown site “{name}”; known sites: {', '.join(call.profiles.sites)}.")


def _is_crawled(shard: Shard) -> bool:
    """True if a shard has a profile of its own or was crawled before, not only fetched into."""
    latest = shard.latest()
    if latest is None:
        return False
    if f"sites/{shard.name}.toml" in latest.manifest.files:
        return True
    folder = shard.open_latest()
    if folder is None:
        return False
    with closing(read_archive(folder)) as db:
        return db["runs"].count_where("command = 'crawl'") > 0


def fetch(call: Call) -> int:
    """Fetch each page into the shard of its site; a host that no profile covers gets one under its own name."""
    page_url = call.params["page_url"]
    by_shard: dict[str, list[str]] = {}
    for target in call.params["targets"]:
        site = site_of(page_url or target, call.profiles.sites.values()) or host_site(page_url or target)
        by_shard.setdefault(site.name, []).append(target)
    keeps = not call.params["no_store"]
    tasks = [call.task(name, *targets, keeps=keeps) for name, targets in by_shard.items()]
    return Tasks(call, plain=True).run(tasks)


def import_(call: Call) -> int:
    """Import pages into the shards of their sites."""
    public = call.params.get("from_wayback") or call.params.get("from_common_crawl")
    paths: tuple[Path, ...] = call.params["paths"]
    if public:
        return Tasks(call).run([call.task(public, keeps=not call.params["dry_run"])])
    if not paths:
        raise click.UsageError("Give either files or one public archive (--from-wayback, --from-common-crawl).")
    if call.params["dry_run"]:
        call.archive.shared = call.profiles
        wanted = {name: call.params[name] for name in ("any_site", "text_only", "only")}
        preview(call.archive, paths, wanted, as_json=call.params["as_json"])
    names = call.params["only"] or _sites_in(call, paths)
    if not names:
        call.archive.say("The files have no page of a known site; --any-site imports all.")
        click.echo("0 pages")
        return 0
    places = [str(path.absolute()) for path in paths]
    tasks = [_import_of(call, name, places) for name in names]
    return Tasks(call).run(tasks)


def _import_of(call: Call, name: str, places: Sequence[str]) -> ShardTask:
    """Return the import of the pages of one site."""
    return with_option(call.task(name, *places, without=("only",)), f"--site={name}")


def _sites_in(call: Call, paths: tuple[Path, ...]) -> list[str]:
    files, _ = files_in(paths)
    with progress_bar(call.archive) as bar:
        found = preview_files(
            files,
            sites=call.profiles.sites,
            any_site=call.params["any_site"],
            text_only=call.params["text_only"],
            progress=bar.show,
        )
    if not found.sites:
        for sentence in found.broken:
            call.archive.warn(f"{sentence}.")
    return sorted(found.sites)


def reextract(call: Call) -> int:
    """Extract what the shards keep again."""
    keeps = not call.params["dry_run"]
    return Tasks(call).run([call.task(name, keeps=keeps) for name in call.named(call.params["sites"])])


def images_fetch(call: Call) -> int:
    """Download the images that articles of the shards lack."""
    names = call.params["sites"] or [name for name, shard in call.shards.items() if _is_crawled(shard)]
    return Tasks(call, side_by_side=MOST_CRAWLS).run([call.task(name, name) for name in call.named(names)])


def sites_add(call: Call) -> int:
    """Add a site as a shard of its own."""
    url, papers = call.params["url"], call.params["papers"]
    if (url is None) == (papers is None) or (papers is not None and call.params["name"]):
        raise click.UsageError("Give either a URL, with --name if you like, or --list FILE.")
    if papers is not None:
        return _add_list(call, list(papers_in(papers, _own_profiles(call))))
    try:
        name = checked_name(url, call.params["name"])
    except NotAdded as error:
        raise click.UsageError(str(error)) from error
    return Tasks(call, plain=True).run([_adding(call, name, url)])


def _adding(call: Call, name: str, url: str) -> ShardTask:
    return with_option(call.task(name, url, without=("name", "papers")), f"--name={name}")


def _add_list(call: Call, papers: Sequence[Paper]) -> int:
    """Add the papers of a list, each as a shard; return the exit code."""
    for paper in papers:
        if paper.problem:
            call.archive.warn(f"line {paper.line}: {paper.problem}")
        elif paper.known:
            click.echo(f"{paper.name}: has a profile already")
    tasks = [_adding(call, paper.name, paper.url) for paper in papers if not paper.problem and not paper.known]
    code = Tasks(call, side_by_side=MOST_CRAWLS).run(tasks)
    return code or int(any(paper.problem for paper in papers))


def _own_profiles(call: Call) -> dict[str, Path]:
    folders = [folder / "sites" for shard in call.shards.values() if (folder := shard.open_latest())]
    return profile_paths(*folders)


def sites_check(call: Call) -> int:
    """Try a profile; nothing is stored."""
    return Tasks(call, plain=True).run([call.task(_one(call), call.params["name"], keeps=False)])


def _one(call: Call) -> str:
    name: str = call.params["name"]
    if name not in call.shards:
        _known_profile(call, name)
    return name


def sites_learn(call: Call) -> int:
    """Look for sources that profiles lack."""
    return Tasks(call, plain=True).run([call.task(_one(call), call.params["name"], keeps=call.params["write"])])


def stems_rebuild(call: Call) -> int:
    """Rebuild the search index of every shard."""
    return Tasks(call).run([call.task(name) for name in call.shards])


def notify(call: Call) -> int:
    """Send what could not be sent, shard by shard; a test, and the report of a crash, once."""
    once = call.params["test"] or call.params["after_failure"]
    names = list(call.shards)[: 1 if once else None]
    return Tasks(call, plain=bool(once)).run([call.task(name) for name in names])


HANDLERS: dict[str, Handler] = {
    "crawl": crawl,
    "fetch": fetch,
    "import": import_,
    "reextract": reextract,
    "images fetch": images_fetch,
    "sites add": sites_add,
    "sites check": sites_check,
    "sites learn": sites_learn,
    "stems rebuild": stems_rebuild,
    "notify": notify,
}

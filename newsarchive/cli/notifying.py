"""The command that tells people of alerts and news: notify; and what `crawl` does of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import closing

import click

from newsarchive.cli.terminal import Archive
from newsarchive.configuration import FILE, Notify
from newsarchive.crawling.outcomes import Outcome
from newsarchive.database import has_archive, open_archive
from newsarchive.database.alerts import Alert, AlertKey, note_alerts, open_alerts
from newsarchive.notify import MissingExtra, NotSent, deliver, prepare, send
from newsarchive.notify.messages import trial_message
from newsarchive.search.query import FilterError, parse_query
from newsarchive.text.counting import counted
from newsarchive.times import now


@click.command()
@click.option("--test", is_flag=True, help="Send a test message to every recipient now.")
@click.option("--after-failure", is_flag=True, help="Report a scheduled crawl that failed; used by systemd.")
@click.pass_obj
def notify(archive: Archive, test: bool, after_failure: bool) -> None:
    """Send the messages that could not be sent yet; `crawl` sends them at its end."""
    told = recipients(archive)
    if after_failure:
        _note_crash(archive)
        if not told.to:
            archive.say(f"Nobody is told: {archive.folder / FILE} has no [notify.to].")
            return
    elif not told.to:
        raise click.UsageError(f"{archive.folder / FILE} has no [notify.to]: write there whom to tell.")
    if test:
        sys.exit(0 if _test(archive, told) else 1)
    if not has_archive(archive.folder):
        archive.say("There is nothing to tell yet: no site has been crawled.")
        return
    sent = tell(archive, told)
    archive.say(f"{counted(sent, 'message')} sent." if sent else "There was nothing to tell.")


def recipients(archive: Archive) -> Notify:
    """Return who is told of what; report digests about unknown sites. Raises UsageError on an invalid search."""
    told = archive.configuration.notify
    for news in told.news:
        for name in set(news.sites) - archive.sites.keys() - archive.broken.keys():
            archive.fault(f"{archive.folder / FILE}: [[notify.news]] {news.name}: sites: there is no site “{name}”.")
        try:
            parse_query(news.search)
        except FilterError as error:
            raise click.UsageError(f"{archive.folder / FILE}: [[notify.news]] {news.name}: search: {error}") from error
    return told


def _test(archive: Archive, told: Notify) -> bool:
    """Send a test message to each recipient; return whether all got it."""
    failed = 0
    for name, address in told.to.items():
        try:
            send(address, trial_message())
            click.echo(f"{name}: sent")
        except NotSent as error:
            archive.warn(f"{name} could not be told: {error}.")
            failed += 1
            if isinstance(error, MissingExtra):
                break
    return not failed


def tell(archive: Archive, told: Notify) -> int:
    """Send what is to be told; report what could not be sent, which makes the command exit with 1."""
    sent, failures = deliver(archive.folder, told)
    for failure in failures:
        archive.fault(f"{failure}.")
    return sent


def begin_telling(archive: Archive, told: Notify) -> None:
    """Record, before a crawl, who is told of what comes from now on."""
    prepare(archive.folder, told)


def tell_of_crawl(archive: Archive, told: Notify, outcomes: Iterable[Outcome]) -> None:
    """Record what the runs themselves could not, then send what is to be told."""
    with closing(open_archive(archive.folder)) as db:
        for outcome in outcomes:
            if own := [problem for problem in outcome.problems if not isinstance(problem, Alert)]:
                note_alerts(db, outcome.site, own, time=now())
        for name, error in archive.broken.items():
            note_alerts(db, name, [Alert(f"{error}. This site is skipped", code="profile")], time=now())
        for alert in open_alerts(db):
            if alert["code"] == "profile" and alert["site"] not in archive.broken:
                note_alerts(db, alert["site"], [], well=[AlertKey("profile")], time=now())
    tell(archive, told)


def _note_crash(archive: Archive) -> None:
    """Record that a crawl ended without telling anyone itself, as systemd says of it in its MONITOR_ variables."""
    kind, status = os.environ.get("MONITOR_EXIT_CODE", ""), os.environ.get("MONITOR_EXIT_STATUS", "")
    if (kind, status) == ("exited", "1") or not has_archive(archive.folder):
        return
    how = {"exited": f"ended with exit code {status}", "": "failed"}.get(kind, f"was killed ({status or kind})")
    unit = os.environ.get("MONITOR_UNIT", "newsarchive.service")
    with closing(open_archive(archive.folder)) as db:
        sentence = f'a scheduled crawl {how}; "journalctl -u {unit}" says more'
        note_alerts(db, "", [Alert(sentence, code="crash")], time=now())

"""The command that prints configuration for cron, systemd and logrotate: schedule."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import sys
from pathlib import Path

import click

from newsarchive.cli.schedule_files import (
    EVEN_HOURS,
    Plan,
    crontab_line,
    failure_unit,
    logrotate_rule,
    service_unit,
    timer_unit,
)
from newsarchive.cli.terminal import Archive, is_terminal
from newsarchive.configuration import is_contact
from newsarchive.database.replacing import FOLDERS

SERVICE_USER = "newsarchive"
UNIT_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
CONTACT_FORM = "a mail address (desk@…) or the address of a web page (https://…)"


class EvenHours(click.ParamType[int]):
    """A number of hours that divides a day."""

    name = "N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if str(value) not in map(str, EVEN_HOURS):
            self.fail(
                f"choose {', '.join(map(str, EVEN_HOURS[:-1]))} or {EVEN_HOURS[-1]}, so that a day divides evenly."
            )
        return int(str(value))


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@click.option("--hours", type=EvenHours(), default=1, show_default=True, metavar="N", help="Crawl every N hours.")
@click.option("--contact", default="", metavar="ADDRESS", help="How sites can reach you: mail address or web page.")
@click.option("--user", default="", metavar="NAME", help="User that the systemd units run as; by default you.")
@click.option(
    "--name",
    default="newsarchive",
    show_default=True,
    metavar="NAME",
    help="Name of the units, where a machine keeps several archives.",
)
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Log to FILE; adds a logrotate rule."
)
@click.pass_obj
def schedule(
    archive: Archive, sites: tuple[str, ...], hours: int, contact: str, user: str, name: str, log: Path | None
) -> None:
    """Print a crontab line, and systemd units and timer, for this archive. Installs nothing."""
    if not re.fullmatch(UNIT_NAME, name):
        raise click.UsageError("--name must be letters, digits, “-” and “_”, as in newsarchive-oblast.")
    archive.require_configuration()
    for site in sites:
        archive.site(site)
    user, group = _user(user, archive.folder)
    folder = archive.folder.absolute()
    plan = Plan(
        name=name,
        command=_command(folder, ("crawl", *sites), quiet=log is None),
        notify=_command(folder, ("notify", "--after-failure"), quiet=log is None),
        folder=folder,
        writable=_writable(folder),
        contact=_contact(archive, sites, contact),
        hours=hours,
        user=user,
        group=group,
        log=log and log.absolute(),
    )
    _refuse_line_breaks(plan)
    click.echo("\n\n".join(_sections(plan)))


def _sections(plan: Plan) -> list[str]:
    place = f"/etc/systemd/system/{plan.name}"
    rotate = [f"# /etc/logrotate.d/{plan.name}\n{logrotate_rule(plan)}"] if plan.log else []
    return [
        f"# crontab -e{f', as {plan.user}' if plan.user != _me() else ''}\n{crontab_line(plan)}",
        f"# {place}.service\n{service_unit(plan)}",
        f"# {place}-failure.service\n{failure_unit(plan)}",
        f"# {place}.timer\n{timer_unit(plan)}",
        *rotate,
        *_to_do(plan),
    ]


def _to_do(plan: Plan) -> list[str]:
    """Return the commands to install the units, as comments."""
    steps = ["systemctl daemon-reload", f"systemctl enable --now {plan.name}.timer"]
    try:
        pwd.getpwnam(plan.user)
    except KeyError:
        steps = [
            f"useradd --system --user-group --no-create-home {plan.user}",
            f"chown -R {plan.user}: {shlex.quote(str(plan.folder))}",
            *steps,
        ]
    return ["\n".join(f"# {step}" for step in steps)]


def _command(folder: Path, words: tuple[str, ...], *, quiet: bool) -> tuple[str, ...]:
    """Return a command on the archive with absolute paths; a log is to have more than alerts."""
    program = Path(sys.executable).absolute().parent / "newsarchive"
    start = [str(program)] if program.exists() else [str(Path(sys.executable).absolute()), "-m", "newsarchive"]
    return (*start, "--archive", str(folder), *(["--quiet"] if quiet else []), *words)


def _writable(folder: Path) -> tuple[Path, ...]:
    """Return the archive's folder and where its parts really are, each once."""
    found = [folder, folder.resolve(), *((folder / part).resolve() for part in FOLDERS)]
    return tuple(dict.fromkeys(p for p in found if p == folder or not p.is_relative_to(folder.resolve())))


def _user(name: str, folder: Path) -> tuple[str, str]:
    """Return the user and group of the units: the one named, else whoever asks, else the archive's owner; never root.

    Raises UsageError if root, or what cannot be the name of a user, is named.
    """
    if name and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", name):
        raise click.UsageError("--user must be the name of a user of this machine.")
    if name and _number_of(name) == 0:
        raise click.UsageError("The crawl does not run as root: name another user with --user.")
    if not name and (name := _me()) == "root":
        owner = folder.stat().st_uid if folder.exists() else 0
        name = _name_of(owner) if owner else SERVICE_USER
    try:
        return name, grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name
    except KeyError:
        return name, name


def _number_of(name: str) -> int | None:
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _me() -> str:
    return "root" if os.getuid() == 0 else _name_of(os.getuid())


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _contact(archive: Archive, sites: tuple[str, ...], given: str) -> str:
    """Return the contact to print: the one given, else the environment's; asked for if there is none anywhere.

    Empty if the archive's configuration or the profiles of all sites have one. Raises UsageError.
    """
    contact = given or os.environ.get("NEWSARCHIVE_CONTACT", "")
    if contact:
        if not is_contact(contact):
            where = "--contact" if given else "NEWSARCHIVE_CONTACT"
            raise click.UsageError(f"{where} must be {CONTACT_FORM}.")
        return contact
    if archive.configuration.contact or _all_have_one(archive, sites):
        return ""
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise click.UsageError(
            f"Sites must be able to reach you: give --contact ADDRESS, {CONTACT_FORM}, or set `contact` in"
            " newsarchive.toml."
        )
    return str(click.prompt("How can sites reach you (mail address or web page)", value_proc=_checked, err=True))


def _checked(text: str) -> str:
    if not is_contact(text.strip()):
        raise click.BadParameter(f"That must be {CONTACT_FORM}.")
    return text.strip()


def _all_have_one(archive: Archive, names: tuple[str, ...]) -> bool:
    """True if every site that will be crawled has a contact in its profile; sites added later may not."""
    if not names:
        return False
    return all(archive.site(name).contact for name in names)


def _refuse_line_breaks(plan: Plan) -> None:
    """Raise UsageError for paths that no line of these files can have."""
    for path in (*plan.writable, plan.log or plan.folder):
        if any(ord(letter) < 32 for letter in str(path)):
            raise click.UsageError("A path with a line break or another control character cannot be scheduled.")

"""The command that prints configuration for cron and systemd: schedule."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from newsarchive.cli.terminal import Archive


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@click.option(
    "--hours", type=click.IntRange(1, 24), default=1, show_default=True, metavar="N", help="Crawl every N hours."
)
@click.pass_obj
def schedule(archive: Archive, sites: tuple[str, ...], hours: int) -> None:
    """Print a crontab line, and a systemd timer with its service, for this archive. Installs nothing."""
    for name in sites:
        archive.site(name)
    command = crawl_command(archive.folder.absolute(), sites)
    contact = os.environ.get("NEWSARCHIVE_CONTACT", "you@example.org")
    click.echo("# crontab -e\n" + crontab_line(command, contact, hours))
    click.echo("\n# /etc/systemd/system/newsarchive.service\n" + service_unit(command, contact))
    click.echo("\n# /etc/systemd/system/newsarchive.timer\n" + timer_unit(hours))
    click.echo("\n# systemctl enable --now newsarchive.timer")


def crawl_command(folder: Path, sites: tuple[str, ...]) -> list[str]:
    """Return the crawl as a command with absolute paths."""
    program = Path(sys.executable).absolute().parent / "newsarchive"
    start = [str(program)] if program.exists() else [str(Path(sys.executable).absolute()), "-m", "newsarchive"]
    return [*start, "--archive", str(folder), "--quiet", "crawl", *sites]


def crontab_line(command: list[str], contact: str, hours: int) -> str:
    """Return a line for cron, which mails the command's output; `%` stands for a line break there.

    >>> crontab_line(["/bin/newsarchive", "crawl"], "a@b.kz", 6)
    '17 */6 * * * NEWSARCHIVE_CONTACT=a@b.kz /bin/newsarchive crawl'
    """
    when = "17 * * * *" if hours == 1 else "17 3 * * *" if hours == 24 else f"17 */{hours} * * *"
    return f"{when} NEWSARCHIVE_CONTACT={shlex.quote(contact)} {shlex.join(command)}".replace("%", r"\%")


def service_unit(command: list[str], contact: str) -> str:
    """Return a systemd service; exit code 75 (another run holds the archive) is not a failure."""
    words = " ".join(f'"{word}"' if " " in word else word for word in (w.replace("%", "%%") for w in command))
    return "\n".join(
        (
            "[Unit]",
            "Description=newsarchive crawl",
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            "Type=oneshot",
            f"Environment=NEWSARCHIVE_CONTACT={contact}",
            f"ExecStart={words}",
            "SuccessExitStatus=75",
        )
    )


def timer_unit(hours: int) -> str:
    """Return a systemd timer; runs missed while the machine was off are made up for."""
    when = "hourly" if hours == 1 else "daily" if hours == 24 else f"*-*-* 00/{hours}:17:00"
    return "\n".join(
        (
            "[Unit]",
            "Description=newsarchive crawl, on time",
            "",
            "[Timer]",
            f"OnCalendar={when}",
            "RandomizedDelaySec=300",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        )
    )

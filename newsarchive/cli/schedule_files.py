"""The files that `schedule` prints, as text: a crontab line, systemd units and a rule for logrotate. Pure functions."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from newsarchive.cli import LOCKED

EVEN_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
"""Numbers of hours that divide a day, so that the time between two crawls is always the same."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to run, how often, and as whom."""

    name: str = "newsarchive"
    """Of the units, without an ending."""
    command: tuple[str, ...]
    """The crawl, with absolute paths."""
    notify: tuple[str, ...]
    """The command to run after a crawl that failed."""
    folder: Path
    writable: tuple[Path, ...]
    """The archive's folder, and what it links to elsewhere."""
    contact: str
    """Empty if the archive's configuration or every profile has one."""
    hours: int
    user: str
    group: str
    log: Path | None = None


def crontab_line(plan: Plan) -> str:
    r"""Return a line for cron, which mails the command's output; `%` stands for a line break there.

    >>> plan = Plan(command=("/bin/newsarchive", "crawl"), notify=(), folder=Path("/d"), writable=(), contact="a@b.kz",
    ...             hours=6, user="press", group="press")
    >>> crontab_line(plan)
    '17 */6 * * * NEWSARCHIVE_CONTACT=a@b.kz /bin/newsarchive crawl'
    """
    hours = {1: "*", 24: "3"}.get(plan.hours, f"*/{plan.hours}")
    contact = f"NEWSARCHIVE_CONTACT={shlex.quote(plan.contact)} " if plan.contact else ""
    log = f" >>{shlex.quote(str(plan.log))} 2>&1" if plan.log else ""
    return f"17 {hours} * * * " + f"{contact}{shlex.join(plan.command)}{log}".replace("%", r"\%")


def service_unit(plan: Plan) -> str:
    """Return the systemd service of the crawl; that another run holds the archive is not a failure."""
    return "\n".join(
        (
            "[Unit]",
            "Description=newsarchive crawl",
            "After=network-online.target",
            "Wants=network-online.target",
            f"OnFailure={plan.name}-failure.service",
            "",
            "[Service]",
            "Type=oneshot",
            *_user(plan),
            f"ExecStart={_command(plan.command)}",
            f"SuccessExitStatus={LOCKED}",
            "TimeoutStartSec=infinity",
            "KillMode=mixed",
            "TimeoutStopSec=2min",
            "Nice=10",
            *_log(plan),
            *_hardening(plan),
        )
    )


def failure_unit(plan: Plan) -> str:
    """Return the systemd service that runs when a crawl failed: it tells those in [notify] of what nobody was told."""
    return "\n".join(
        (
            "[Unit]",
            "Description=newsarchive: a crawl failed",
            "After=network-online.target",
            "",
            "[Service]",
            "Type=oneshot",
            *_user(plan),
            f"ExecStart={_command(plan.notify)}",
            *_log(plan),
            *_hardening(plan),
        )
    )


def timer_unit(plan: Plan) -> str:
    """Return a systemd timer; runs missed while the machine was off are made up for."""
    when = {1: "*", 24: "03"}.get(plan.hours, f"00/{plan.hours}")
    return "\n".join(
        (
            "[Unit]",
            "Description=newsarchive crawl, on time",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {when}:17:00",
            "RandomizedDelaySec=10min",
            "FixedRandomDelay=true",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        )
    )


def logrotate_rule(plan: Plan) -> str:
    """Return a rule for logrotate: a crawl under way goes on writing to the file that was renamed."""
    own = plan.log is not None and plan.log.parent.is_dir() and plan.log.parent.stat().st_uid != 0
    rules = (
        *([f"su {plan.user} {plan.group}"] if own else []),
        "weekly",
        "rotate 8",
        "compress",
        "delaycompress",
        "missingok",
        "notifempty",
        f"create 0640 {plan.user} {plan.group}",
    )
    path = re.sub(r'([\\"])', r"\\\1", str(plan.log))
    return "\n".join((f'"{path}" {{', *(f"    {rule}" for rule in rules), "}"))


def _user(plan: Plan) -> list[str]:
    contact = [f"Environment={_word(f'NEWSARCHIVE_CONTACT={plan.contact}')}"] if plan.contact else []
    return [f"User={plan.user}", f"Group={plan.group}", *contact]


def _log(plan: Plan) -> list[str]:
    if plan.log is None:
        return []
    path = f"append:{plan.log}".replace("%", "%%")
    return [f"StandardOutput={path}", f"StandardError={path}"]


def _hardening(plan: Plan) -> list[str]:
    """Return what a crawl never does; it writes to the archive and to temporary files, which a private /tmp is for.

    That would hide an archive in /tmp itself.
    """
    shared = [Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    hidden = any(path.is_relative_to(place) for path in plan.writable for place in shared)
    paths = " ".join(_word(str(path)) for path in (*plan.writable, *(shared if hidden else ())))
    return [
        "NoNewPrivileges=true",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        f"ReadWritePaths={paths}",
        *([] if hidden else ["PrivateTmp=true"]),
        "PrivateDevices=true",
        "ProtectKernelTunables=true",
        "ProtectKernelModules=true",
        "ProtectKernelLogs=true",
        "ProtectControlGroups=true",
        "ProtectClock=true",
        "ProtectHostname=true",
        "ProtectProc=invisible",
        "SystemCallArchitectures=native",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "RestrictNamespaces=true",
        "RestrictRealtime=true",
        "RestrictSUIDSGID=true",
        "LockPersonality=true",
    ]


def _command(words: tuple[str, ...]) -> str:
    program, *arguments = words
    return " ".join([_word(program), *(_word(word).replace("$", "$$") for word in arguments)])


def _word(text: str) -> str:
    r"""Return a word as systemd reads it: quoted where necessary, without specifiers.

    >>> _word("/srv/100% press"), _word("/srv/press"), _word('a"b')
    ('"/srv/100%% press"', '/srv/press', '"a\\"b"')
    """
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")
    return escaped if re.fullmatch(r"[\w@%+=:,./~$-]+", text) else f'"{escaped}"'

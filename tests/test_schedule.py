"""What `schedule` prints: lines that cron, systemd and logrotate take as they stand."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forking import Forks
from tests.programs import program

Run = Callable[..., subprocess.CompletedProcess[str]]


def sections(said: str) -> dict[str, str]:
    """What was printed, by the name of its file."""
    parts = re.split(r"^# (?=/etc|crontab)", said, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2].strip() + "\n" for part in parts}


@pytest.fixture
def without_contact(folder: Path, forks: Forks) -> Run:
    """Run `schedule` where no contact is set."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": ""}
        done = forks.run(["schedule", *arguments], environment, timeout=60)
        assert done.returncode == code, done.stderr
        return done

    return run


def test_paths_are_absolute_and_hours_even(newsarchive: Run, folder: Path) -> None:
    found = sections(newsarchive("schedule", "ortalyq", "--hours", "6").stdout)
    assert f"--archive {folder} --quiet crawl ortalyq" in found["/etc/systemd/system/newsarchive.service"]
    assert any(
        line.startswith("17 */6 * * * ") for name in found if "crontab" in name for line in found[name].splitlines()
    )
    assert "OnCalendar=*-*-* 00/6:17:00" in found["/etc/systemd/system/newsarchive.timer"]
    for hours in ("0", "5", "7", "25", "x", "-6"):
        assert "so that a day divides evenly" in newsarchive("schedule", "--hours", hours, code=2).stderr


def test_the_units_do_not_run_as_root_and_say_when_they_fail(newsarchive: Run) -> None:
    unit = sections(newsarchive("schedule").stdout)["/etc/systemd/system/newsarchive.service"].splitlines()
    (user,) = [line.removeprefix("User=") for line in unit if line.startswith("User=")]
    assert user not in ("", "root", "0")
    assert "OnFailure=newsarchive-failure.service" in unit
    assert "SuccessExitStatus=75" in unit
    for name in ("root", "0", "a b", "x\nUser=root"):
        assert "--user" in newsarchive("schedule", "--user", name, code=2).stderr


@pytest.mark.parametrize("hours", [1, 6, 24])
def test_systemd_takes_the_units(hours: int, tmp_path: Path, forks: Forks) -> None:
    analyze = program("systemd-analyze", called="systemd")
    folder = tmp_path / 'a "b" 100%'
    log = tmp_path / "the log 5%.log"
    arguments = [
        "--archive",
        str(folder),
        "schedule",
        "--hours",
        str(hours),
        "--user",
        "daemon",
        "--contact",
        "a%b@c.kz",
        "--log",
        str(log),
    ]
    said = forks.run(arguments, dict(os.environ), timeout=60)
    assert said.returncode == 0, said.stderr
    units = {Path(name).name: text for name, text in sections(said.stdout).items() if "systemd" in name}
    for name, text in units.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "newsarchive" in line]
    assert about_ours == []
    assert len(units) == 3
    judged = [
        analyze,
        "security",
        "--offline=true",
        "--no-pager",
        "--threshold=35",
        str(tmp_path / "newsarchive.service"),
    ]
    if b"--threshold" in subprocess.run([analyze, "--help"], capture_output=True, check=False).stdout:
        assert subprocess.run(judged, capture_output=True, timeout=60, check=False).returncode == 0


def test_cron_takes_the_line(tmp_path: Path, forks: Forks) -> None:
    folder = tmp_path / "a b 100%"
    arguments = [
        "--archive",
        str(folder),
        "schedule",
        "--contact",
        "https://b.kz/%D2",
        "--log",
        str(tmp_path / "x y.log"),
    ]
    said = forks.run(arguments, dict(os.environ), timeout=60).stdout
    (line,) = [text.strip() for name, text in sections(said).items() if "crontab" in name]
    assert "%" not in line.replace(r"\%", ""), "cron takes a bare % for the end of the command"
    command = line.split(maxsplit=5)[5].replace(r"\%", "%")
    assert shlex.split(command)[0] == "NEWSARCHIVE_CONTACT=https://b.kz/%D2"
    assert shlex.split(command)[-5:] == ["--archive", str(folder), "crawl", f">>{tmp_path}/x y.log", "2>&1"]


@pytest.mark.parametrize("folder", ["/srv/press", "/tmp/press", "/var/tmp/press"])
def test_a_crawl_finds_its_archive_and_a_place_for_temporary_files(folder: str, forks: Forks) -> None:
    said = forks.run(["--archive", folder, "schedule", "--contact", "a@b.kz"], dict(os.environ), timeout=60).stdout
    for name in ("service", "failure.service"):
        unit = next(text for place, text in sections(said).items() if place.endswith(name)).splitlines()
        (writable,) = [
            line.removeprefix("ReadWritePaths=").split() for line in unit if line.startswith("ReadWritePaths=")
        ]
        assert folder in writable
        assert ("PrivateTmp=true" in unit) != ("/tmp" in writable), "one or the other"
        assert ("PrivateTmp=true" in unit) == (folder == "/srv/press"), "a private /tmp would hide the archive"


def test_units_of_several_archives_have_names_of_their_own(newsarchive: Run, tmp_path: Path) -> None:
    said = newsarchive("schedule", "--name", "oblast", "--log", str(tmp_path / "x.log")).stdout
    place = "/etc/systemd/system/oblast"
    found = sections(said)
    assert {f"{place}.service", f"{place}-failure.service", f"{place}.timer", "/etc/logrotate.d/oblast"} < found.keys()
    assert "OnFailure=oblast-failure.service" in found[f"{place}.service"].splitlines()
    assert "systemctl enable --now oblast.timer" in said
    for name in ("", "a b", "../x", "x\n"):
        assert "--name" in newsarchive("schedule", "--name", name, code=2).stderr


def test_a_log_is_rotated(newsarchive: Run, tmp_path: Path) -> None:
    said = newsarchive("schedule", "--log", str(tmp_path / "x.log")).stdout
    assert f'"{tmp_path}/x.log" {{' in sections(said)["/etc/logrotate.d/newsarchive"]
    assert "--quiet" not in said
    assert "logrotate" not in newsarchive("schedule").stdout


def test_without_a_contact_nothing_is_printed(without_contact: Run) -> None:
    done = without_contact(code=2)
    assert done.stdout == ""
    assert "--contact" in done.stderr
    assert "--contact must be" in without_contact("--contact", "me", code=2).stderr
    assert "example.org" not in without_contact("--contact", "desk@gazeta.kz").stdout


def test_a_contact_in_the_configuration_is_enough(without_contact: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "newsarchive.toml").write_text("contact = 'desk@gazeta.kz'\n", encoding="utf-8")
    assert "NEWSARCHIVE_CONTACT" not in without_contact().stdout


def test_a_person_at_a_terminal_is_asked(folder: Path, tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "schedule"]
    environment = {**os.environ, "NEWSARCHIVE_CONTACT": ""}
    with (tmp_path / "out").open("w+") as out:
        process = subprocess.Popen(command, stdin=terminal, stderr=terminal, stdout=out, env=environment)
        os.close(terminal)
        os.write(master, b"nobody\ndesk@gazeta.kz\n")
        assert process.wait(60) == 0
        out.seek(0)
        assert "NEWSARCHIVE_CONTACT=desk@gazeta.kz" in out.read()
    os.close(master)

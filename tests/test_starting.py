"""What a command loads before it does its work: the time of a short one is that of its imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsarchive.cli import COMMANDS
from newsarchive.crawling.run_settings import make_settings
from newsarchive.demo import Newspaper
from tests.forking import Forks

FETCHING = """
import linecache, sys
if __name__ == "__main__":
    plugins = []
    sys.addaudithook(lambda event, args: event == "open" and plugins.append(str(args[0]).endswith("entry_points.txt")))
    from newsarchive.cli import main
    try:
        main()
    except SystemExit as end:
        print(end.code)
    print(sum(not name.startswith("<") for name in linecache.cache), sum(plugins), *sys.modules)
"""


def test_a_fetch_loads_nothing_of_crawls_and_of_other_commands(paper: Newspaper, folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "fetching.py"
    script.write_text(FETCHING)
    command = [sys.executable, str(script), "--archive", str(folder), "fetch", f"{paper.url}suraq-zhauap-salyq/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env={**os.environ})
    code, (sources, plugins, *loaded) = done.stdout.splitlines()[-2], done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert "newsarchive.crawling.fetching" in loaded
    others = {
        "newsarchive.crawling.run", "newsarchive.crawling.spiders.news", "newsarchive.discovery", "newsarchive.browse",
        "newsarchive.extraction.article", "trafilatura", "feedparser", "PIL", "rich", "markdown_it", "numpy", "pandas",
        "datasette", "aiohttp", "scrapy.cmdline", "scrapy.shell",
    }  # fmt: skip
    assert others & {*loaded} == set()
    assert "encodings.big5" not in loaded, "an encoding was guessed that is known"
    assert plugins == "0", "plugins of a library were looked for in every package"
    assert int(sources) == 0, "the source of the stack was looked up, frame by frame"


def test_only_commands_that_crawl_load_a_crawler() -> None:
    crawling = {"crawl", "fetch", "images", "import", "sites", "demo"}
    modules = sorted(
        {listed.module for name, listed in COMMANDS.items()} - {COMMANDS[name].module for name in crawling}
    )
    code = (
        f"import sys\nfrom newsarchive.workers.lean_imports import import_sqlite_utils\nimport_sqlite_utils()\nfor name in {modules}:\n"
        "    __import__(f'newsarchive.cli.{name}')\n"
        "    print(name, [m for m in ('scrapy', 'twisted', 'trafilatura', 'datasette', 'numpy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [f"{name} []" for name in modules]


@pytest.mark.parametrize(
    ("given", "holds", "warned"),
    [
        ({}, 20_000_000, False),
        ({"IMAGE_MAX_BYTES": "7"}, 7, False),
        ({"PICTURE_MAX_BYTES": "7"}, 7, False),
        ({"PICTURE_MAX_BYTES": "8", "IMAGE_MAX_BYTES": "7"}, 7, True),
        ({"IMAGE_MAX_BYTES": "7", "PICTURE_MAX_BYTES": "7"}, 7, False),
    ],
)
def test_settings_of_images_are_known_by_their_old_names(
    given: dict[str, str], holds: int, warned: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert make_settings(tmp_path, given).getint("IMAGE_MAX_BYTES") == holds
    assert [record.getMessage() for record in caplog.records] == (
        ["PICTURE_MAX_BYTES is ignored because IMAGE_MAX_BYTES, its new name, is given too."] if warned else []
    )


def test_every_setting_of_images_has_its_old_name_still(tmp_path: Path) -> None:
    old = {"PICTURES": "lead", "PICTURE_MAX_BYTES": "1", "PICTURE_MAX_PIXELS": "2", "PICTURE_DELAY_ELSEWHERE": "3"}
    settings = make_settings(tmp_path, old)
    new = ("IMAGES", "IMAGE_MAX_BYTES", "IMAGE_MAX_PIXELS", "IMAGE_DELAY_ELSEWHERE")
    assert [settings[name] for name in new] == ["lead", "1", "2", "3"]
    unknown = make_settings(tmp_path, {})
    assert [unknown[name] for name in old] == [None] * 4


def test_commands_are_forked_after_a_worker_pool_too(forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a test run takes several times as long, and nobody sees why."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # as a pool leaves it in the environment
    monkeypatch.setattr(subprocess, "run", None)
    assert forks.run(["--version"], dict(os.environ), timeout=60).returncode == 0

"""Scrapy's settings for one run: ours, those of the command, and the name that sites are told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings

from newsarchive import __version__
from newsarchive.configuration import read_configuration

logger = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds of pauses that a person at the terminal waits for, in a fetch or a probe."""


def make_settings(folder: Path, own: Mapping[str, Any]) -> Settings:
    """Return Scrapy's settings for an archive; `own` overrides all others, including a profile's."""
    settings = Settings()
    settings.setmodule("newsarchive.settings", priority="project")
    settings.set("ARCHIVE_FOLDER", str(folder), priority="cmdline")
    configuration = read_configuration(folder)
    settings.set("CONTACT", settings["CONTACT"] or configuration.contact, priority="project")
    settings.setdict({"LOG_INSTALL_ROOT_HANDLER": False}, priority="cmdline")
    for name, value in own.items():
        settings.set(name, value, priority="cmdline")
    if "DOWNLOAD_DELAY" in own and settings.getfloat("DOWNLOAD_DELAY") == 0:
        settings.set("AUTOTHROTTLE_ENABLED", own.get("AUTOTHROTTLE_ENABLED", False), priority="cmdline")
    adopt_old_names(settings)
    return settings


OLD_NAMES = {
    "PICTURES": "IMAGES",
    "PICTURE_MAX_BYTES": "IMAGE_MAX_BYTES",
    "PICTURE_MAX_PIXELS": "IMAGE_MAX_PIXELS",
    "PICTURE_DELAY_ELSEWHERE": "IMAGE_DELAY_ELSEWHERE",
}
"""Settings that were renamed; the old names are accepted."""


def adopt_old_names(settings: BaseSettings) -> None:
    """Apply settings given by an old name; if the new name is given too, it prevails and a warning says so."""
    default = SETTINGS_PRIORITIES["project"]
    for old, new in OLD_NAMES.items():
        priority = settings.getpriority(old)
        if priority is None or settings[old] is None:
            continue
        if (settings.getpriority(new) or 0) > default:
            if settings[old] != settings[new]:
                logger.warning("%s is ignored because %s, its new name, is given too.", old, new)
        else:
            settings.set(new, settings[old], priority=priority)


def user_agent(contact: str) -> str:
    """The name we give to sites, with the contact where one is set.

    >>> user_agent("https://example.org/bot").endswith("(+https://example.org/bot)")
    True
    """
    return f"newsarchive/{__version__}{f' (+{contact})' if contact else ''}"

"""Sends one message to one recipient through Apprise. Its address may hold a password, and never leaves this module."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from newsarchive.errors import NewsArchiveError
from newsarchive.notify.messages import Message

_LOGGERS = ("apprise", "urllib3", "requests", "smtplib", "py.warnings")
PATIENCE = 60.0
"""Seconds to wait for an answer: a slow service that is given up would get the message again in every run."""
_LEAST = 3
"""Letters of a part of an address from which it is struck out of what a library says."""


class NotSent(NewsArchiveError):
    """A message was not sent; the text says why, without anything of the address."""


class MissingExtra(NotSent):
    """Apprise is not installed."""

    def __init__(self) -> None:
        super().__init__('Apprise is not installed: pip install "newsarchive[notify]"')


def send(address: str, message: Message) -> None:
    """Send a message to an address. Raises NotSent."""
    try:
        import apprise
    except ImportError as error:
        raise MissingExtra from error
    with _listening() as said:
        asset = apprise.AppriseAsset(app_id="newsarchive", app_desc="newsarchive", async_mode=False)
        service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if service is None:
            raise NotSent("Apprise does not know such an address; see https://appriseit.com/services/")
        if "overflow=" not in address:
            service.overflow_mode = apprise.OverflowMode.SPLIT
        service.socket_read_timeout = max(service.socket_read_timeout, PATIENCE)
        try:
            done = service.notify(
                body=message.body, title=message.title, notify_type=message.kind, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001  of a hundred services, each with errors of its own
            raise NotSent(_without(address, f"{type(error).__name__}: {error}")) from None
    if not done:
        raise NotSent(_without(address, ": ".join(filter(None, said[-2:])) or "the service refused it"))


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Yield what Apprise says of a failure; it and the libraries below it write nothing anywhere meanwhile."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            words = record.getMessage() if record.name.startswith("apprise") else ""
            if record.levelno >= logging.WARNING or "Exception: " in words:  # the cause is only for debugging there
                said.append(words.rstrip("."))

    keep = Keep()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.propagate, logger.handlers[:], logger.level) for logger in loggers]
    for logger in loggers:
        logger.propagate, logger.handlers = False, [keep]
    loggers[0].setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield said
    finally:
        for logger, (propagate, handlers, level) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers
            logger.setLevel(level)


def _without(address: str, text: str) -> str:
    """Return a text in one line, without any part of an address: a host or a path may be the secret as well.

    >>> _without("tgram://123456:ABC/42?x=geheim%20nis", "POST https://t.org/bot123456:ABC/ abc: geheim nis, 401")
    'POST … …: …, 401'
    """
    text = re.sub(r"https?://\S+|(?<=url: )\S+", "…", text)  # services build addresses of their own from a token
    rest = address.partition("://")[2]
    parts = {*re.split(r"[/:@?&=#+,;]+", rest), *re.split(r"[/:@?&=#+,;]+", unquote(rest))}
    parts |= {unquote(part) for part in parts}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _LEAST:
            text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
    return " ".join(text.split()).rstrip(".")[:300]

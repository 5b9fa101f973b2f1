"""Resolves host names; a host that was found to be public is never connected to at a private address.

A look-up before a request does not tell where the connection will lead, since the owner of a name can answer the next
look-up differently (DNS rebinding). So public hosts are remembered, and each later address is checked.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver, dnscache
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from newsarchive.crawling.threads import in_thread


class PublicHosts:
    """The public hosts; a name with and without www counts as one, since both have the same owner."""

    def __init__(self) -> None:
        self._public: set[str] = set()
        self._turned: set[str] = set()

    def add(self, host: str) -> None:
        """Record that a host is public."""
        self._public.add(_plain(host))

    def admits(self, host: str, address: str) -> bool:
        """Return whether a host may be connected to at an address; its first public address makes it public.

        >>> hosts = PublicHosts()
        >>> hosts.admits("intranet.kz", "10.0.0.1"), hosts.admits("a.kz", "93.184.215.14")
        (True, True)
        >>> hosts.admits("www.a.kz", "127.0.0.1"), hosts.has_turned("a.kz"), hosts.has_turned("intranet.kz")
        (False, True, False)
        """
        if ip_address(address).is_global:
            self.add(host)
            return True
        if _plain(host) in self._public:
            self._turned.add(_plain(host))
            return False
        return True

    def has_turned(self, host: str) -> bool:
        """Return whether a look-up of a public host returned a private address."""
        return _plain(host) in self._turned


def _plain(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


PUBLIC_HOSTS = PublicHosts()
"""One per process, like Scrapy's cache of look-ups."""


class SteadyResolver(CachingThreadedResolver):
    """Resolves as Scrapy does, but returns no private address of a public host, and never delays the end of a run.

    Twisted's own look-ups run in threads for which the end of the process waits.
    """

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802  Twisted's name
        if name in dnscache:
            return succeed(dnscache[name]).addCallback(_admitted, name)
        found: Deferred[Any] = Deferred.fromFuture(asyncio.ensure_future(self._look_up(name)))
        if dnscache.limit:
            found.addCallback(self._cache_result, name)
        return found.addCallback(_admitted, name)

    async def _look_up(self, name: str) -> str:
        try:
            async with asyncio.timeout(self.timeout or None):
                return await in_thread(socket.gethostbyname, name)
        except TimeoutError as error:
            raise DNSLookupError(f"address {name!r} not found: timeout") from error
        except (OSError, UnicodeError) as error:
            raise DNSLookupError(f"address {name!r} not found: {error}") from error


def _admitted(address: str, name: str) -> str:
    if not PUBLIC_HOSTS.admits(name, address):
        raise DNSLookupError(f"{name} is public, but leads to the private address {address} now")
    return address


def host_of(url: str) -> str:
    """Return the key under which a host's requests are counted: the same with and without www, over http and https.

    >>> host_of("https://www.a.kz/1"), host_of("http://a.kz:80/2"), host_of("http://a.kz:8080/")
    ('a.kz', 'a.kz', 'a.kz:8080')
    """
    try:
        parts = urlsplit(url)
        host, port = _plain(parts.hostname or ""), parts.port
    except ValueError:
        return url
    return host if port in (None, 80, 443) else f"{host}:{port}"

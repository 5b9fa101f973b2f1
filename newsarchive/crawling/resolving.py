"""Name look-ups of a run: a host that was found to be public is never connected to at a private address.

A look-up before the request cannot tell where the connection will lead, for whoever holds a name may answer the next
look-up otherwise (DNS rebinding). So what was found is remembered, and held against the address connected to.
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
    """The hosts that are public; with and without www they are one, for one person holds both names."""

    def __init__(self) -> None:
        self._public: set[str] = set()
        self._turned: set[str] = set()

    def add(self, host: str) -> None:
        """Take a host to be public from now on."""
        self._public.add(_plain(host))

    def admits(self, host: str, address: str) -> bool:
        """Whether a host may be connected to at an address; the first public one makes it public.

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
        """Whether a look-up of a public host has given a private address."""
        return _plain(host) in self._turned


def _plain(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


PUBLIC_HOSTS = PublicHosts()
"""Of this process, as Scrapy's memory of look-ups is."""


class SteadyResolver(CachingThreadedResolver):
    """Resolves as Scrapy does, gives no private address of a public host, and holds up no end of a run.

    Twisted looks names up in threads that the end of the process waits for.
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
    """What counts as one host where requests are counted: with and without www, over http and https, by its port.

    >>> host_of("https://www.a.kz/1"), host_of("http://a.kz:80/2"), host_of("http://a.kz:8080/")
    ('a.kz', 'a.kz', 'a.kz:8080')
    """
    try:
        parts = urlsplit(url)
        host, port = _plain(parts.hostname or ""), parts.port
    except ValueError:
        return url
    return host if port in (None, 80, 443) else f"{host}:{port}"

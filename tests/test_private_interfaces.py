"""Private interfaces of libraries: which of those that we use an update changed."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.utils.deprecate import create_deprecated_class
from twisted.internet._sslverify import ClientTLSOptions
from twisted.internet.ssl import CertificateOptions
from twisted.web._newclient import HTTP11ClientProtocol, HTTPClientParser, HTTPParser

from newsarchive.crawling import scrapy_internals
from newsarchive.crawling.quick_stack import stack_without_sources


@pytest.mark.parametrize(("owner", "name", "parameters"), scrapy_internals.USED)
def test_scrapy_still_has(owner: type, name: str, parameters: tuple[str, ...]) -> None:
    method = getattr(owner, name, None)
    assert method is not None, f"Scrapy has no {owner.__name__}.{name} any more: see scrapy_internals.py"
    found = [each for each in inspect.signature(method).parameters if each != "self"]
    assert found == list(parameters), f"{owner.__name__}.{name} of Scrapy has other parameters now"


def test_scrapy_still_keeps_the_rules_of_hosts_by_name() -> None:
    assert "self._parsers[netloc]" in inspect.getsource(RobotsTxtMiddleware)


def test_scrapys_http_handler_still_has_a_pool_with_a_factory_and_contexts() -> None:
    source = inspect.getsource(HTTP11DownloadHandler.__init__)
    assert "self._pool._factory = " in source
    assert "self._contextFactory" in source


def test_twisteds_client_protocol_still_has_a_parser_with_states_and_gives_up() -> None:
    assert HTTP11ClientProtocol._parser is None
    assert callable(HTTP11ClientProtocol._giveUp)
    assert issubclass(HTTPClientParser, HTTPParser)
    assert "STATUS" in inspect.getsource(HTTPParser)
    assert "HEADER" in inspect.getsource(HTTPParser)


def test_twisteds_tls_options_still_know_their_host_and_make_connections() -> None:
    options = ClientTLSOptions(CertificateOptions()._makeTLSConnection, "a.kz")
    assert (options._hostnameASCII, options._hostnameIsDnsName) == ("a.kz", True)


def test_scrapys_deprecated_classes_still_ask_for_the_stack_and_learn_their_module() -> None:
    assert "inspect.stack()" in inspect.getsource(create_deprecated_class), "quick_stack.py is needed no more"
    with stack_without_sources():
        old = create_deprecated_class("Old", Path)
    assert old.__module__ == __name__
    assert inspect.stack()[0].code_context is not None
    assert inspect.getmodule(Path) is sys.modules["pathlib"]

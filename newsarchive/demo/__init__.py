"""The sample newspaper «Сарыарқа таңы»: invented articles and a small WordPress-like server, for demo and tests."""

from newsarchive.demo.server import Newspaper, serve
from newsarchive.demo.stories import Story, read_stories

__all__ = ["Newspaper", "Story", "read_stories", "serve"]

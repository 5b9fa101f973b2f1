"""newsarchive keeps a newspaper: crawl, extract, revise, search and cite it in one SQLite file."""

__version__ = "0.1.0"

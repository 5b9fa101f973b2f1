"""Signals of a crawl besides those of Scrapy."""

abandoned = object()
"""Everything still under way is to be dropped: the crawl was told to end, and its patience is over."""

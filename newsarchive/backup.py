"""Copies of an archive: made while a crawl runs, verified, and put back."""

"""WARC files: writing captures and reading them back, every record of a file, and revisits."""

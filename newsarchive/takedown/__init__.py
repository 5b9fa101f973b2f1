"""Taking down what may not be kept: an article out of the database, its captures out of the WARC files."""

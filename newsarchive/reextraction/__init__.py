"""Today's extractor over all that is kept, and what a site's kept pages teach of its extraction."""

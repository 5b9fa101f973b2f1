"""What is computed from many articles at once: edits, collocations, n-grams, keywords, quotations."""

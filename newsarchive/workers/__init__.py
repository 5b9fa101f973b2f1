"""Worker processes: the pool, extraction in it, and the extraction of kept captures."""

"""The schema of an archive: migrations, and the SQL of its first tables and of search."""

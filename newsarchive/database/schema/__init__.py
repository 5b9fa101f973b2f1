"""The schema of an archive: migrations, and the SQL of its tables, views and search."""

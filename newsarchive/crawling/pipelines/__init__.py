"""Item pipelines: a fetched page becomes an article, an article becomes rows and image files."""

"""Kazakh and Russian versions of one article, and their sentences side by side."""

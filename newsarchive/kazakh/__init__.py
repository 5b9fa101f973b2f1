"""Kazakh text as printed by newspapers: dates, bylines, scripts, languages, boilerplate, stems. Pure functions."""

"""Kazakh text as the press writes it: dates, by-lines, scripts, languages, stock phrases, stems; pure functions."""

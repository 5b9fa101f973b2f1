"""Pure functions on any text: its encodings, its fingerprints, and the search text made of it."""

"""Taking in other people's recordings and saved pages."""

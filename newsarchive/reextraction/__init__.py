"""Extracting all stored pages again with this version, and learning a site's extraction rules from them."""

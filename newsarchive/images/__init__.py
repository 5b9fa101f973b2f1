"""What an image is, by its bytes; SVG; and which images of an article are still to download."""

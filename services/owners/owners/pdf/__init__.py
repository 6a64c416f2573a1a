"""A car's life as a PDF for people: a font, pages of text, and what stands on them."""

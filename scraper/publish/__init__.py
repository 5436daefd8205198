"""What leaves the store: exports, the site, the objects of the read API, and what people read on a terminal."""

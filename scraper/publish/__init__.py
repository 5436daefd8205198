"""What leaves the store: exports, and what people read on a terminal."""

"""ratecard: LLM prices and specs, read from the providers' own pages, with evidence for every value."""

__version__ = "0.1.0"

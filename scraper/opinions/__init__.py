"""Second opinions: what public price lists say, in our words, to be compared with what providers' own pages state.

One module a list. Each declares the list's units, its names of providers and of fields, and how its keys are ids; what
is not declared is not compared, and counted. Nothing is matched by likeness, and nothing here is ever published.
"""

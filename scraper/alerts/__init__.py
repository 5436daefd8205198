"""Alerts: events, who wants to know of which, and how they are told, once and with proof.

What happened is written to an outbox in the transaction of the change (`scraper.store.outbox`). From there it is routed
by rules (`rules`) to subscribers and sent through channels (`channels`), in order and at least once (`sending`).
"""

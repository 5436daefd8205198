"""Who is to be told what, in the database: events that are queued, the messages made of them, how sending these goes.

Of each subscriber and channel there is one message under way at a time, so that their order is kept; what happens
meanwhile waits and goes into the next one. A message is made in one transaction and then never changes, so that it is
the same one however often it is sent. Who sends holds the lease of the subscriber's channel.

- `lines`: the ways to subscribers, and who sends through each now
- `messages`: events are queued for lines, become messages, and these are sent, given up, tried again, forgotten
- `overview`: how every line stands
- `silences`: what nobody is told of until a time
"""

from __future__ import annotations

from scraper.store.telling.lines import Line, disable_line, enrol_lines, give_line, keep_line, take_line
from scraper.store.telling.messages import (
    LOCK,
    Delivery,
    DeliveryState,
    QueuedEvent,
    begin_attempt,
    events_in,
    forget_told,
    is_any_to_forget,
    last_ended,
    lines_with_work,
    make_delivery,
    mark_dead,
    mark_failed,
    mark_sent,
    queue_events,
    queued_of,
    retry_lines,
    take_unrouted,
    under_way,
)
from scraper.store.telling.overview import LineView, list_lines
from scraper.store.telling.silences import Silence, add_silence, end_silence, list_silences, silences_on

__all__ = [
    "LOCK",
    "Delivery",
    "DeliveryState",
    "Line",
    "LineView",
    "QueuedEvent",
    "Silence",
    "add_silence",
    "begin_attempt",
    "disable_line",
    "end_silence",
    "enrol_lines",
    "events_in",
    "forget_told",
    "give_line",
    "is_any_to_forget",
    "keep_line",
    "last_ended",
    "lines_with_work",
    "list_lines",
    "list_silences",
    "make_delivery",
    "mark_dead",
    "mark_failed",
    "mark_sent",
    "queue_events",
    "queued_of",
    "retry_lines",
    "silences_on",
    "take_line",
    "take_unrouted",
    "under_way",
]

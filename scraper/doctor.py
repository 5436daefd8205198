"""Examining an installation: the database, the archive, the sources; one finding for each thing looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from scraper import providers
from scraper.closed import closed
from scraper.fetch.archive import Archive
from scraper.records import iso
from scraper.settings import Settings
from scraper.store import Status, Store, list_captures, list_holds, list_notes, list_offers, list_sources


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and what was found (with what to do, where it is not)."""

    what: str
    ok: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'LOOK'}  {self.what}: {self.text}"

    def to_object(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        return {"what": self.what, "ok": self.ok, "text": self.text}


OLD_HOLD: Final = timedelta(days=30)
"""What waits for a review longer than this needs somebody."""


def examine(
    settings: Settings, store: Store, archive: Archive, at: datetime, provider: str | None = None
) -> list[Finding]:
    """Look at everything, or only at what is of one provider; nothing is changed. `at` is now."""
    wanted = providers.every() if provider is None else (provider,)
    of_sources = [
        *_sources(store, wanted, at),
        *_contradictions(store, provider),
        *_holds(store, at, provider),
        *_models(store, at, provider),
    ]
    if provider is not None:
        return of_sources
    return [
        Finding("database", ok=True, text=f"{store.shown} is up to date"),
        *_archive(store, archive),
        *of_sources,
        Finding("identity", ok=bool(settings.contact), text=_identity(settings)),
        Finding("closed", ok=True, text=f"not read any more: {', '.join(one.name for one in closed().values())}"),
    ]


def _identity(settings: Settings) -> str:
    if settings.contact:
        return f"fetches say {settings.user_agent!r}"
    return f"fetches say {settings.user_agent!r}, without a contact; set RATECARD_CONTACT to an address or a page"


def _archive(store: Store, archive: Archive) -> Iterator[Finding]:
    kept = set(archive.hashes())
    problems = [
        *archive.check(),
        *(
            f"capture {capture.sha256} of {capture.url} from {iso(capture.captured_at)} is missing; restore it from a "
            "backup of the archive"
            for capture in list_captures(store)
            if capture.sha256 not in kept
        ),
    ]
    yield from (Finding("archive", ok=False, text=problem) for problem in problems)
    if not problems:
        yield Finding("archive", ok=True, text=f"{archive.shown} holds {len(kept):,} captures, all whole")


def _sources(store: Store, wanted: Sequence[str], at: datetime) -> Iterator[Finding]:
    known = {(source.provider, source.name): source for source in list_sources(store)}
    declared = {(provider, source.name) for provider in wanted for source in providers.sources(provider)}
    noted: dict[tuple[str, str], int] = {}
    for note in list_notes(store):
        noted[note.provider, note.source] = noted.get((note.provider, note.source), 0) + 1
    for provider in wanted:
        for source in providers.sources(provider):
            key = (provider, source.name)
            what = f"source {provider} {source.name}"
            view = known.get(key)
            if view is None or view.last_at is None:
                lacking = f": {view.error}" if view is not None and view.error else ""
                yield Finding(what, ok=False, text=f"never read{lacking}; run `ratecard refresh {provider}`")
            elif view.last_at > at:
                said = "which is still to come: a clock was ahead then, and nothing is taken before that time"
                yield Finding(what, ok=False, text=f"last read or tried at {iso(view.last_at)}, {said}")
            elif view.status is Status.FAILED:
                yield Finding(what, ok=False, text=f"failed at {iso(view.last_at)}: {view.error}")
            else:
                listed = f"{view.offers:,} {'offers' if view.sells else 'entries about models'}"
                said = f"{listed}, last read from a capture of {iso(view.last_success_at or view.last_at)}"
                notes = f"; {noted[key]} things on it were not understood" if key in noted else ""
                yield Finding(what, ok=True, text=said + notes)
    for provider, name in sorted(known.keys() - declared):
        if provider in wanted or provider not in providers.every():
            yield Finding(
                f"source {provider} {name}", ok=False, text="stored, but no provider module declares it any more"
            )


def _contradictions(store: Store, only: str | None) -> Iterator[Finding]:
    """List what a page states twice and differently: nobody can mend it here, and nobody should look for it in vain."""
    met: dict[tuple[str, str], list[str]] = {}
    for note in list_notes(store, only):
        if note.kind == "conflict":
            met.setdefault((note.provider, note.source), []).append(note.text.partition(": ")[0])
    for (provider, source), subjects in sorted(met.items()):
        text = f"stated twice and differently, and not published as one value: {'; '.join(dict.fromkeys(subjects))}"
        yield Finding(f"contradiction {provider} {source}", ok=True, text=text)


def _holds(store: Store, at: datetime, only: str | None) -> Iterator[Finding]:
    holds = list_holds(store, only)
    old = [hold for hold in holds if at - hold.first.captured_at > OLD_HOLD]
    for provider, source in sorted({(hold.provider, hold.source) for hold in old}):
        mine = [hold for hold in old if (hold.provider, hold.source) == (provider, source)]
        since = iso(min(hold.first.captured_at for hold in mine))[:10]
        said = f"{len(mine):,} new values wait since {since}; run `ratecard review --provider {provider}`"
        yield Finding(f"held {provider} {source}", ok=False, text=said)
    if not old:
        yield Finding("held", ok=True, text=f"{len(holds):,} new values wait for a review, none for long")


def _models(store: Store, at: datetime, only: str | None) -> Iterator[Finding]:
    """Say how many offers sell a known model, and list those of which no rule and no alias says it.

    One without an id that is called like the id of another is not found by its name: its source should give it its id.
    """
    offers = list_offers(store, at, only)
    unknown: dict[str, list[str]] = {}
    for offer in offers:
        if offer.model is None:
            unknown.setdefault(offer.provider, []).append(offer.model_id or offer.name)
    left = sum(map(len, unknown.values()))
    share = f" ({100 * (len(offers) - left) / len(offers):.1f} %)" if offers else ""
    yield Finding("models", ok=True, text=f"{len(offers) - left:,} of {len(offers):,} offers sell a known model{share}")
    for provider, names in sorted(unknown.items()):
        yield Finding(f"unresolved {provider}", ok=True, text=", ".join(names))
    ids = {(offer.provider, offer.model_id) for offer in offers}
    for offer in offers:
        if not offer.model_id and (offer.provider, offer.name) in ids:
            text = (
                f"an offer without an id is called like the id of another, {offer.name}; its module should name the id"
            )
            yield Finding(f"alike {offer.provider}", ok=False, text=text)

"""What becomes of what the guards hold: which of it waits, and which a person or a later capture has settled.

Pure: a reading, the guards' objections and the holds so far in; what to freeze and what to remember out. A hold is told
apart by offer, field and `valid_from`; it is settled for exactly one old and one new value, compared as changes are.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from scraper.diff import (
    Before,
    Captured,
    Claim,
    Frozen,
    Key,
    Known,
    Naming,
    NewOffer,
    Standing,
    in_effect,
    same_substance,
    same_terms,
    since,
)
from scraper.holds import Held, HoldStatus
from scraper.records import Fact, Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold as it is remembered. `old` is what stood, `new` what was read instead, None where it vanished.

    Where the whole offer vanished, `field` is empty and both are None. `releases_after` is what its guard asked for
    (see `Held`). `seen` counts the captures that said so, from the first at `first_at` to the last at `last_at`. A
    decision of a person counts until `expires_at`.
    """

    id: int
    model_id: str
    name: str
    field: str
    valid_from: datetime | None
    old: Claim | None
    new: Claim | None
    status: HoldStatus
    releases_after: int | None
    seen: int
    first_at: datetime
    last_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """A hold to be opened; `stood` is the id of the observation that stays in place."""

    model_id: str
    name: str
    shared_id: bool
    held: Held
    stood: int | None
    new: Fact | None


@dataclass(slots=True)
class Settlement:
    """What a reading makes of holds. `counted` and `released` have the ids of holds with what was read now.

    `missed` are observations whose absence was held and is believed now, with the time when they were first missed.
    """

    frozen: Frozen = field(default_factory=Frozen)
    opened: list[NewHold] = field(default_factory=list)
    counted: dict[int, Fact | None] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    missed: dict[int, datetime] = field(default_factory=dict)


Target = tuple[int, str, datetime | None]
"""What is held: the ref of an offer, a field (empty for the whole offer) and `valid_from`."""


def settle(
    held: Sequence[Held],
    remembered: Sequence[Hold],
    before: Before,
    offers: Sequence[Offer],
    naming: Naming,
    stated: Mapping[int, Mapping[Key, Fact]],
    capture: Captured,
    *,
    release: bool,
) -> Settlement:
    """Settle what the guards hold of a reading; `stated` has its facts by the refs of `naming`.

    An unexpired approval of exactly this lets it through, a rejection keeps what stands without asking again. With
    `release`, so does the capture that makes as many as the guard asks for. A new value waits for as long as it is
    read, even where its guard does not object any more: what it was compared with may be gone by now. Any other hold
    that this reading does not repeat has lapsed. What is stated beside what waits, of the same field, waits with it.
    """
    scene = _Scene.of(before, offers, naming, stated, capture)
    holds = scene.remembered(remembered)
    objections = scene.targets(held)
    settling = _Settling(scene, holds, release)
    for target, one in (objections | scene.still_read(holds, objections)).items():
        settling.ask(target, one)
    settling.draw_along()
    result = settling.result
    result.frozen = _freeze(settling.waiting.keys(), capture.captured_at)
    # What waits with its field does so until that is settled.
    let_through = [(target, hold) for target, hold in settling.passing.items() if not result.frozen.covers(*target)]
    result.released = [hold.id for _, hold in let_through]
    for target, hold in let_through:
        result.missed |= scene.absent(target, hold)
    result.lapsed = [hold.id for hold in remembered if hold.status is HoldStatus.OPEN and hold.id not in settling.kept]
    return result


@dataclass(frozen=True, slots=True)
class _Settling:
    """What comes of each thing that is held: it waits, passes because enough captures say so, or was decided."""

    scene: _Scene
    holds: Mapping[Target, Sequence[Hold]]
    release: bool
    result: Settlement = field(default_factory=Settlement)
    waiting: dict[Target, Held] = field(default_factory=dict)
    passing: dict[Target, Hold] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)

    def ask(self, target: Target, one: Held, *, heed_approval: bool = True) -> None:
        """Settle one thing that is held; a new hold is opened where it waits and none is open."""
        at = self.scene.capture.captured_at
        old, new = self.scene.stood(target), self.scene.new(target)
        same = [hold for hold in self.holds.get(target, ()) if same_claim(hold.old, old) and same_claim(hold.new, new)]
        decision = _decided(same, at)
        if decision is not None and decision.status is HoldStatus.REJECTED:
            self.waiting[target] = one
            return
        if decision is not None and heed_approval:
            return
        again = next((hold for hold in same if hold.status is HoldStatus.OPEN), None)
        seen = 1 if again is None else again.seen + (at > again.last_at)
        enough = self.release and one.releases_after is not None and seen >= one.releases_after
        if not enough:
            self.waiting[target] = one
        if again is None:
            self.result.opened += [] if enough else [self.scene.opening(target, one, old, new)]
            return
        self.kept.add(again.id)
        if seen > again.seen:
            self.result.counted[again.id] = new
        if enough:
            self.passing[target] = again

    def draw_along(self) -> None:
        """Hold what is stated beside what waits: while its field is frozen it waits, too, even if it was approved."""
        for target, one in list(self.waiting.items()):
            for beside in self.scene.beside(target):
                if beside not in self.waiting and beside not in self.passing:
                    why = "It is stated beside another price of this field that waits, and waits with it."
                    self.ask(beside, replace(one, valid_from=beside[2], message=why), heed_approval=False)


def _is_to_come(valid_from: datetime | None, at: datetime) -> bool:
    return valid_from is not None and valid_from > at


def _decided(same: Sequence[Hold], at: datetime) -> Hold | None:
    """Return the newest decision of a person that counts at a time."""
    decisions = [hold for hold in same if hold.expires_at is not None and hold.expires_at > at]
    return max(decisions, key=lambda hold: (hold.expires_at or at, hold.id), default=None)


def same_claim(one: Claim | None, other: Claim | None) -> bool:
    """Say whether two claims agree in substance; nothing agrees only with nothing."""
    if one is None or other is None:
        return one is other
    return same_substance(one, other)


def _freeze(waiting: Set[Target], at: datetime) -> Frozen:
    """Freeze the field of what is held, lest another fact of it changes what is published; a later day is its own."""
    later = {target for target in waiting if _is_to_come(target[2], at)}
    return Frozen(
        offers=frozenset(ref for ref, name, _ in waiting if not name),
        fields=frozenset((ref, name) for ref, name, _ in waiting - later if name),
        facts=frozenset(later),
    )


def stood_for(
    of_field: Iterable[Standing], valid_from: datetime | None, at: datetime, beside: Container[datetime | None] = ()
) -> Standing | None:
    """Return what stands where a fact would be: of its own day or, if that has come, what it would take the place of.

    `of_field` is all that stands of the field as the source states it. It takes the place of no price of a later day
    that is stated `beside` it.
    """
    found = list(of_field)
    for stood in found:
        if stood.valid_from == valid_from:
            return stood
    if _is_to_come(valid_from, at):
        return None
    current = max(filter(in_effect, found), key=lambda stood: since(stood.valid_from), default=None)
    if current is not None and current.valid_from in beside and since(current.valid_from) > since(valid_from):
        return None
    return current


@dataclass(frozen=True, slots=True)
class OffersByName:
    """Offers by what they are called, in the reading first and then in the store."""

    exact: Mapping[tuple[str, str], int]
    by_id: Mapping[str, int]
    by_name: Mapping[str, Sequence[int]]
    called: Mapping[int, Known | NewOffer]

    @classmethod
    def of(cls, known: Sequence[Known], offers: Sequence[Offer], naming: Naming) -> OffersByName:
        """Return the offers of a reading and those that are stored."""
        exact: dict[tuple[str, str], int] = {}
        by_id: dict[str, int] = {}
        by_name: dict[str, list[int]] = {}
        for offer, ref in zip(offers, naming.refs, strict=True):
            exact.setdefault((offer.model_id, offer.name), ref)
            if offer.model_id and not offer.shared_id:
                by_id.setdefault(offer.model_id, ref)
        for stored in known:
            exact.setdefault((stored.model_id, stored.name), stored.id)
            if stored.model_id and not stored.shared_id:
                by_id.setdefault(stored.model_id, stored.id)
            by_name.setdefault(stored.name, []).append(stored.id)
        called: dict[int, Known | NewOffer] = {new.offer: new for new in naming.create}
        return cls(exact, by_id, by_name, called | {stored.id: stored for stored in known})

    def find(self, model_id: str, name: str) -> int | None:
        """Return the ref of an offer, None where there is no such offer any more."""
        found = self.exact.get((model_id, name))
        if found is None and model_id:
            found = self.by_id.get(model_id)
        elif found is None and len(self.by_name.get(name, ())) == 1:
            found = self.by_name[name][0]
        return found


ByOffer = Mapping[int, Mapping[str, Sequence[Standing]]]


def by_offer(standing: Sequence[Standing]) -> ByOffer:
    """Return what stands by offer and field."""
    found: dict[int, dict[str, list[Standing]]] = {}
    for stood in standing:
        found.setdefault(stood.offer, {}).setdefault(stood.field, []).append(stood)
    return found


@dataclass(frozen=True, slots=True)
class _Scene:
    naming: Naming
    stated: Mapping[int, Mapping[Key, Fact]]
    capture: Captured
    offers: OffersByName
    standing: ByOffer

    @classmethod
    def of(
        cls,
        before: Before,
        offers: Sequence[Offer],
        naming: Naming,
        stated: Mapping[int, Mapping[Key, Fact]],
        capture: Captured,
    ) -> _Scene:
        called = OffersByName.of(before.known, offers, naming)
        return cls(naming, stated, capture, called, by_offer(before.standing))

    def remembered(self, holds: Sequence[Hold]) -> dict[Target, list[Hold]]:
        """Return holds by what they hold, but for those of offers that are not known any more."""
        found: dict[Target, list[Hold]] = {}
        for hold in holds:
            ref = self.offers.find(hold.model_id, hold.name)
            if ref is not None:
                found.setdefault((ref, hold.field, hold.valid_from), []).append(hold)
        return found

    def targets(self, held: Sequence[Held]) -> dict[Target, Held]:
        """Return what is held that the reading would change; of several objections to one thing the first counts."""
        targets: dict[Target, Held] = {}
        for one in held:
            ref = self.offers.find(one.model_id, one.name)
            if ref is None:
                continue
            for target in self._meant(ref, one):
                if target not in targets and self._changes(target):
                    targets[target] = one
        return targets

    def still_read(self, holds: Mapping[Target, Sequence[Hold]], held: Collection[Target]) -> dict[Target, Held]:
        """Return what waits of what no guard holds now, and is read as it was when one did."""
        found = {}
        for target, known in holds.items():
            old, new = self.stood(target), self.new(target)
            for hold in known:
                same = same_claim(hold.old, old) and same_claim(hold.new, new)
                if target in held or new is None or hold.status is not HoldStatus.OPEN or not same:
                    continue
                found[target] = Held(
                    model_id=hold.model_id,
                    name=hold.name,
                    field=hold.field,
                    valid_from=hold.valid_from,
                    check="",
                    message="",
                    releases_after=hold.releases_after,
                )
        return found

    def beside(self, target: Target) -> Iterator[Target]:
        """Yield the rest that is said of the field of what waits, and would be published by now."""
        ref, name, valid_from = target
        if _is_to_come(valid_from, self.capture.captured_at):
            return
        for fact in self.stated.get(ref, {}).values():
            is_other = fact.field == name and fact.valid_from != valid_from
            is_now = not _is_to_come(fact.valid_from, self.capture.captured_at)
            if is_other and is_now and not self._is_in_force(ref, fact):
                yield (ref, name, fact.valid_from)

    def _is_in_force(self, ref: int, fact: Fact) -> bool:
        of_field = self.standing.get(ref, {}).get(fact.field, ())
        stood = next((one for one in of_field if one.valid_from == fact.valid_from), None)
        return stood is not None and in_effect(stood) and same_substance(stood, fact) and same_terms(stood, fact)

    def _meant(self, ref: int, held: Held) -> Iterator[Target]:
        if not held.field and ref in self.stated:
            # All that the reading says of the offer.
            yield from ((ref, name, valid_from) for name, valid_from in self.stated[ref])
        else:
            yield (ref, held.field, held.valid_from)

    def _changes(self, target: Target) -> bool:
        new = self.new(target)
        if new is None:
            return bool(self._gone(target))
        stood = self.stood(target)
        # The same value in other words, or of another day, moves nothing.
        return stood is None or not same_substance(stood, new)

    def new(self, target: Target) -> Fact | None:
        """Return what the reading states of it."""
        ref, name, valid_from = target
        return self.stated.get(ref, {}).get((name, valid_from))

    def stood(self, target: Target) -> Standing | None:
        """Return what stands in its place; a whole offer has no one thing."""
        ref, name, valid_from = target
        beside = {since for field, since in self.stated.get(ref, {}) if field == name and since is not None}
        return stood_for(self.standing.get(ref, {}).get(name, ()), valid_from, self.capture.captured_at, beside)

    def _gone(self, target: Target) -> list[Standing]:
        ref, name, valid_from = target
        return gone(self.standing.get(ref, {}), name, valid_from)

    def opening(self, target: Target, held: Held, old: Standing | None, new: Fact | None) -> NewHold:
        """Return the hold of something that was not held before."""
        ref, name, valid_from = target
        offer = self.offers.called[ref]
        return NewHold(
            model_id=self.naming.identify.get(ref, offer.model_id),
            name=offer.name,
            shared_id=offer.shared_id,
            held=replace(held, field=name, valid_from=valid_from),
            stood=None if old is None else old.id,
            new=new,
        )

    def absent(self, target: Target, hold: Hold) -> dict[int, datetime]:
        """Return what a hold says is gone, with the time since when, where an earlier capture said so, too."""
        if hold.new is not None or hold.last_at >= self.capture.captured_at:
            return {}
        return {stood.id: hold.first_at for stood in self._gone(target) if not stood.misses}


def gone(by_field: Mapping[str, Sequence[Standing]], name: str, valid_from: datetime | None) -> list[Standing]:
    """Return what stands of what vanished, of all that stands of an offer: one fact, or all (no `name`)."""
    if not name:
        return [stood for of_field in by_field.values() for stood in of_field]
    return [stood for stood in by_field.get(name, ()) if stood.valid_from == valid_from]

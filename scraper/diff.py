"""What one reading of one source means against what stands in the store: a plan, and the changes that people see.

Pure: records in, a plan out; no database, no clock. The words:

- an offer is told apart by its `model_id`, exactly as printed; without an id, or with one that is shared, by its name;
- an observation is told apart by offer, field and `valid_from` (an announced price stands beside the current one);
- what a reading does not show is missed; the second fresh reading that misses it closes it;
- the first reading of a source is its baseline and changes nothing that anybody was told before;
- of an offer that is restated, all that stands is what this reading states, word for word: nothing is left to compare;
- what is frozen waits for a person: the reading's word on it is left out, and what stands stays as it is; it is seen
  again where the reading says just that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from scraper.errors import Contradiction
from scraper.meters import is_rate_key
from scraper.words import Reason, State

if TYPE_CHECKING:
    # Who only compares what is stored, in order to show it, needs none of what checks the records.
    from scraper.records import Evidence, Fact, Offer

NOISE: Final = Decimal("1e-9")
"""The relative difference up to which two amounts are the same."""

MISSES_TO_CLOSE: Final = 2

_EXACT: Final = Context(prec=100)

_BEFORE_ALL_DAYS: Final = datetime.min.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What a change is."""

    OFFER_ADDED = "offer_added"
    OFFER_WITHDRAWN = "offer_withdrawn"
    CHANGED = "changed"
    TERMS = "terms"
    FIELD_ADDED = "field_added"
    FIELD_REMOVED = "field_removed"


class Claim(Protocol):
    """What is said of one field, apart from where it is said; facts and stored observations both have this."""

    @property
    def field(self) -> str:
        """A rate key or a spec."""

    @property
    def state(self) -> State:
        """What can be said."""

    @property
    def value(self) -> str | None:
        """The text of the value, where sourced."""

    @property
    def currency(self) -> str | None:
        """The currency of an amount."""

    @property
    def reason(self) -> Reason | None:
        """Why it is not sourced."""

    @property
    def derived(self) -> str:
        """The rule that gave the value."""

    @property
    def promotional(self) -> bool:
        """Whether it holds only for a time."""

    @property
    def valid_from(self) -> datetime | None:
        """The day an announced price begins."""

    @property
    def valid_until(self) -> datetime | None:
        """The day a price ends."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The identity of what was read: hash and aware UTC time of a capture.

    Where it has several pages, the hash is that of the first one, the time that of the newest, and `pages` that of the
    list of all; else it is empty.
    """

    sha256: str
    captured_at: datetime
    pages: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """An offer of the provider as it is stored."""

    id: int
    model_id: str
    name: str
    shared_id: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An open observation of the source that was read."""

    id: int
    offer: int
    field: str
    state: State
    value: str | None
    currency: str | None
    reason: Reason | None
    derived: str
    promotional: bool
    valid_from: datetime | None
    valid_until: datetime | None
    last_seen: datetime
    misses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What stands before a reading.

    `last_read` is the last capture of this source that was read, None before its first. `elsewhere` are the offers of
    which another source has an open observation; `outranked` the (offer, field) that a better-ranked source publishes,
    and `better` what such sources say of them.
    """

    known: Sequence[Known] = ()
    standing: Sequence[Standing] = ()
    last_read: Captured | None = None
    elsewhere: frozenset[int] = frozenset()
    outranked: frozenset[tuple[int, str]] = frozenset()
    better: Mapping[tuple[int, str], Sequence[Claim]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a reading may not touch, by offers as `name_offers` names them: whole offers, fields, single facts."""

    offers: frozenset[int] = frozenset()
    fields: frozenset[tuple[int, str]] = frozenset()
    facts: frozenset[tuple[int, str, datetime | None]] = frozenset()

    def covers(self, offer: int, field: str, valid_from: datetime | None) -> bool:
        """Say whether a fact, or what stands in its place, is left as it is."""
        return offer in self.offers or (offer, field) in self.fields or (offer, field, valid_from) in self.facts


NOTHING_FROZEN: Final = Frozen()


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer to create; the plan calls it by a negative number until the store has given it an id."""

    offer: int
    model_id: str
    name: str
    shared_id: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """An observation to open."""

    offer: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Change:
    """A change to write; the observation after it is opened (an index into `Plan.open`) or stood already (its id)."""

    kind: Kind
    offer: int
    field: str = ""
    before: int | None = None
    after_opened: int | None = None
    after_standing: int | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """Which offers a reading is about: one ref for each that was read, ids of known ones or the numbers of `create`.

    `identify` are offers that were known by name and get the id that is now read.
    """

    refs: Sequence[int]
    create: Sequence[NewOffer]
    identify: Mapping[int, str]

    def but(self, offers: Sequence[Offer], left_out: frozenset[int]) -> tuple[Sequence[Offer], Sequence[int]]:
        """Return the offers that were read, but for some, and the ref of each."""
        if not left_out:
            return offers, self.refs
        left = [(offer, ref) for offer, ref in zip(offers, self.refs, strict=True) if ref not in left_out]
        return [offer for offer, _ in left], [ref for _, ref in left]


@dataclass(slots=True)
class Plan:
    """What is to be done; offers are ids of known offers or the negative numbers of `create`, the rest standing ids.

    `whole` are the offers that were read of which nothing was frozen.
    """

    create: list[NewOffer] = field(default_factory=list)
    identify: dict[int, str] = field(default_factory=dict)
    rename: dict[int, str] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    withdraw: list[int] = field(default_factory=list)
    open: list[Opening] = field(default_factory=list)
    confirm: dict[int, Evidence] = field(default_factory=dict)
    miss: list[int] = field(default_factory=list)
    close: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)


Key = tuple[str, datetime | None]
Stated: TypeAlias = "Mapping[int, Mapping[Key, Fact]]"


def same_value(name: str, one: str | None, other: str | None) -> bool:
    """Say whether two values of a field are the same: amounts as numbers, up to float noise; specs as text."""
    if one == other:
        return True
    if one is None or other is None or not is_rate_key(name):
        return False
    a, b = Decimal(one), Decimal(other)
    return abs(_EXACT.subtract(a, b)) <= _EXACT.multiply(NOISE, max(abs(a), abs(b)))


def same_substance(one: Claim, other: Claim) -> bool:
    """Say whether two claims of one field agree in state, reason, currency and value."""
    return (one.state, one.reason, one.currency) == (other.state, other.reason, other.currency) and same_value(
        one.field, one.value, other.value
    )


MIN_DECIMALS: Final = 2
"""A price with fewer decimals than this is not taken for a rounded one."""

_MEANINGFUL: Final = Context(prec=15)


def refines(fine: Claim, coarse: Claim) -> bool:
    """Say whether an amount is what the other one rounds: 0.125 refines 0.13, and so 0.12, but not 0.1 and not 0.14.

    A price of nothing is never taken for a rounded one.
    """
    if (fine.state, fine.field, fine.currency) != (coarse.state, coarse.field, coarse.currency):
        return False
    if fine.value is None or coarse.value is None or not is_rate_key(fine.field):
        return False
    exact, rounded = _MEANINGFUL.create_decimal(fine.value), Decimal(coarse.value)
    decimals = _decimals(rounded)
    if decimals < MIN_DECIMALS or _decimals(exact) <= decimals or not rounded:
        return False
    return rounded in (exact.quantize(rounded, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN))


def _decimals(amount: Decimal) -> int:
    return -int(amount.as_tuple().exponent)


def same_terms(one: Claim, other: Claim) -> bool:
    """Say whether two claims of one field agree in what is said beside the value."""
    return (one.derived, one.promotional, one.valid_until) == (other.derived, other.promotional, other.valid_until)


def diff(
    before: Before,
    offers: Sequence[Offer],
    capture: Captured,
    frozen: Frozen = NOTHING_FROZEN,
    *,
    naming: Naming | None = None,
    restated: frozenset[int] = frozenset(),
) -> Plan:
    """Return what a reading means: nothing at all where this capture was the last one read.

    `naming` is that of these offers, where it is known already. Of `restated` offers nothing is planned, but for a
    name, and `before` needs nothing of what stands of them. Raises `Contradiction` where the reading says two different
    things of one field of one offer.
    """
    plan = Plan()
    if before.last_read == capture:
        return plan
    naming = naming or name_offers(before.known, offers)
    known = {offer.id: offer for offer in before.known}
    said = gather(*naming.but(offers, restated))
    stated = _not_frozen(said, frozen, known)
    plan.create = [new for new in naming.create if new.offer in stated]
    plan.identify = dict(naming.identify)
    plan.seen = [ref for ref in stated if ref > 0]
    plan.returned = [ref for ref in plan.seen if known[ref].withdrawn]
    plan.whole = [ref for ref, facts in stated.items() if len(facts) == len(said[ref])]
    _rename(plan, before, known, offers, naming.refs)
    left = _left_in_force(before.standing, frozen)
    comparison = _Comparison(plan, before, stated, capture, frozenset(plan.returned), frozen, left)
    comparison.arrivals()
    comparison.left_alone(said)
    in_force = comparison.in_force()
    fresh = comparison.compare(in_force)
    comparison.missing()
    comparison.supersede(fresh, in_force)
    comparison.added(fresh)
    _withdraw(plan, before, stated)
    return plan


# Which offer is it?


def _identity(offer: Offer | Known) -> tuple[bool, str, str]:
    if offer.model_id and not offer.shared_id:
        return (False, offer.model_id, "")
    return (bool(offer.model_id), offer.model_id, offer.name)


def name_offers(stored_offers: Sequence[Known], offers: Sequence[Offer]) -> Naming:
    """Return for each offer that was read which one it is, in the order read, with the new ones and new ids."""
    known = {_identity(stored): stored.id for stored in stored_offers}
    refs = [known.get(_identity(offer), 0) for offer in offers]
    return Naming(refs, (), {}) if all(refs) else _name_new(stored_offers, offers, known)


def _name_new(
    stored_offers: Sequence[Known], offers: Sequence[Offer], known: Mapping[tuple[bool, str, str], int]
) -> Naming:
    by_name: dict[str, list[int]] = defaultdict(list)
    for stored in stored_offers:
        by_name[stored.name].append(stored.id)
    create: list[NewOffer] = []
    identify: dict[int, str] = {}
    unknown_ids = Counter(offer.name for offer in _distinct(offers) if _is_new_id(offer, known))
    nameless = {offer.name for offer in offers if not offer.model_id}
    refs: dict[tuple[bool, str, str], int] = {}
    taken: set[int] = set()
    # Offers with an id first: a name alone never takes an offer that the same reading states by its id.
    for offer in sorted(offers, key=lambda offer: not offer.model_id):
        identity = _identity(offer)
        if identity in refs:
            continue
        ref = known.get(identity)
        if ref is None and _is_new_id(offer, known) and unknown_ids[offer.name] == 1 and offer.name not in nameless:
            ref = known.get((False, "", offer.name))
            if ref is not None:
                identify[ref] = offer.model_id
        elif ref is None and not offer.model_id and len(by_name[offer.name]) == 1:
            ref = next((found for found in by_name[offer.name] if found not in taken), None)
        if ref is None:
            ref = -len(create) - 1
            create.append(NewOffer(ref, offer.model_id, offer.name, identity[0]))
        refs[identity] = ref
        taken.add(ref)
    return Naming([refs[_identity(offer)] for offer in offers], create, identify)


def _distinct(offers: Sequence[Offer]) -> Iterator[Offer]:
    """Yield the first offer of each identity."""
    met = set()
    for offer in offers:
        if (identity := _identity(offer)) not in met:
            met.add(identity)
            yield offer


def _is_new_id(offer: Offer, known: Mapping[tuple[bool, str, str], int]) -> bool:
    return bool(offer.model_id) and not offer.shared_id and _identity(offer) not in known


def gather(offers: Sequence[Offer], refs: Sequence[int]) -> dict[int, dict[Key, Fact]]:
    """Return each offer's facts by field and `valid_from`; an offer that is read twice must not contradict itself."""
    stated: dict[int, dict[Key, Fact]] = {}
    for offer, ref in zip(offers, refs, strict=True):
        facts = stated.setdefault(ref, {})
        for fact in offer.facts:
            first = facts.setdefault((fact.field, fact.valid_from), fact)
            if not (same_substance(first, fact) and same_terms(first, fact)):
                raise Contradiction(
                    f"The reading states {fact.field} of {offer.model_id or offer.name!r} twice, as {_short(first)} "
                    f"and as {_short(fact)}; its parser must tell these offers apart or leave the field out."
                )
    return stated


def _not_frozen(
    stated: Mapping[int, Mapping[Key, Fact]], frozen: Frozen, known: Mapping[int, Known]
) -> dict[int, dict[Key, Fact]]:
    """Return what is stated of what is not frozen; an offer that would come with nothing else does not come at all."""
    left = {}
    for offer, facts in stated.items():
        kept = {key: fact for key, fact in facts.items() if not frozen.covers(offer, *key)}
        arriving = offer not in known or known[offer].withdrawn
        if kept or not facts or not arriving:
            left[offer] = kept
    return left


def _short(fact: Fact) -> str:
    return f"{fact.value or fact.state} {fact.currency or ''}".strip()


def _rename(
    plan: Plan, before: Before, known: Mapping[int, Known], offers: Sequence[Offer], refs: Sequence[int]
) -> None:
    # Where several sources list an offer, or one prints it twice, its first name holds: else it would change with every
    # reading.
    names: dict[int, str] = {}
    for offer, ref in zip(offers, refs, strict=True):
        if offer.name:
            names.setdefault(ref, offer.name)
    for ref, name in names.items():
        stored = known.get(ref)
        if stored is not None and name != stored.name and (not stored.name or ref not in before.elsewhere):
            plan.rename[ref] = name


# What does it say?


@dataclass(slots=True)
class _Fresh:
    """Where the fact of a key went: a new observation, or one that stood and holds."""

    opened: int | None = None
    standing: int | None = None


@dataclass(frozen=True, slots=True)
class _Comparison:
    plan: Plan
    before: Before
    stated: Stated
    capture: Captured
    returned: frozenset[int]
    frozen: Frozen
    left: Mapping[tuple[int, str], Sequence[Key]]

    def change(self, kind: Kind, offer: int, name: str, **observations: int | None) -> None:
        """Plan a change, unless it is of a baseline, of an offer that is new as a whole, or nobody sees the field."""
        arriving = offer < 0 or offer in self.returned
        if self.before.last_read is None or arriving or self._unseen(offer, name, **observations):
            return
        self.plan.changes.append(Change(kind, offer, name, **observations))

    def _unseen(self, offer: int, name: str, **observations: int | None) -> bool:
        """Say whether a better-ranked source's word is published before and after a change of this one's.

        It is not where it only rounds what this source says.
        """
        if (offer, name) not in self.before.outranked:
            return False
        opened, before = observations.get("after_opened"), observations.get("before")
        stood = next((one for one in self.before.standing if one.id == before), None)
        better = self.before.better.get((offer, name))
        if opened is None or stood is None or not better:
            return True
        fact = self.plan.open[opened].fact
        return not all(refines(stood, one) and refines(fact, one) for one in better)

    def arrivals(self) -> None:
        """Plan one change for each offer that is new or came back."""
        if self.before.last_read is not None:
            arriving = (offer for offer in self.stated if offer < 0 or offer in self.returned)
            self.plan.changes.extend(Change(Kind.OFFER_ADDED, offer) for offer in arriving)

    def left_alone(self, said: Stated) -> None:
        """Confirm what is frozen and in effect where the reading says it in the same words."""
        for stood in self.before.standing if self.left else ():
            if (stood.field, stood.valid_from) in self.left.get((stood.offer, stood.field), ()):
                fact = said.get(stood.offer, {}).get((stood.field, stood.valid_from))
                if fact is not None and same_substance(stood, fact) and same_terms(stood, fact):
                    self.plan.confirm[stood.id] = fact.evidence

    def in_force(self) -> dict[tuple[int, str], Standing]:
        """Return what was in effect of each field of which something has a day on which it begins."""
        dated = {(s.offer, s.field) for s in self.before.standing if s.valid_from is not None}
        dated |= {(offer, name) for offer, facts in self.stated.items() for name, begins in facts if begins is not None}
        found: dict[tuple[int, str], Standing] = {}
        for stood in self.before.standing if dated else ():
            of_field = stood.offer, stood.field
            if of_field in dated and in_effect(stood):
                found[of_field] = max(found.get(of_field, stood), stood, key=lambda one: since(one.valid_from))
        return found

    def compare(self, in_force: Mapping[tuple[int, str], Standing]) -> dict[tuple[int, Key], _Fresh]:
        """Open, confirm or replace what the reading states.

        Return where each fact went of which no change is planned yet: what is new, what holds, and what takes the place
        of one that was in force.
        """
        plan = self.plan
        standing = {(s.offer, (s.field, s.valid_from)): s for s in self.before.standing}
        fresh: dict[tuple[int, Key], _Fresh] = {}
        for offer, facts in self.stated.items():
            for key, fact in facts.items():
                stood = standing.get((offer, key))
                if stood is not None and same_substance(stood, fact) and same_terms(stood, fact):
                    plan.confirm[stood.id] = fact.evidence
                    fresh[offer, key] = _Fresh(standing=stood.id)
                    if not in_effect(stood) and (offer, fact.field) not in in_force:
                        self._begun(offer, key, stood)
                    continue
                plan.open.append(Opening(offer, fact))
                opened = len(plan.open) - 1
                if stood is None:
                    fresh[offer, key] = _Fresh(opened=opened)
                    continue
                plan.close.append(stood.id)
                shown = in_force.get((offer, fact.field))
                is_to_come = fact.valid_from is not None and not self._has_come(fact)
                is_current = shown is None or key == self._shown(offer, fact.field)
                if is_to_come or (is_current and (shown is None or shown is stood)):
                    kind = Kind.TERMS if same_substance(stood, fact) else Kind.CHANGED
                    self.change(kind, offer, fact.field, before=stood.id, after_opened=opened)
                elif is_current:
                    fresh[offer, key] = _Fresh(opened=opened)
        return fresh

    def _begun(self, offer: int, key: Key, stood: Standing) -> None:
        """Plan the change that an announced price makes on its day where there was none before it."""
        if key == self._current(offer, stood.field):
            self.change(Kind.FIELD_ADDED, offer, stood.field, after_standing=stood.id)

    def missing(self) -> None:
        """Miss or close what the reading does not state; what is frozen is neither."""
        last = self.before.last_read
        is_fresh = last is not None and self.capture.captured_at > last.captured_at
        for stood in self.before.standing:
            if self.frozen.covers(stood.offer, stood.field, stood.valid_from):
                continue
            if (stood.field, stood.valid_from) in self.stated.get(stood.offer, {}):
                continue
            never_began = self._has_come(stood) and not in_effect(stood)
            if never_began or self._gave_way(stood):
                self.plan.close.append(stood.id)
            elif is_fresh and stood.misses + 1 >= MISSES_TO_CLOSE:
                self.plan.close.append(stood.id)
                self.change(Kind.FIELD_REMOVED, stood.offer, stood.field, before=stood.id)
            elif is_fresh:
                self.plan.miss.append(stood.id)

    def supersede(self, fresh: dict[tuple[int, Key], _Fresh], in_force: Mapping[tuple[int, str], Standing]) -> None:
        """Plan the changes of what was in force: to the price of a day that came, or to the ordinary one after it."""
        for (offer, name), stood in in_force.items():
            key = self._shown(offer, name)
            went = None if key is None else fresh.get((offer, key))
            if key is None or went is None or key == (stood.field, stood.valid_from):
                continue
            if went.opened is not None:
                del fresh[offer, key]
            if not same_substance(stood, self.stated[offer][key]):
                self.change(
                    Kind.CHANGED, offer, name, before=stood.id, after_opened=went.opened, after_standing=went.standing
                )

    def added(self, fresh: Mapping[tuple[int, Key], _Fresh]) -> None:
        """Plan one change for each field that a known offer did not have, and for each announced price.

        What another price of the field hides is not seen.
        """
        for (offer, key), went in fresh.items():
            name, begins = key
            is_to_come = begins is not None and begins > self.capture.captured_at
            if went.opened is not None and (is_to_come or key == self._shown(offer, name)):
                self.change(Kind.FIELD_ADDED, offer, name, after_opened=went.opened)

    def _has_come(self, claim: Claim) -> bool:
        return claim.valid_from is not None and claim.valid_from <= self.capture.captured_at

    def _current(self, offer: int, name: str) -> Key | None:
        """Return the key of what the reading states of a field for its own time: the latest that has begun."""
        facts = self.stated.get(offer, {})
        begun = [key for key, fact in facts.items() if key[0] == name and (key[1] is None or self._has_come(fact))]
        return max(begun, key=lambda key: since(key[1]), default=None)

    def _shown(self, offer: int, name: str) -> Key | None:
        """Return the key of what is published of a field next: what is frozen may be later than what is stated."""
        current = self._current(offer, name)
        left = self.left.get((offer, name), ())
        return max(left if current is None else (current, *left), key=lambda key: since(key[1]), default=None)

    def _gave_way(self, stood: Standing) -> bool:
        key = self._current(stood.offer, stood.field)
        return key is not None and (self._has_come(stood) or (stood.valid_from is None and key[1] is not None))


def in_effect(stood: Standing) -> bool:
    """Say whether an observation was ever current: an announced price only if it was stated on its day or after."""
    return stood.valid_from is None or stood.last_seen >= stood.valid_from


def _left_in_force(standing: Sequence[Standing], frozen: Frozen) -> dict[tuple[int, str], list[Key]]:
    """Return the keys of what is in effect and frozen, by offer and field."""
    left: dict[tuple[int, str], list[Key]] = {}
    for stood in standing if frozen != NOTHING_FROZEN else ():
        if in_effect(stood) and frozen.covers(stood.offer, stood.field, stood.valid_from):
            left.setdefault((stood.offer, stood.field), []).append((stood.field, stood.valid_from))
    return left


def since(day: datetime | None) -> datetime:
    """Return when a price begins to hold, for comparing: the ordinary one, which has no day, did before all others."""
    return day or _BEFORE_ALL_DAYS


def _withdraw(plan: Plan, before: Before, stated: Stated) -> None:
    """Withdraw the offers that no source states any more, with one change each instead of one a field."""
    closed = set(plan.close)
    left = {stood.offer for stood in before.standing if stood.id not in closed} | before.elsewhere | stated.keys()
    gone = dict.fromkeys(s.offer for s in before.standing if s.id in closed and s.offer not in left)
    plan.withdraw = list(gone)
    plan.changes = [change for change in plan.changes if change.offer not in gone]
    plan.changes += [Change(Kind.OFFER_WITHDRAWN, offer) for offer in plan.withdraw]

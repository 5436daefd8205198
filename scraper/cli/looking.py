"""Commands that look at what is published: offers, models, fields, gaps, changes, history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from scraper import providers, store
from scraper.cli.shared import AsOf, Db, Json, Ref, clock, moment_of, opening, print_json, start_of
from scraper.errors import RatecardError
from scraper.places import database_alone
from scraper.publish import objects, review, text
from scraper.publish.exports import offer_object
from scraper.states import FieldView
from scraper.store.asking import Ask, is_held, offers_called, statements_of, what_stands
from scraper.store.quick import ask_quickly
from scraper.store.views import HoldView, OfferView, Statement

if TYPE_CHECKING:
    from scraper.store import Store

Found = TypeVar("Found")

app = typer.Typer(rich_markup_mode=None)


@app.command()
def diff(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only changes from this day on.")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """List the changes, newest first."""
    with opening(db) as opened:
        changes = store.list_changes(opened.store, since=start_of(since) if since else None, told=True)
    if as_json:
        print_json([objects.change_object(change) for change in changes])
    elif changes:
        text.show(text.changes_text(changes))
    else:
        typer.echo("No changes" + (f" since {since}." if since else "."))


@app.command()
def show(
    ref: Ref,
    as_of: AsOf = None,
    setup: Annotated[bool, typer.Option("--setup", help="Also show how to call it: install line, key, call.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show an offer: its fields, what is said of each, and by which source."""
    offers = _quickly(db, ref, as_of, lambda ask, of, called: offers_called(ask, of, called, clock()))
    if not offers:
        with opening(db) as opened:
            offers = _find(opened.store, ref, as_of)
    if as_json:
        print_json([offer_object(offer) for offer in offers] if len(offers) > 1 else offer_object(offers[0]))
        return
    for offer in offers:
        text.show(text.offer_text(offer))
        if setup and offer.model_id:
            facts = providers.facts(offer.provider)
            text.show(text.setup_text(facts, providers.call(offer.provider, offer.model_id)))


@app.command()
def model(
    name: Annotated[str, typer.Argument(metavar="CREATOR/NAME", help="A model, such as openai/gpt-4.1-nano.")],
    as_of: AsOf = None,
    proofs: Annotated[
        bool, typer.Option("--evidence", help="Also show where each value stands, and its quote.")
    ] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show a model across all providers: who sells it, at which prices, and what is stated of it by whom."""
    from scraper.models import model_view
    from scraper.publish.model import model_object, model_text

    with opening(db) as opened:
        offers = store.list_offers(opened.store, clock(), as_of=moment_of(as_of))
        told = store.list_told(opened.store, clock(), [name.casefold()], as_of=moment_of(as_of))
    selling = [offer for offer in offers if offer.model == name.casefold()]
    if not selling:
        raise RatecardError(f"No offer sells a model {name!r}; `ratecard show PROVIDER/MODEL_ID` says what one sells.")
    view = model_view(name.casefold(), selling, told)
    if as_json:
        print_json(model_object(view))
    else:
        text.show(model_text(view, evidence=proofs))


@app.command()
def explain(
    ref: Ref,
    field: Annotated[
        str, typer.Argument(metavar="FIELD", help="A rate key or a spec, such as input or context_window.")
    ],
    as_of: AsOf = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show where a value comes from: address, time, capture, place and quote; other sources; what was before."""
    shown = _quickly(db, ref, as_of, lambda ask, of, called: _explained(ask, of, called, field))
    if not shown:
        with opening(db) as opened:
            shown = _explain(opened.store, ref, field, as_of)
    if as_json:
        found = [
            {
                "provider": offer.provider,
                "model_id": offer.model_id or None,
                "name": offer.name,
                **objects.field_object(view),
                "statements": [objects.statement_object(one) for one in said],
                "history": [objects.statement_object(one) for one in past],
                "held": [review.hold_object(hold) for hold in held],
            }
            for offer, view, said, past, held in shown
        ]
        print_json(found if len(found) > 1 else found[0])
        return
    for offer, view, said, past, held in shown:
        text.show(text.evidence_text(offer, view, said, past))
        if held:
            text.show(review.held_text(held))


@app.command()
def gaps(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None,
    sums: Annotated[bool, typer.Option("--sums", help="Only the sums by provider and field.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """List every reference field that is not sourced, with the reason, and sum up by provider and field."""
    if provider:
        providers.check(provider)
    with opening(db) as opened:
        offers = store.list_offers(opened.store, clock(), provider)
    if as_json:
        print_json(objects.gaps_object(offers))
    elif offers:
        text.show(text.gaps_text(offers, each=not sums))
    else:
        typer.echo("There are no offers yet; run `ratecard refresh` first.")


@app.command(name="history")
def history_of(
    ref: Ref,
    field: Annotated[str | None, typer.Argument(metavar="[FIELD]")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show what was published of an offer, and when."""
    with opening(db) as opened:
        said = [one for offer in _find(opened.store, ref, None) for one in store.history(opened.store, offer.id, field)]
    if not said:
        raise RatecardError(
            f"Nothing was ever stated of {ref}{f' {field}' if field else ''}; see `ratecard show {ref}`."
        )
    if as_json:
        print_json([objects.statement_object(one) for one in said])
    else:
        text.show(text.history_text(said))


def _quickly(
    db: str | None, ref: str, as_of: str | None, question: Callable[[Ask, str, str], list[Found]]
) -> list[Found]:
    """Return what is found of an offer that is called by its id, as it stands, where no store has to be opened for it.

    Nothing, where there is anything out of the ordinary: it is for the store to find it out, or to say it.
    """
    provider, _, model = ref.partition("/")
    address = database_alone(db)
    if as_of or not model or address is None or not providers.sells(provider):
        return []
    return ask_quickly(address, lambda ask: question(ask, provider, model)) or []


Explained = tuple[OfferView, FieldView, list[Statement], list[Statement], list[HoldView]]
"""An offer, a field of it, what sources say of it now, all that they ever said, and what waits for a review."""


def _explained(ask: Ask, provider: str, model: str, field: str) -> list[Explained]:
    shown: list[Explained] = []
    if is_held(ask, provider):
        return shown
    for offer in offers_called(ask, provider, model, clock()):
        view = _view_of(offer, field)
        if view is None:
            return []
        past = statements_of(ask, offer.id, field)
        shown.append((offer, view, what_stands(past), past, []))
    return shown


def _explain(opened: Store, ref: str, field: str, as_of: str | None) -> list[Explained]:
    shown: list[Explained] = []
    offers = _find(opened, ref, as_of)
    waiting = store.list_holds(opened, offers[0].provider)
    for offer in offers:
        view = _view_of(offer, field)
        held = [hold for hold in waiting if review.concerns(hold, offer, field)]
        if view is None and any(hold.field == field for hold in held):
            view = review.nothing_but_held(field)
        if view is None:
            have = ", ".join(view.field for view in offer.fields)
            raise RatecardError(f"{ref} has no field {field!r}; it has {have}.")
        past = store.history(opened, offer.id, field)
        shown.append((offer, view, what_stands(past), past, held))
    return shown


def _view_of(offer: OfferView, field: str) -> FieldView | None:
    return next((view for view in offer.fields if view.field == field), None)


def _find(opened: Store, ref: str, as_of: str | None) -> list[OfferView]:
    provider, slash, model = ref.partition("/")
    if not slash or not model:
        raise RatecardError(f"{ref!r} names no offer; write PROVIDER/MODEL_ID, such as replicate/openai/gpt-4.1-nano.")
    providers.check(provider)
    offers = store.find_offers(opened, provider, model, clock(), as_of=moment_of(as_of))
    if not offers:
        wanted = model.casefold()
        known = ((offer.model_id or offer.name, offer.name) for offer in store.list_offers(opened, clock(), provider))
        near = sorted(shown for shown, name in known if wanted in f"{shown} {name}".casefold())
        hint = f"; there are {', '.join(near[:5])}" if near else "; see `ratecard export rates-csv` for all offers"
        raise RatecardError(f"{provider} has no offer {model!r}{hint}.")
    return offers

"""The addresses of the read API."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from socket import socket as Socket  # noqa: N812  a class
from typing import Annotated, Any, Final

import uvicorn
from anyio import to_thread
from fastapi import Body, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as Refused
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette_compress import CompressMiddleware

from scraper import __version__, providers
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive, ArchiveError
from scraper.logs import log
from scraper.models import model_view
from scraper.publish import objects
from scraper.publish.costs import cost, cost_object
from scraper.publish.exports import offer_object
from scraper.publish.model import model_object
from scraper.publish.review import concerns, hold_object, nothing_but_held
from scraper.server import asked
from scraper.server.examples import EXAMPLES
from scraper.server.guarding import Guard, Rates
from scraper.status import Page, address_of, ready
from scraper.store import OfferView, Store, evidence, history, list_holds, list_notes, list_sources, list_told
from scraper.store.browsing import (
    Wanted,
    count_offers,
    find_capture,
    get_offers,
    page_changes,
    page_models,
    page_offers,
)

_THREADS: Final = 8
"""Reading is mostly Python: more threads would only take turns."""

_MOST_OF_A_MODEL: Final = 1000
"""As many offers of one model are shown."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What answers are made from. `clock` gives aware UTC; `metrics` the text that Prometheus reads.

    `keys` are SHA-256 hashes of the keys of clients, none where anybody may ask; `rate` is how many requests a client
    may make in a minute, 0 for any number; `site` is a folder of pages that is served beside the API.
    """

    store: Store
    archive: Archive
    clock: Callable[[], datetime]
    metrics: Callable[[], bytes]
    keys: Collection[str] = ()
    rate: int = 0
    site: Path | None = None


def create_app(service: Service) -> FastAPI:
    """Return the application."""
    app = FastAPI(
        title="ratecard",
        version=__version__,
        summary="LLM prices and specs, read from the providers' own pages, with evidence for every value.",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=_few_threads,
        openapi_tags=[{"name": "published"}, {"name": "evidence"}, {"name": "cost"}, {"name": "operation"}],
        separate_input_output_schemas=False,
    )
    _published(app, service)
    _proofs(app, service)
    _costs(app, service)
    _operation(app, service)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RatecardError, _failed)
    app.add_exception_handler(Exception, _unexpected)
    if service.site is not None:
        app.mount("/", StaticFiles(directory=service.site, html=True, follow_symlink=True), name="site")
    app.add_middleware(CompressMiddleware, brotli=False)
    app.add_middleware(Guard, keys=frozenset(service.keys), rates=Rates(service.rate))
    return app


_ABOUT: Final = """Amounts and counts are text, so that no reader makes floats of them; times are UTC.

A field has a state: `sourced` (0 only where the source says free), `not_offered`, or `not_sourced` with a reason. Lists
are paged: `next` of a page is the `cursor` of the following one. Answers have an ETag, for `If-None-Match`."""

_ERROR: Final[Object] = {
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
            "example": {"error": "openai has no offer 'gpt-9'"},
        }
    }
}
_COMMON: Final[dict[int | str, Object]] = {
    304: {"description": "Not changed since the ETag that was sent"},
    401: {"description": "A key is wanted", **_ERROR},
    422: {"description": "What was asked is not understood", **_ERROR},
    429: {"description": "Too many requests", **_ERROR},
    503: {"description": "The database cannot be used now", **_ERROR},
}
_BODY: Final[dict[int | str, Object]] = {
    400: {"description": "The body is no text", **_ERROR},
    413: {"description": "The body is too long", **_ERROR},
}
_MISSING: Final[dict[int | str, Object]] = {404: {"description": "There is no such thing", **_ERROR}}


def _answers(name: str, *, missing: bool = False) -> dict[int | str, Object]:
    """Return the documented answers of an address: what a good one looks like, and the others."""
    good: Object = {"description": "As it is published", "content": {"application/json": {"example": EXAMPLES[name]}}}
    return {200: good, **_COMMON, **(_MISSING if missing else {})}


def _published(app: FastAPI, service: Service) -> None:
    store, clock = service.store, service.clock

    @app.get("/v1/offers", tags=["published"], responses=_answers("offers", missing=True), response_model=Object)
    def offers(request: Request, wanted: Annotated[asked.OffersAsked, Query()]) -> Response:
        """List offers with all of their fields, by provider and id."""
        views, place = page_offers(
            store,
            clock(),
            Wanted(provider=wanted.provider, model=wanted.model, text=wanted.q, sourced=wanted.sourced),
            after=_place(wanted.cursor, str, str, str, int),
            limit=wanted.limit,
            as_of=asked.moment(wanted.as_of),
        )
        return _page(request, [offer_object(view) for view in views], place)

    @app.get("/v1/offer", tags=["published"], responses=_answers("offer", missing=True), response_model=Object)
    def offer(request: Request, wanted: Annotated[asked.OfferAsked, Query()]) -> Response:
        """Return an offer with all of its fields; several where the provider prints one id for several products."""
        return _json(request, {"offers": [offer_object(one) for one in _found(service, wanted)]})

    @app.get("/v1/models", tags=["published"], responses=_answers("models", missing=True), response_model=Object)
    def models(request: Request, wanted: Annotated[asked.ModelsAsked, Query()]) -> Response:
        """List the models that are sold, with the providers that sell them."""
        after = _place(wanted.cursor, str)
        found, following = page_models(store, after=after[0] if after else None, limit=wanted.limit)
        items = [{"model": one.model, "providers": one.providers, "offers": one.offers} for one in found]
        return _page(request, items, (following,) if following is not None else None)

    @app.get("/v1/model", tags=["published"], responses=_answers("model", missing=True), response_model=Object)
    def model(request: Request, wanted: Annotated[asked.ModelAsked, Query()]) -> Response:
        """Return a model: who sells it, and what is stated of it by whom, with the evidence."""
        name, as_of = wanted.model.casefold(), asked.moment(wanted.as_of)
        selling, _ = page_offers(store, clock(), Wanted(model=name), after=None, limit=_MOST_OF_A_MODEL, as_of=as_of)
        if not selling:
            raise HTTPException(404, f"no offer sells a model {wanted.model!r}")
        told = list_told(store, clock(), [name], as_of=as_of)
        return _json(request, model_object(model_view(name, selling, told)))

    @app.get("/v1/providers", tags=["published"], responses=_answers("providers"), response_model=Object)
    def all_providers(request: Request) -> Response:
        """List the providers: how they are called, how many offers they have, and how their sources are."""
        return _json(request, {"items": _providers(store)})

    @app.get("/v1/changes", tags=["published"], responses=_answers("changes", missing=True), response_model=Object)
    def changes(request: Request, wanted: Annotated[asked.ChangesAsked, Query()]) -> Response:
        """List what changed, newest first, with the evidence of both sides."""
        place = _place(wanted.cursor, str, int)
        before = (_time(place[0]), place[1]) if place else None
        since = asked.start(wanted.since)
        found, following = page_changes(store, provider=wanted.provider, since=since, before=before, limit=wanted.limit)
        following_place = (following[0].isoformat(), following[1]) if following else None
        return _page(request, [objects.change_object(one) for one in found], following_place)

    @app.get("/v1/gaps", tags=["published"], responses=_answers("gaps", missing=True), response_model=Object)
    def gaps(request: Request, wanted: Annotated[asked.GapsAsked, Query()]) -> Response:
        """List the reference fields that no source states, with the reason; a page has those of so many offers."""
        views, place = page_offers(
            store,
            clock(),
            Wanted(provider=wanted.provider),
            after=_place(wanted.cursor, str, str, str, int),
            limit=wanted.limit,
        )
        found = objects.gaps_object(views)["gaps"]
        kept = [gap for gap in found if wanted.field in (None, gap["field"]) and wanted.reason in (None, gap["reason"])]
        return _page(request, kept, place)


def _proofs(app: FastAPI, service: Service) -> None:
    store = service.store

    @app.get("/v1/evidence", tags=["evidence"], responses=_answers("evidence", missing=True), response_model=Object)
    def proof(request: Request, wanted: Annotated[asked.FieldAsked, Query()]) -> Response:
        """Return where a value comes from: address, time, capture, place, quote; what every source says; what waits."""
        waiting = list_holds(store, wanted.provider)
        found = []
        for one in _found(service, wanted):
            held = [hold for hold in waiting if hold.field == wanted.field and concerns(hold, one, wanted.field)]
            view = next((view for view in one.fields if view.field == wanted.field), None)
            view = nothing_but_held(wanted.field) if view is None and held else view
            if view is not None:
                said = evidence(store, one.id, wanted.field)
                statements = [objects.statement_object(statement) for statement in said]
                head = {"provider": one.provider, "model_id": one.model_id or None, "name": one.name}
                held_objects = [hold_object(hold) for hold in held]
                found.append({**head, **objects.field_object(view), "statements": statements, "held": held_objects})
        if not found:
            raise HTTPException(404, f"{wanted.provider} {wanted.id} has no field {wanted.field!r}")
        return _json(request, {"evidence": found})

    @app.get("/v1/history", tags=["evidence"], responses=_answers("history", missing=True), response_model=Object)
    def past(request: Request, wanted: Annotated[asked.HistoryAsked, Query()]) -> Response:
        """Return all that any source ever stated of an offer, or of one field of it, newest first within a field."""
        offers = _found(service, asked.OfferAsked(provider=wanted.provider, id=wanted.id))
        said = [one for offer in offers for one in history(store, offer.id, wanted.field)]
        return _json(request, {"statements": [objects.statement_object(one) for one in said]})

    @app.get(
        "/v1/captures/{sha256}",
        tags=["evidence"],
        responses={
            200: {"description": "The bytes, as they were captured", "content": {"text/plain": {}}},
            **_COMMON,
            **_MISSING,
        },
        response_class=Response,
    )
    def capture(request: Request, sha256: str) -> Response:
        """Return the bytes of a capture, to be saved: never shown as what they are, whatever they are."""
        known = find_capture(store, sha256) if len(sha256) == 64 and sha256.isalnum() and sha256.isascii() else None
        if known is None:
            raise HTTPException(404, "there is no such capture")
        if _same(request, tag := f'"{sha256}"'):
            return Response(status_code=304, headers={"etag": tag})
        try:
            body = service.archive.get(known.sha256)
        except ArchiveError as error:
            raise HTTPException(404, "the archive does not have this capture whole") from error
        headers = {
            "content-disposition": f'attachment; filename="{sha256}.txt"',
            "etag": tag,
            "cache-control": "public, max-age=31536000, immutable",
        }
        return Response(body, media_type="text/plain; charset=utf-8", headers=headers)


def _costs(app: FastAPI, service: Service) -> None:
    @app.get("/v1/cost", tags=["cost"], responses=_answers("cost", missing=True), response_model=Object)
    def cost_of(request: Request, wanted: Annotated[asked.CostAsked, Query()]) -> Response:
        """Calculate what a request costs, exactly; where a price is not sourced there is no total, but which it is."""
        return _json(request, _cost(service, wanted, wanted.usage, wanted.tier))

    @app.post("/v1/cost", tags=["cost"], responses={**_answers("cost", missing=True), **_BODY}, response_model=Object)
    def cost_of_usage(
        request: Request, wanted: Annotated[asked.UsageAsked, Body(openapi_examples=EXAMPLES["usage"])]
    ) -> Response:
        """Calculate what a request costs that uses any meters (`input.audio`, `images`, …)."""
        offer = asked.OfferAsked(provider=wanted.provider, id=wanted.id, as_of=wanted.as_of)
        return _json(request, _cost(service, offer, wanted.counts, wanted.tier))


def _cost(service: Service, wanted: asked.OfferAsked, usage: Mapping[str, Any], tier: str | None) -> Object:
    found = _found(service, wanted)
    return {"costs": [cost_object(one, cost(one, usage, tier or ""), tier or "") for one in found]}


def _operation(app: FastAPI, service: Service) -> None:
    metrics = _Kept(service.metrics, seconds=30)

    @app.get("/healthz", tags=["operation"], response_class=Response)
    def healthz() -> Response:
        """Say that the process lives."""
        return Response(b"ok\n", media_type="text/plain")

    @app.get("/readyz", tags=["operation"], response_class=Response, responses={503: _COMMON[503]})
    def readyz() -> Response:
        """Say whether the database can be used."""
        return _plain(ready(lambda: count_offers(service.store)))

    @app.get("/metrics", tags=["operation"], response_class=Response, responses={401: _COMMON[401], 429: _COMMON[429]})
    def metrics_text() -> Response:
        """Give metrics for Prometheus, at most half a minute old."""
        return Response(metrics.get(), media_type="text/plain; version=0.0.4")


class _Kept:
    """What costs much to make, made again only after some seconds."""

    def __init__(self, make: Callable[[], bytes], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._made: tuple[float, bytes] | None = None

    def get(self) -> bytes:
        """Return it."""
        now = time.monotonic()
        if self._made is None or now - self._made[0] > self._seconds:
            self._made = now, self._make()
        return self._made[1]


def _found(service: Service, wanted: asked.OfferAsked) -> list[OfferView]:
    found = get_offers(service.store, wanted.provider, wanted.id, service.clock(), asked.moment(wanted.as_of))
    if not found:
        raise HTTPException(404, f"{wanted.provider} has no offer {wanted.id!r}")
    return found


def _providers(store: Store) -> list[Object]:
    counts = count_offers(store)
    sources: dict[str, list[Object]] = {}
    notes = list_notes(store)
    for view in (one for one in list_sources(store) if one.sells):
        mine = [note for note in notes if (note.provider, note.source) == (view.provider, view.name)]
        sources.setdefault(view.provider, []).append(objects.source_object(view, mine))
    known = frozenset(providers.names())
    return [
        {
            "provider": name,
            "name": providers.facts(name)["name"] if name in known else name,
            "docs": providers.facts(name)["docs"] if name in known else None,
            "offers": counts.get(name, 0),
            "sources": sources[name],
        }
        for name in sorted(sources)
    ]


# Answers.


def _page(request: Request, items: Sequence[Object], place: Any) -> Response:
    return _json(request, {"items": items, "next": asked.cursor_of(place)})


def _json(request: Request, value: Object) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    # Weak: the bytes that are sent may be compressed in one way or another.
    headers = {"etag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', "cache-control": "no-cache"}
    if _same(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _same(request: Request, tag: str) -> bool:
    given = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return request.method == "GET" and (tag.removeprefix("W/") in given or given == ["*"])


def _plain(page: Page) -> Response:
    return Response(page.body, page.status, media_type=page.content_type)


def _place(cursor: str | None, *types: type) -> Any:
    try:
        return asked.place_in(cursor, *types)
    except ValueError as error:
        raise HTTPException(404, str(error)) from error


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise HTTPException(404, asked.NO_CURSOR) from error
    if at.tzinfo is None:
        raise HTTPException(404, asked.NO_CURSOR)
    return at


# What goes wrong.


async def _invalid(_request: Request, error: Exception) -> Response:
    said = error.errors() if isinstance(error, RequestValidationError) else []
    lines = (f"{'.'.join(str(part) for part in one['loc'][1:]) or one['loc'][0]}: {one['msg']}" for one in said)
    return JSONResponse({"error": "; ".join(lines)}, 422)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        return JSONResponse({"error": "unexpected"}, 500)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


async def _failed(_request: Request, error: Exception) -> Response:
    log().error("not answered", error=str(error))
    return JSONResponse({"error": "the database cannot be used now; ask again later"}, 503, {"retry-after": "30"})


async def _unexpected(request: Request, error: Exception) -> Response:
    log().error("unexpected error", path=request.url.path, error=repr(error))
    return JSONResponse({"error": "unexpected error; the log says more"}, 500)


# Running.


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


def bound(config: uvicorn.Config) -> Socket:
    """Return the socket of a server, which can be connected to from now on.

    The head and the body of an answer are sent apart, and neither shall wait.
    """
    socket = config.bind_socket()
    socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    socket.listen(config.backlog)
    return socket


def run(app: FastAPI, listen: str, started: Callable[[str], None]) -> None:
    """Answer at `HOST:PORT` until SIGTERM or SIGINT; `started` is told the address that was bound.

    Raises `RatecardError` where it cannot be listened at.
    """
    host, port = address_of(listen)
    config = uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        limit_concurrency=200,
    )
    try:
        socket = bound(config)
    except (OSError, SystemExit) as error:
        raise RatecardError(f"cannot listen at {listen}; give another address by --listen") from error
    started(f"{host}:{socket.getsockname()[1]}")
    # Once it has ended, the server raises the signal that ended it again: that is not how this program ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    asyncio.run(uvicorn.Server(config).serve(sockets=[socket]))

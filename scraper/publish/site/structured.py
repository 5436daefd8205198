"""Structured data (schema.org) of a page: products only where there are prices, prices only where they are sourced."""

from __future__ import annotations

from typing import Any, Final

from scraper.publish.site import words
from scraper.store import OfferView

_CONTEXT: Final = "https://schema.org"


def offer_data(offer: OfferView, title: str, creator: str, provider: str, url: str) -> dict[str, Any] | None:
    """Return a product with one offer for each sourced price, None where there is none."""
    if offer.withdrawn_at is not None:
        return None
    priced = []
    for view in offer.fields:
        key = words.key_of(view.field)
        if key is None or view.value is None or view.currency is None:
            continue
        unit = key.unit
        price: dict[str, Any] = {
            "@type": "UnitPriceSpecification",
            "price": view.value,
            "priceCurrency": view.currency,
            "referenceQuantity": {"@type": "QuantitativeValue", "value": str(unit.quantity), "unitText": unit.thing},
        }
        if view.valid_until:
            price["validThrough"] = words.day(view.valid_until)
        priced.append(
            {
                "@type": "Offer",
                "name": words.full_label(view.field),
                "price": view.value,
                "priceCurrency": view.currency,
                "priceSpecification": price,
                "seller": {"@type": "Organization", "name": provider},
            }
        )
    if not priced:
        return None
    product: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "Product",
        "name": f"{title} on {provider}",
        "sku": offer.model_id or offer.name,
        "category": "Large language model",
        "offers": priced,
    }
    if creator:
        product["brand"] = {"@type": "Brand", "name": creator}
    if url:
        product["url"] = url
    return product


def dataset_data(offers: int, providers: int, day: str, url: str) -> dict[str, Any]:
    """Return the site as a dataset."""
    data: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "name": "LLM prices and specs with evidence",
        "description": (
            f"Prices and specs of {offers:,} offers of language models by {words.counted(providers, 'provider')}, read "
            "from the providers' own pages; each value names its page, its date and the words that state it."
        ),
        "dateModified": day,
        "variableMeasured": list(words.REFERENCE.values()),
        "isAccessibleForFree": True,
    }
    if url:
        data["url"] = url
    return data

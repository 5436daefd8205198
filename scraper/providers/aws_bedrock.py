"""Amazon Bedrock: the public price lists of AWS by region, the page of life cycles, the list of the Mantle endpoint.

The lists print names, never ids; the page of life cycles pairs names with ids. A price of one region has its label,
that of global cross-region inference holds everywhere. Two lists count by 1K tokens, that of the marketplace by 1M.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, as_text, read_feed
from scraper.extract.lifecycle import Lifecycle, read_lifecycle
from scraper.extract.meterwords import Grammar
from scraper.extract.pricelist import USAGE, PriceList, read_price_list
from scraper.extract.source import Source
from scraper.meters import RateKey
from scraper.records import Reading

_WORDY: Final = Grammar(USAGE)
_HUMPED: Final = Grammar(USAGE, humps=True)


def _model(attributes: Row) -> str:
    """The model of a product; guardrails, agents and other services have none."""
    return str(attributes.get("model") or attributes.get("titanModel") or "")


def _edition(attributes: Row) -> str:
    name, edition, _ = str(attributes.get("servicename") or "").partition(" (Amazon Bedrock Edition)")
    return name if edition else ""


_OWN: Final = PriceList(
    model=_model,
    grammar=_WORDY,
    token_units={"1k tokens", "1m tokens"},
)
_MARKETPLACE: Final = PriceList(model=_edition, grammar=_HUMPED, token_units={"1m tokens"})


def _read(document: Document, contract: PriceList) -> Reading:
    return read_price_list(document, contract).reading()


read_own: Final = partial(_read, contract=_OWN)
read_marketplace: Final = partial(_read, contract=_MARKETPLACE)

_MANTLE: Final = Feed(
    rows="/data",
    prices=(),
    specs=(Spec("status", "status", as_text),),
    known={
        "created": "when it came to this endpoint; many have one day in common",
        **dict.fromkeys(("object", "owned_by", "data_retention"), "no spec of ours"),
    },
)


def read_mantle(document: Document) -> Reading:
    """Read the list of the Mantle endpoint: ids, without prices."""
    return read_feed(document, _MANTLE).reading()


def read_life(document: Document) -> Reading:
    """Read the page of life cycles: ids of the active models, days on which the others end."""
    return read_lifecycle(
        document, Lifecycle({"active versions": "active", "legacy versions": "legacy", "end-of-life.*": "retired"})
    )


_LIST: Final = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
_VERSIONS: Final = {("AmazonBedrock", "us-east-1"): ("20260911124408",)}
"""Versions of the lists under whose own address captures exist."""


def _addresses(code: str, region: str) -> tuple[str, ...]:
    versions = ("current", *_VERSIONS.get((code, region), ()))
    return tuple(f"{_LIST}/{code}/{version}/{region}/index.json" for version in versions)


_TOKENS: Final = ("input", "output", "cache_read", "cache_write", "input{tier=batch}", "output{tier=batch}")


def _in(region: str) -> frozenset[str]:
    return frozenset(str(RateKey.parse(rate).with_labels(region=region)) for rate in _TOKENS)


SOURCES = (
    *(
        Source(
            name=f"price-list/{region}",
            addresses=_addresses("AmazonBedrock", region),
            read=read_own,
            # Writes of the Nova models stand there at 0, without a word of whether they are free.
            publishes=_in(region) - {f"cache_write{{region={region}}}"},
        )
        for region in ("us-east-1", "ap-northeast-1")
    ),
    *(
        Source(
            name=f"marketplace/{region}",
            addresses=_addresses("AmazonBedrockFoundationModels", region),
            read=read_marketplace,
            publishes=_in(region).union(_TOKENS),
        )
        for region in ("us-east-1", "eu-north-1")
    ),
    Source(
        name="service/us-east-1",
        addresses=_addresses("AmazonBedrockService", "us-east-1"),
        read=read_own,
        publishes=frozenset({"input", "output", "cache_read", "input{tier=batch}"}),
    ),
    Source(
        name="mantle-models",
        addresses=("https://bedrock-mantle.us-east-1.api.aws/v1/models",),
        read=read_mantle,
        publishes=frozenset({"status"}),
        rank=2,
        key={"Authorization": "Bearer AWS_BEARER_TOKEN_BEDROCK"},
    ),
    Source(
        name="model-lifecycle",
        addresses=("https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html",),
        read=read_life,
        publishes=frozenset({"status", "retires", "released", "modalities"}),
        rank=1,
        lists=False,
    ),
)

"""Answers as they look, for the API's description; the figures are those of the bundled pages."""

from __future__ import annotations

from typing import Any, Final

_EVIDENCE: Final = {
    "source_url": "https://developers.openai.com/api/docs/pricing",
    "captured_at": "2026-09-01T00:00:00Z",
    "capture": "9f" * 32,
    "locator": "table[1]/row[3]/cell[2]",
    "quote": "$0.10",
}
_SEEN: Final = {"first_seen": "2026-09-01T00:00:00Z", "last_seen": "2026-09-08T00:00:00Z"}
_INPUT: Final = {"state": "sourced", "value": "0.10", "currency": "USD", "unit": "1M tokens", **_EVIDENCE, **_SEEN}
_OFFER: Final[dict[str, Any]] = {
    "provider": "openai",
    "model_id": "gpt-4.1-nano",
    "name": "gpt-4.1-nano",
    "model": "openai/gpt-4.1-nano",
    "shared_id": False,
    **_SEEN,
    "missed_at": None,
    "withdrawn_at": None,
    "fields": {"input": _INPUT, "cache_write": {"state": "not_sourced", "reason": "not_on_page", "unit": "1M tokens"}},
    "announced": [],
}
_STATEMENT: Final = {
    "source": "docs-pricing",
    "field": "input",
    "state": "sourced",
    "value": "0.10",
    "currency": "USD",
    "unit": "1M tokens",
    **_SEEN,
    "evidence": {
        "url": _EVIDENCE["source_url"],
        "captured_at": _EVIDENCE["captured_at"],
        "capture": _EVIDENCE["capture"],
        "locator": _EVIDENCE["locator"],
        "quote": _EVIDENCE["quote"],
    },
}
_NEXT: Final = "WyJvcGVuYWkiLCJncHQtNC4xLW5hbm8iLCJncHQtNC4xLW5hbm8iLDE3XQ"

_TOLD: Final = {
    "provider": "models-dev",
    "model_id": "openai/gpt-4.1-nano",
    "field": "open_weights",
    "state": "sourced",
    "value": "no",
    "source_url": "https://models.dev/api.json",
    "captured_at": "2026-09-01T00:00:00Z",
    "capture": "3c" * 32,
    "locator": "#/openai/models/gpt-4.1-nano/open_weights",
    "quote": "false",
    **_SEEN,
}

EXAMPLES: Final[dict[str, Any]] = {
    "offers": {"items": [_OFFER], "next": _NEXT},
    "offer": {"offers": [_OFFER]},
    "models": {
        "items": [{"model": "openai/gpt-4.1-nano", "providers": ["openai", "replicate"], "offers": 2}],
        "next": None,
    },
    "model": {
        "model": "openai/gpt-4.1-nano",
        "creator": "OpenAI",
        "family": "gpt",
        "offers": [
            {
                "provider": "openai",
                "model_id": "gpt-4.1-nano",
                "name": "gpt-4.1-nano",
                "variant": None,
                "prices": [{"field": "input", **_INPUT}],
            }
        ],
        "facts": [
            {
                "field": "open_weights",
                "published": _TOLD,
                "disputed": False,
                "by_creator": None,
                "by_repository": [],
                "by_references": [_TOLD],
                "by_sellers": [],
            }
        ],
    },
    "providers": {
        "items": [
            {
                "provider": "openai",
                "name": "OpenAI",
                "docs": "https://developers.openai.com/api/docs",
                "offers": 41,
                "sources": [
                    {
                        "provider": "openai",
                        "source": "docs-pricing",
                        "url": _EVIDENCE["source_url"],
                        "status": "ok",
                        "error": None,
                        "last_at": "2026-09-08T00:00:00Z",
                        "last_success_at": "2026-09-08T00:00:00Z",
                        "offers": 41,
                        "notes": [],
                    }
                ],
            }
        ]
    },
    "changes": {
        "items": [
            {
                "at": "2026-09-08T00:00:00Z",
                "kind": "changed",
                "provider": "openai",
                "source": "docs-pricing",
                "model_id": "gpt-4.1-nano",
                "name": "gpt-4.1-nano",
                "field": "input",
                "before": {**_STATEMENT, "value": "0.12"},
                "after": _STATEMENT,
            }
        ],
        "next": None,
    },
    "gaps": {
        "items": [
            {
                "provider": "replicate",
                "model_id": "openai/gpt-4.1-nano",
                "name": "openai/gpt-4.1-nano",
                "field": "cache_read",
                "reason": "no_source",
            }
        ],
        "next": _NEXT,
    },
    "evidence": {
        "evidence": [
            {
                "provider": "openai",
                "model_id": "gpt-4.1-nano",
                "name": "gpt-4.1-nano",
                "field": "input",
                **_INPUT,
                "statements": [_STATEMENT],
                "held": [],
            }
        ]
    },
    "history": {"statements": [_STATEMENT]},
    "cost": {
        "costs": [
            {
                "provider": "openai",
                "model_id": "gpt-4.1-nano",
                "name": "gpt-4.1-nano",
                "tier": None,
                "total": "0.0005",
                "currency": "USD",
                "parts": [
                    {"meter": "input", "count": "5000", "field": "input", "amount": "0.0005", "price": _INPUT},
                ],
                "unsourced": [],
                "also_priced": ["cache_read", "output"],
            }
        ]
    },
    "usage": {
        "a chat": {
            "value": {"provider": "openai", "id": "gpt-4.1-nano", "usage": {"input": 5000, "output": 700}},
        },
        "a batch": {
            "value": {"provider": "openai", "id": "gpt-4.1-nano", "tier": "batch", "usage": {"input": 5000}},
        },
    },
}

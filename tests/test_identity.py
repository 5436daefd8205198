"""Which model an offer sells: one row for each family of spellings, and for what looks alike and is not the same."""

from __future__ import annotations

import pytest

from scraper.identity import Identity, resolve

# (model, the ids that sell it as it is: provider, id)
SPELLINGS = {
    "openai/gpt-4.1-nano": [
        ("openai", "gpt-4.1-nano"), ("azure", "gpt-4.1-nano"), ("openrouter", "openai/gpt-4.1-nano"),
        ("vercel", "openai/gpt-4.1-nano"), ("replicate", "openai/gpt-4.1-nano"), ("helicone", "gpt-4.1-nano"),
    ],
    "openai/gpt-oss-120b": [
        ("cerebras", "gpt-oss-120b"), ("databricks", "databricks-gpt-oss-120b"), ("groq", "openai/gpt-oss-120b"),
        ("aws-bedrock", "openai.gpt-oss-120b-1:0"), ("fireworks", "accounts/fireworks/models/gpt-oss-120b"),
        ("cloudflare", "@cf/openai/gpt-oss-120b"), ("digitalocean", "openai-gpt-oss-120b"),
        ("venice", "openai-gpt-oss-120b"), ("synthetic", "hf:openai/gpt-oss-120b"),
    ],
    "anthropic/claude-sonnet-4.5": [
        ("anthropic", "claude-sonnet-4-5"), ("azure", "claude-sonnet-4-5"),
        ("openrouter", "anthropic/claude-sonnet-4.5"),
        ("requesty", "anthropic/claude-sonnet-4-5"), ("cortecs", "claude-4-5-sonnet"),
        ("databricks", "databricks-claude-sonnet-4-5"), ("sap", "anthropic--claude-4.5-sonnet"),
    ],
    "anthropic/claude-opus-4.6": [
        ("anthropic", "claude-opus-4-6"), ("aws-bedrock", "anthropic.claude-opus-4-6-v1"),
        ("vertex-ai", "claude-opus-4-6@default"), ("digitalocean", "anthropic-claude-opus-4.6"),
    ],
    "google/gemini-2.5-flash": [
        ("google", "gemini-2.5-flash"), ("openrouter", "google/gemini-2.5-flash"),
        ("databricks", "databricks-gemini-2-5-flash"), ("neon", "gemini-2-5-flash"),
    ],
    "meta/llama-3.3-70b-instruct": [
        ("groq", "llama-3.3-70b-versatile"), ("nebius", "meta-llama/Llama-3.3-70B-Instruct"),
        ("novita", "meta-llama/llama-3.3-70b-instruct"), ("sambanova", "Meta-Llama-3.3-70B-Instruct"),
        ("fireworks", "accounts/fireworks/models/llama-v3p3-70b-instruct"), ("cerebras", "llama-3.3-70b"),
        ("aws-bedrock", "meta.llama3-3-70b-instruct-v1:0"), ("azure", "llama-3.3-70b-instruct"),
        ("ovhcloud", "meta-llama-3_3-70b-instruct"), ("nvidia", "meta/llama-3.3-70b-instruct"),
        ("friendli", "meta-llama-3.3-70b-instruct"), ("digitalocean", "llama3.3-70b-instruct"),
        ("databricks", "databricks-meta-llama-3-3-70b-instruct"), ("vercel", "meta/llama-3.3-70b"),
        ("venice", "llama-3.3-70b"),
    ],
    "meta/llama-3.1-8b-instruct": [
        ("groq", "llama-3.1-8b-instant"), ("cerebras", "llama3.1-8b"),
        ("aws-bedrock", "meta.llama3-1-8b-instruct-v1:0"),
        ("azure", "meta-llama-3.1-8b-instruct"), ("cloudflare", "@cf/meta/llama-3.1-8b-instruct"),
    ],
    "meta/llama-4-maverick": [
        ("openrouter", "meta-llama/llama-4-maverick"), ("sambanova", "Llama-4-Maverick-17B-128E-Instruct"),
        ("groq", "meta-llama/llama-4-maverick-17b-128e-instruct"),
    ],
    "deepseek/deepseek-v3.2": [
        ("huggingface", "deepseek-ai/DeepSeek-V3.2"), ("novita", "deepseek/deepseek-v3.2"),
        ("digitalocean", "deepseek-3.2"), ("siliconflow-cn", "Pro/deepseek-ai/DeepSeek-V3.2"),
    ],
    "deepseek/deepseek-v4-flash": [
        ("deepseek", "deepseek-v4-flash"), ("crusoe", "deepseek-ai/Deepseek-V4-Flash"),
        ("digitalocean", "deepseek-4-flash"),
    ],
    "deepseek/deepseek-r1-0528": [
        ("huggingface", "deepseek-ai/DeepSeek-R1-0528"), ("openrouter", "deepseek/deepseek-r1-0528"),
    ],
    "moonshotai/kimi-k2.6": [
        ("moonshot", "kimi-k2.6"), ("huggingface", "moonshotai/Kimi-K2.6"),
        ("fireworks", "accounts/fireworks/models/kimi-k2p6"), ("venice", "kimi-k2-6"), ("azure", "kimi-k2-6"),
        ("clarifai", "moonshotai/Kimi-K2_6"), ("orcarouter", "kimi/kimi-k2.6"),
    ],
    "zai/glm-5.1": [
        ("zai", "glm-5.1"), ("huggingface", "zai-org/GLM-5.1"), ("openrouter", "z-ai/glm-5.1"),
        ("vercel", "zai/glm-5.1"),
        ("fireworks", "accounts/fireworks/models/glm-5p1"), ("wafer", "GLM-5.1"),
    ],
    "zai/glm-5.2": [
        ("cloudflare", "@cf/zai-org/glm-5.2"), ("venice", "zai-org-glm-5-2"), ("parasail", "parasail-glm-52"),
    ],
    "minimax/minimax-m2.7": [
        ("minimax", "MiniMax-M2.7"), ("huggingface", "MiniMaxAI/MiniMax-M2.7"), ("openrouter", "minimax/minimax-m2.7"),
        ("fireworks", "accounts/fireworks/models/minimax-m2p7"), ("nvidia", "minimaxai/minimax-m2.7"),
    ],
    "qwen/qwen3-235b-a22b-instruct-2507": [
        ("huggingface", "Qwen/Qwen3-235B-A22B-Instruct-2507"), ("openrouter", "qwen/qwen3-235b-a22b-2507"),
        ("aws-bedrock", "qwen.qwen3-235b-a22b-2507-v1:0"), ("cerebras", "qwen-3-235b-a22b-instruct-2507"),
    ],
    "qwen/qwen3-coder-480b-a35b-instruct": [
        ("huggingface", "Qwen/Qwen3-Coder-480B-A35B-Instruct"), ("openrouter", "qwen/qwen3-coder"),
        ("vercel", "alibaba/qwen3-coder"),
    ],
    "xai/grok-4.20-non-reasoning": [
        ("perplexity", "xai/grok-4.20-non-reasoning"),
        ("azure", "grok-4-20-non-reasoning"),
    ],
    "xai/grok-4.3": [("venice", "grok-4-3"), ("aws-bedrock", "xai.grok-4.3"), ("openrouter", "x-ai/grok-4.3")],
    "mistral/mistral-large-3-675b-instruct-2512": [
        ("mistral", "mistral-large-2512"), ("aws-bedrock", "mistral.mistral-large-3-675b-instruct"),
        ("openrouter", "mistralai/mistral-large-2512"), ("azure", "mistral-large-3"),
    ],
    "mistral/mistral-small-4-119b-2603": [
        ("mistral", "mistral-small-2603"), ("nvidia", "mistralai/mistral-small-4-119b-2603"),
    ],
    "google/gemma-4-31b-it": [
        ("huggingface", "google/gemma-4-31B-it"), ("google", "gemma-4-31b-it"), ("sambanova", "gemma-4-31B-it"),
        ("together", "pearl-ai/gemma-4-31b-it"),
    ],
    "nvidia/nemotron-3-super-120b-a12b": [
        ("nvidia", "nvidia/nemotron-3-super-120b-a12b"), ("openrouter", "nvidia/nemotron-3-super-120b-a12b"),
    ],
}  # fmt: skip

# What is the same model, sold in another way: (provider, id, model, attributes)
VARIANTS = [
    ("openai", "gpt-4.1-nano-2025-04-14", "openai/gpt-4.1-nano", "snapshot=2025-04-14"),
    ("nebius", "openai/gpt-oss-120b-fast", "openai/gpt-oss-120b", "serving=fast"),
    ("openrouter", "openai/gpt-oss-120b:free", "openai/gpt-oss-120b", "variant=free"),
    ("vertex-ai", "openai/gpt-oss-120b-maas", "openai/gpt-oss-120b", "serving=maas"),
    ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5", "snapshot=20250929"),
    (
        "aws-bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4.5",
        "region=us,snapshot=20250929",
    ),
    (
        "aws-bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4.5",
        "region=global,snapshot=20250929",
    ),
    ("vertex-ai", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4.5", "snapshot=20250929"),
    ("openrouter", "anthropic/claude-opus-4.6-fast", "anthropic/claude-opus-4.6", "serving=fast"),
    ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "meta/llama-3.3-70b-instruct", "serving=turbo"),
    (
        "cloudflare", "@cf/meta/llama-3.3-70b-instruct-fp8-fast", "meta/llama-3.3-70b-instruct",
        "quantization=fp8,serving=fast",
    ),
    ("cloudflare", "@cf/meta/llama-3.1-8b-instruct-awq", "meta/llama-3.1-8b-instruct", "quantization=awq"),
    ("stackit", "neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8", "meta/llama-3.1-8b-instruct", "quantization=fp8"),
    (
        "stackit", "cortecs/Llama-3.3-70B-Instruct-FP8-Dynamic", "meta/llama-3.3-70b-instruct",
        "quantization=fp8-dynamic",
    ),
    ("makora", "amd/Llama-3.3-70B-Instruct-FP8-KV", "meta/llama-3.3-70b-instruct", "quantization=fp8-kv"),
    ("chutes", "deepseek-ai/DeepSeek-V3.2-TEE", "deepseek/deepseek-v3.2", "serving=tee"),
    ("nebius", "deepseek-ai/DeepSeek-V3.2-fast", "deepseek/deepseek-v3.2", "serving=fast"),
    ("fireworks", "accounts/fireworks/routers/kimi-k2p6-turbo", "moonshotai/kimi-k2.6", "serving=turbo"),
    ("gmi", "zai-org/GLM-5.1-FP8", "zai/glm-5.1", "quantization=fp8"),
    ("minimax", "MiniMax-M2.7-highspeed", "minimax/minimax-m2.7", "serving=highspeed"),
    (
        "deepinfra", "Qwen/Qwen3-Coder-480B-A35B-Instruct-Turbo", "qwen/qwen3-coder-480b-a35b-instruct",
        "serving=turbo",
    ),
    (
        "io-net", "Intel/Qwen3-Coder-480B-A35B-Instruct-int4-mixed-ar", "qwen/qwen3-coder-480b-a35b-instruct",
        "quantization=int4-mixed-ar",
    ),
    ("novita", "qwen/qwen3-235b-a22b-fp8", "qwen/qwen3-235b-a22b", "quantization=fp8"),
    ("chutes", "google/gemma-4-31B-turbo-TEE", "google/gemma-4-31b", "serving=tee+turbo"),
    (
        "wandb", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8", "nvidia/nemotron-3-super-120b-a12b",
        "quantization=fp8",
    ),
    ("openrouter", "anthropic/claude-3.7-sonnet:thinking", "anthropic/claude-3.7-sonnet", "variant=thinking"),
    ("google", "gemini-2.0-flash-001", "google/gemini-2.0-flash", "snapshot=001"),
]  # fmt: skip

# What looks alike and is not the same model.
DIFFERENT = [
    (("nvidia", "nvidia/llama-3.3-nemotron-super-49b-v1"), ("nvidia", "meta/llama-3.3-70b-instruct")),
    (("groq", "deepseek-r1-distill-llama-70b"), ("groq", "llama-3.3-70b-versatile")),
    (("openrouter", "deepseek/deepseek-r1-0528"), ("openrouter", "deepseek/deepseek-r1-0528-qwen3-8b")),
    (("openrouter", "deepseek/deepseek-r1-0528"), ("openrouter", "deepseek/deepseek-r1")),
    (("openrouter", "deepseek/deepseek-v3.2"), ("openrouter", "deepseek/deepseek-v3.2-exp")),
    (("openrouter", "deepseek/deepseek-v3.2"), ("openrouter", "deepseek/deepseek-v3.2-speciale")),
    (("openrouter", "deepseek/deepseek-v4-flash"), ("openrouter", "deepseek/deepseek-v4-flash-0731")),
    (("openrouter", "qwen/qwen3-235b-a22b"), ("openrouter", "qwen/qwen3-235b-a22b-2507")),
    (("openrouter", "qwen/qwen3-235b-a22b-2507"), ("openrouter", "qwen/qwen3-235b-a22b-thinking-2507")),
    (("novita", "qwen/qwen3-235b-a22b-fp8"), ("novita", "qwen/qwen3-235b-a22b-instruct-2507")),
    (("openrouter", "meta-llama/llama-3.1-405b"), ("openrouter", "meta-llama/llama-3.1-405b-instruct")),
    (("openrouter", "google/gemini-2.5-flash"), ("openrouter", "google/gemini-2.5-flash-lite")),
    (("openai", "gpt-4"), ("openai", "gpt-4-turbo")),
    (("openrouter", "openai/gpt-4o"), ("openrouter", "openai/gpt-4o-mini")),
    (("openrouter", "x-ai/grok-4"), ("openrouter", "x-ai/grok-4-fast")),
    (("zai", "glm-4.7"), ("zai", "glm-4.7-flash")),
    (("openrouter", "z-ai/glm-5"), ("openrouter", "z-ai/glm-5-turbo")),
    (("google", "gemma-3-27b-it"), ("google", "gemma-3n-e4b-it")),
    (("perplexity", "xai/grok-4.20-reasoning"), ("perplexity", "xai/grok-4.20-non-reasoning")),
    (("venice", "deepseek-coder-v2-lite"), ("venice", "deepseek-coder-v2")),
    (("openrouter", "moonshotai/kimi-k2-thinking"), ("openrouter", "moonshotai/kimi-k2")),
]

UNKNOWN = [
    ("openrouter", "openrouter/auto"),
    ("openrouter", "~anthropic/claude-opus-latest"),
    ("openai", "chatgpt-4o-latest"),
    ("mistral", "mistral-large-latest"),
    ("venice", "venice-uncensored"),
    ("huihui", "huihui-ai/Llama-3.3-70B-Instruct-abliterated"),
    ("azure", "my-deployment"),
    ("openrouter", ""),
]


@pytest.mark.parametrize(
    ("model", "provider", "model_id"), [(model, *one) for model, ids in SPELLINGS.items() for one in ids]
)
def test_every_spelling_of_a_model_resolves_to_it(model: str, provider: str, model_id: str) -> None:
    found = resolve(provider, model_id)
    assert found is not None
    assert (found.model, found.attributes) == (model, ())


@pytest.mark.parametrize(("provider", "model_id", "model", "attributes"), VARIANTS)
def test_a_variant_keeps_how_it_differs(provider: str, model_id: str, model: str, attributes: str) -> None:
    found = resolve(provider, model_id)
    assert found is not None
    assert (found.model, found.variant) == (model, attributes)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_only_looks_alike_is_not_merged(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = resolve(*one), resolve(*other)
    assert first is not None
    assert second is not None
    assert first.model != second.model


@pytest.mark.parametrize(("provider", "model_id"), UNKNOWN)
def test_what_no_rule_covers_stays_unresolved(provider: str, model_id: str) -> None:
    assert resolve(provider, model_id) is None


def test_the_hugging_face_id_settles_the_model_and_the_own_id_says_how_it_is_sold() -> None:
    found = resolve("openrouter", "nvidia/nemotron-nano-9b-v2:free", "", "nvidia/NVIDIA-Nemotron-Nano-9B-v2-FP8")
    assert found == Identity("nvidia/nemotron-nano-9b-v2", (("variant", "free"),), "hugging_face_id")


def test_a_resolved_model_resolves_to_itself() -> None:
    for model in SPELLINGS:
        found = resolve("huggingface", model)
        assert found is not None
        assert found.model == model

"""Schedules: what the files say of each source, and what they may not say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scraper import providers, resources
from scraper.due import WEEK, Key, Window
from scraper.errors import RatecardError
from scraper.schedules import cadence, check_providers, load_schedule
from tests.captures import Command

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICING = Key("openai", "docs-pricing")
DEPRECATIONS = Key("openai", "deprecations")
MODELS = Key("openrouter", "models")


def written(folder: Path, text: str, name: str = "weekly.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_bundled_schedule_is_weekly_for_every_source() -> None:
    schedule = load_schedule(resources.folder("schedules"))
    declared = {Key(name, source.name) for name in providers.every() for source in providers.sources(name)}
    assert set(schedule.plans) == declared
    assert {cadence(plan) for plan in schedule.plans.values()} == {"7d"}
    assert all(plan.after_promotion and not plan.blackout and not plan.manual for plan in schedule.plans.values())
    assert {plan.escalate_after for plan in schedule.plans.values()} == {2 * WEEK}
    assert len({plan.offset for plan in schedule.plans.values()}) == len(declared), "spread over the week"


def test_a_source_wins_over_its_provider_and_that_over_everything(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        every = "2w"
        blackout = ["Sat,Sun"]
        [provider.openai]
        every = "1d"
        escalate_after = "5d"
        [source."openai/deprecations"]
        every = "36h"
        manual = true
        blackout = []
        """,
    )
    written(tmp_path, '[provider.openrouter]\nafter_promotion = false\nevery = "12h"\n', "more.toml")
    plans = load_schedule(tmp_path).plans
    assert (plans[PRICING].every, plans[PRICING].escalate_after) == (DAY, 5 * DAY)
    assert plans[PRICING].blackout == (Window(5 * DAY, WEEK),)
    assert (plans[DEPRECATIONS].every, plans[DEPRECATIONS].manual) == (36 * HOUR, True)
    assert plans[DEPRECATIONS].blackout == ()
    assert (plans[MODELS].every, plans[MODELS].after_promotion) == (12 * HOUR, False)
    assert plans[MODELS].escalate_after == DAY
    assert plans[Key("google", "pricing")].every == 2 * WEEK
    assert [cadence(plans[key]) for key in (PRICING, DEPRECATIONS, MODELS)] == ["1d", "manual", "12h"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('"Mon 13:00-17:00"', [(13 * HOUR, 17 * HOUR)]),
        ('"mon,wed 00:00-24:00"', [(timedelta(), DAY), (2 * DAY, 3 * DAY)]),
        ('"Sun"', [(6 * DAY, WEEK)]),
        ('"Sat-Mon"', [(timedelta(), DAY), (5 * DAY, WEEK)]),
        ('"Sun 22:30-02:00"', [(timedelta(), 2 * HOUR), (6 * DAY + 22.5 * HOUR, WEEK)]),
        ('"Mon 10:00-12:00", "Mon 11:00-13:00"', [(10 * HOUR, 13 * HOUR)]),
        ('"22:00-02:00"', [(timedelta(), 2 * HOUR), *((d * DAY - 2 * HOUR, d * DAY + 2 * HOUR) for d in range(1, 7)),
                           (WEEK - 2 * HOUR, WEEK)]),
    ],
)  # fmt: skip
def test_blackouts_are_times_of_the_week(tmp_path: Path, said: str, meant: list[tuple[timedelta, timedelta]]) -> None:
    plans = load_schedule(written(tmp_path, f"blackout = [{said}]")).plans
    assert list(plans[PRICING].blackout) == meant


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("evry = '7d'", "'evry'", "the keys there are every, blackout, after_promotion"),
        ("every = 7", "'every'", "number of hours, days or weeks"),
        ("every = '7'", "'every'", "number of hours, days or weeks"),
        ("every = '0d'", "'every'", "number of hours, days or weeks"),
        ("every = '500d'", "'every'", "at most 400d"),
        ("manual = 'yes'", "'manual'", "valid boolean"),
        ("blackout = '10:00-11:00'", "'blackout'", "must be a list"),
        ("blackout = ['Mon-Sun']", "'blackout'", "leaves no time"),
        ("blackout = ['Mon 25:00-26:00']", "'blackout'", "25:00 is no time of a day"),
        ("blackout = ['Moo 10:00-11:00']", "'blackout'", "'moo' is no day of a week"),
        ("blackout = ['Mon-Wed-Fri 10:00-11:00']", "'blackout'", "'mon-wed-fri' is no day of a week"),
        ("blackout = ['soon']", "'blackout'", "'soon' is no time of a week"),
        ("blackout = [' ']", "'blackout'", "is no time of a week"),
        ("blackout = [5]", "'blackout'", "5 is no time of a week"),
        ("[provider.openai]\nevery = 'often'", "'provider.openai.every'", "number of hours"),
        ("[provider.openai]\nsource = {}", "'provider.openai.source'", "there is no key"),
        ("[provider.nobody]\nevery = '7d'", "'provider.nobody'", "no provider; they are ai21, "),
        ("[source.'openai/prices']\nevery = '7d'", "openai/prices", "there are openai/docs-pricing, "),
        ("[source.openai]\nevery = '7d'", "'source.\"openai\"'", "PROVIDER/SOURCE"),
        ("every = ", "", "is not TOML"),
    ],
)
def test_f43_a_schedule_that_cannot_be_used_is_refused_with_its_file_and_key(
    tmp_path: Path, text: str, key: str, why: str
) -> None:
    with pytest.raises(RatecardError) as refused:
        load_schedule(written(tmp_path, text))
    said = str(refused.value)
    assert str(tmp_path / "weekly.toml") in said
    assert key in said
    assert why in said
    assert "\n" not in said.replace("(at end of document)", "")


def test_f43_a_key_that_two_files_set_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "every = '7d'", "a.toml")
    written(tmp_path, "every = '8d'", "b.toml")
    with pytest.raises(RatecardError, match=r"b\.toml: the key 'every' for everything is already set in .*a\.toml"):
        load_schedule(tmp_path)


def test_f43_a_folder_without_a_schedule_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RatecardError, match=r"there is no schedule in .*RATECARD_SCHEDULES"):
            load_schedule(place)


@pytest.mark.parametrize("command", [["schedule"], ["refresh", "--due"], ["daemon"], ["metrics"]])
def test_f43_every_command_that_reads_schedules_refuses_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("RATECARD_SCHEDULES", str(written(tmp_path, "[provider.opnai]\nmanual = true")))
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    ran = ratecard(*command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"ratecard: {tmp_path}/weekly.toml: the key 'provider.opnai' names no provider")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "ratecard.db").exists(), "nothing was begun"


def test_f43_facts_without_a_module_and_a_module_without_facts_are_refused(tmp_path: Path) -> None:
    for name in ("__init__.py", "acme_ai.py", "acme_ai.toml"):
        written(tmp_path, "", name)
    check_providers(tmp_path)
    (tmp_path / "acme_ai.py").unlink()
    with pytest.raises(RatecardError, match=r"acme_ai\.toml has no acme_ai\.py beside it; .* remove acme_ai\.toml"):
        check_providers(tmp_path)
    written(tmp_path, "", "acme_ai.py")
    written(tmp_path, "", "nobody.py")
    with pytest.raises(RatecardError, match=r"nobody\.py has no nobody\.toml beside it"):
        check_providers(tmp_path)

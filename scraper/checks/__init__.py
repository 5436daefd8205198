"""Guards: they judge what was fetched and read before it can touch a published value."""

from scraper.checks.judging import GUARDS, Judgement, Seen, Verdict, judge

__all__ = ["GUARDS", "Judgement", "Seen", "Verdict", "judge"]

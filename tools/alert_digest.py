"""Make docs/alerts-digest.md and its picture: what a subscriber is told when dated captures are replayed.

    python tools/alert_digest.py CAPTURES [--day DATE]... [--write FILE] [--picture FILE]

The first day is the baseline; the digest is of what happened after it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scraper.alerts.layout.digest import digest_of  # noqa: E402
from scraper.alerts.layout.html import html_of  # noqa: E402
from scraper.alerts.layout.markdown import markdown_of  # noqa: E402
from scraper.alerts.layout.plain import text_of  # noqa: E402
from scraper.alerts.message import Message  # noqa: E402
from scraper.alerts.rules import load_alerts  # noqa: E402
from scraper.alerts.showing import preview  # noqa: E402
from scraper.publish.site.words import listed  # noqa: E402
from scraper.store import open_store  # noqa: E402
from scraper.store.outbox import list_events  # noqa: E402

DAYS = ("2026-07-31", "2026-08-08", "2026-08-22", "2026-08-31")
WIDTH, HEIGHT = 680, 1240

RULES = """
[[subscriber]]
name = "finops"
digest = "weekly mon 08:00"
most = 1000
channels = ["print"]

[channels.print]
type = "stdout"
"""

DOC = """# What a digest looks like

Real captures of August 2026, replayed: what there was on {first} is the baseline, then {days}. This is what a
subscriber who wants to know of everything is told of what changed in between. Nothing of it was written by hand:
`tools/alert_digest.py` makes this page and the picture.

The same content goes out as e-mail (HTML, with this text as its alternative), as blocks to Slack, as Markdown, and as
whatever a service of Apprise shows. What was told wrongly and what fails comes first (here there was none); then each
provider, those first where most prices moved, and of each the greatest moves; last what waits for a person. Many offers
have a row each, with what it means for a request of 1,000 tokens in and 500 out; few are shown with all fields. Several
moves of one price are one, an offer of which one price rose and another fell is cheaper or dearer by that request, and
offers to which just the same happened share a row. The rest is counted. Webhooks have every event with both evidences.

![The digest as an e-mail, in light and in dark](pictures/alert-email.png)

As text:

```text
{text}```

One of its sections as Markdown, for a report or the body of an issue:

```markdown
{markdown}```
"""


def replayed(captures: Path, days: list[str], folder: Path) -> Message:
    """Refresh from captures, a day after the other, and return the message of what happened after the first one."""
    db = f"sqlite:///{folder / 'ratecard.db'}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RATECARD_")}
    environment["PYTHONPATH"] = str(ROOT)
    for day in days:
        command = [sys.executable, "-m", "scraper.cli", "refresh", "--replay", str(captures), "--at", day, "--db", db]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    rules = folder / "alerts.toml"
    rules.write_text(RULES, encoding="utf-8")
    since = datetime.fromisoformat(days[0]).replace(hour=23, minute=59, tzinfo=UTC)
    with open_store(db) as store:
        happened = list_events(store, since=since)[::-1]
    [message] = preview(load_alerts(rules, {}), happened, ())
    return message


def picture(html: str, file: Path, folder: Path) -> None:
    """Take a picture of an e-mail beside itself in dark."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium to take a picture with.")
    (folder / "mail.html").write_text(html, encoding="utf-8")
    frames = "".join(
        f'<iframe src="mail.html" style="color-scheme:{scheme};width:{WIDTH}px;height:{HEIGHT}px;border:0"></iframe>'
        for scheme in ("light", "dark")
    )
    page = folder / "both.html"
    page.write_text(f"<!doctype html><title>both</title><body style='margin:0;display:flex'>{frames}", encoding="utf-8")
    taken = folder / "taken.png"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder}/chromium", f"--screenshot={taken}", f"--window-size={2 * WIDTH},{HEIGHT}",
         page.as_uri()],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60,
    )  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(taken, file)


def section_of(markdown: str, provider: str) -> str:
    """Return what a digest as Markdown says of one provider."""
    start = markdown.index(f"## {provider}\n")
    end = markdown.find("\n## ", start)
    return markdown[start : end if end > 0 else None].strip() + "\n"


def main() -> None:
    """Make both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captures", type=Path)
    parser.add_argument("--day", action="append")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    days = given.day or list(DAYS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        digest = digest_of(replayed(given.captures, days, folder))
        text = text_of(digest)
        if given.picture:
            picture(html_of(digest), given.picture, folder)
    if given.write is None:
        sys.stdout.write(text)
        return
    example = section_of(markdown_of(digest), digest.groups[1].provider)
    page = DOC.format(first=days[0], days=listed(days[1:]), text=text, markdown=example)
    given.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

"""The sitemap and the robots.txt of a site whose address is known."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape


def sitemap(site_url: str, pages: Mapping[str, str]) -> bytes:
    """Return the sitemap of pages by path, each with the day of its last change where that is known."""
    lines = [
        f"<url><loc>{escape(site_url)}/{escape(path)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
        for path, day in pages.items()
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{chr(10).join(lines)}\n</urlset>\n".encode()


def robots(site_url: str) -> bytes:
    """Return a robots.txt that forbids nothing and names the sitemap."""
    return f"User-agent: *\nDisallow:\nSitemap: {site_url}/sitemap.xml\n".encode()

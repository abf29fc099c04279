"""Draws a chapter as horizontal bars in SVG."""

from collections.abc import Iterator
from html import escape

from bench.contest import UNITS, Chapter, Contest, Quantity

WIDTH, LABEL, LINE, BAR, GAP = 900, 300, 20, 13, 14  # pixels
COLOURS = ("#1f6feb", "#8250df", "#bf8700", "#cf222e")
STYLE = "text { font: 12px sans-serif; fill: #57606a } .work { font-weight: bold; fill: #24292f }"


def plot(chapter: Chapter) -> str:
    """Draw the medians of every contest. Each contest has its own scale, since only ratios count."""
    parts: list[str] = []
    y = GAP
    for contest in chapter.contests:
        parts += _bars(contest, chapter.quantity, y)
        y += LINE * (len(contest.runs) + 1) + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}">'
    return "\n".join(
        (head, f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n")
    )


def _bars(contest: Contest, quantity: Quantity, top: int) -> Iterator[str]:
    yield f'<text class="work" x="10" y="{top + BAR}">{escape(contest.work)}</text>'
    medians = {name: contest.spread(name, quantity).median for name in contest.runs}
    scale = (WIDTH - LABEL - 110) / max(medians.values())
    for rank, (name, height) in enumerate(medians.items()):
        y = top + LINE * (rank + 1)
        yield f'<text x="{LABEL - 8}" y="{y + BAR - 2}" text-anchor="end">{escape(name)}</text>'
        yield f'<rect x="{LABEL}" y="{y}" width="{height * scale:.1f}" height="{BAR}" fill="{COLOURS[rank]}"/>'
        yield f'<text x="{LABEL + height * scale + 6:.1f}" y="{y + BAR - 2}">{height:,.2f} {UNITS[quantity]}</text>'

"""A simulation as a picture: a bar before and a bar after for each site, grouped by region. SVG 1.1, and nothing but shapes.

It is light or dark as the reader is, and black and white where it is printed: after is filled, before is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from gslb.model.text import printable

WIDTH: Final = 880
_NAME_END, _BAR_START, _BAR_END = 210, 222, 640
_ROW, _REGION, _HEAD, _FOOT = 34, 30, 96, 16
_LINE_LETTERS = 118
_NAME_LETTERS = 28

_STYLE: Final = """\
svg{font:13px system-ui,sans-serif;background:#fff;color:#1b1f24}
text{fill:#1b1f24}.dim{fill:#57606a}.region{font-weight:600}.before{fill:#c9d4e0;stroke:#57606a}.after{fill:#1f6feb}
.over{fill:#b35900}.overtext{fill:#953800;font-weight:600}.grid{stroke:#d0d7de}
@media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}text{fill:#e6edf3}.dim{fill:#9da7b3}
.before{fill:#30363d;stroke:#9da7b3}.after{fill:#58a6ff}.over{fill:#d29922}.overtext{fill:#e3b341}.grid{stroke:#30363d}}"""

Document = Mapping[str, Any]


def svg(told: Document) -> str:
    """`told` is the document of a simulation, as `document` or the API gives it."""
    regions: dict[str, list[Document]] = {}
    for site in told["sites"]:
        regions.setdefault(site["region"], []).append(site)
    lines = _wrapped(_text(told["sentence"]))
    head = _HEAD + 18 * (len(lines) - 1)
    height = head + sum(_REGION + _ROW * len(sites) for sites in regions.values()) + _FOOT
    shares = [site[side]["share"] for site in told["sites"] for side in ("before", "after")]
    scale = (_BAR_END - _BAR_START) / (max(shares, default=0.0) or 1.0)
    title = f"{_text(told['service'])} by {_text(told['via']).upper()}, IPv{_text(told['family'])}: before and after"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<title>{title}</title><desc>{_text(told['sentence'])}</desc><style>{_STYLE}</style>",
        f'<text x="16" y="26" class="region">{title}</text>',
        *(f'<text x="16" y="{48 + 18 * number}">{line}</text>' for number, line in enumerate(lines)),
        *_legend(head - 18, told),
    ]
    top = head
    for region, sites in regions.items():
        parts += _region(region, told, top)
        top += _REGION
        for site in sites:
            parts += _site(site, top, scale)
            top += _ROW
    return "\n".join([*parts, "</svg>", ""])


def _text(value: object) -> str:
    """Of others, so that it is text, and nothing that XML forbids (section 2.2)."""
    return escape("".join(sign for sign in printable(str(value)) if sign not in "\ufffe\uffff"))


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _LINE_LETTERS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _legend(y: int, told: Document) -> Iterator[str]:
    yield f'<rect x="16" y="{y - 10}" width="12" height="10" class="before"/><text x="34" y="{y}" class="dim">before</text>'
    yield f'<rect x="96" y="{y - 10}" width="12" height="10" class="after"/><text x="114" y="{y}" class="dim">after</text>'
    yield f'<text x="166" y="{y}" class="dim">share of all clients; {_text(told["population"]["source"])}</text>'


def _region(region: str, told: Document, top: int) -> Iterator[str]:
    row: Sequence[Document] = [each for each in told["regions"] if each["region"] == region]
    share = f"{_percent(row[0]['before'])} → {_percent(row[0]['after'])}" if row else ""
    yield f'<line x1="16" x2="{WIDTH - 16}" y1="{top + 4}" y2="{top + 4}" class="grid"/>'
    yield f'<text x="16" y="{top + 22}" class="region">{_text(region)}</text>'
    yield f'<text x="{WIDTH - 16}" y="{top + 22}" text-anchor="end" class="dim">{share}</text>'


def _site(site: Document, top: int, scale: float) -> Iterator[str]:
    before, after = site["before"], site["after"]
    name = str(site["site"])
    short = name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
    yield f'<text x="{_NAME_END}" y="{top + 18}" text-anchor="end"><title>{_text(name)}</title>{_text(short)}</text>'
    yield f'<rect x="{_BAR_START}" y="{top + 3}" width="{before["share"] * scale:.1f}" height="9" class="before"/>'
    shade = "over" if after["overloaded"] else "after"
    yield f'<rect x="{_BAR_START}" y="{top + 15}" width="{after["share"] * scale:.1f}" height="11" class="{shade}"/>'
    yield f'<text x="{_BAR_END + 12}" y="{top + 18}">{_percent(before["share"])} → {_percent(after["share"])}</text>'
    if after["load"] is not None:
        kind = "overtext" if after["overloaded"] else "dim"
        mark = "▲ " if after["overloaded"] else ""
        yield f'<text x="{WIDTH - 16}" y="{top + 18}" text-anchor="end" class="{kind}">{mark}{after["load"]:.0%} full</text>'


def _percent(share: float) -> str:
    return f"{share:.1%}"

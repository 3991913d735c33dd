"""Draws how traffic goes in each kind of rollout: `python -m tools.draw_rollouts` writes docs/images/rollouts.svg."""

from __future__ import annotations

from pathlib import Path

OUT = Path("docs/images/rollouts.svg")
WIDTH, HEIGHT, GAP, TOP = 220, 110, 24, 46
OLD, NEW, INK = "#c9ced6", "#1f7a8c", "#333"
PANELS: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...] = (
    ("as a canary", "one share, held, then everything", ((0.15, 0), (0.6, 10), (0.25, 100))),
    ("in steps", "more while no harm is seen", ((0.1, 0), (0.2, 5), (0.2, 25), (0.25, 50), (0.25, 100))),
    ("blue-green", "tried out, then everything at once", ((0.15, 0), (0.25, 0), (0.6, 100))),
    ("as an A/B test", "a fixed share for days, then one of them", ((0.1, 0), (0.65, 20), (0.25, 100))),
)
"""Name, what happens, and (part of the time, percent of the requests of the new version)."""


def panel(at: int, name: str, said: str, spans: tuple[tuple[float, float], ...]) -> str:
    left = GAP + at * (WIDTH + GAP)
    parts = [
        f'<text x="{left}" y="20" font-size="15" font-weight="bold" fill="{INK}">{name}</text>',
        f'<text x="{left}" y="37" font-size="11" fill="{INK}">{said}</text>',
        f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="{OLD}"/>',
    ]
    x = float(left)
    for span, share in spans:
        wide, high = span * WIDTH, share / 100.0 * HEIGHT
        y = TOP + HEIGHT - high
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{NEW}"/>')
        if 0 < share < 100:
            parts.append(f'<text x="{x + 3:.1f}" y="{y - 3:.1f}" font-size="11" fill="{INK}">{share:g}%</text>')
        x += wide
    if name == "blue-green":
        up = left + spans[0][0] * WIDTH
        parts.append(f'<text x="{up + 3:.1f}" y="{TOP + HEIGHT - 4}" font-size="10" fill="{INK}">up, tried</text>')
    return "\n".join(parts)


def main() -> None:
    whole, high = GAP + len(PANELS) * (WIDTH + GAP), TOP + HEIGHT + 34
    foot = TOP + HEIGHT + 22
    drawn = "\n".join(panel(at, *one) for at, one in enumerate(PANELS))
    OUT.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {high}" width="{whole}" height="{high}" '
        f'font-family="Arial, DejaVu Sans, sans-serif" role="img" aria-label="Shares of the requests over time">\n'
        f'<rect width="{whole}" height="{high}" fill="#fff"/>\n{drawn}\n'
        f'<rect x="{GAP}" y="{foot - 10}" width="12" height="12" fill="{NEW}"/>'
        f'<text x="{GAP + 18}" y="{foot}" font-size="12" fill="{INK}">requests answered by the new version</text>\n'
        f'<rect x="{GAP + 260}" y="{foot - 10}" width="12" height="12" fill="{OLD}"/>'
        f'<text x="{GAP + 278}" y="{foot}" font-size="12" fill="{INK}">by the old one; time goes to the right</text>\n'
        "</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()

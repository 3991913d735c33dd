"""Draws deploy/teams/color.png and outline.png: a speech bubble with a line that rises to its last point."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parents[1] / "deploy" / "teams"
BLUE, WHITE, CLEAR = (59, 91, 219, 255), (255, 255, 255, 255), (255, 255, 255, 0)
SCALE = 8
"""Drawn so much larger and made smaller, so that slanted lines are smooth."""
LINE = ((0.27, 0.55), (0.42, 0.43), (0.55, 0.5), (0.73, 0.31))


def picture(size: int, *, margin: float, filled: bool) -> Image.Image:
    """The bubble white on blue, or its outline in white on nothing."""
    whole = size * SCALE
    image = Image.new("RGBA", (whole, whole), BLUE if filled else CLEAR)
    draw = ImageDraw.Draw(image)

    def at(x: float, y: float) -> tuple[float, float]:
        room = 1 - 2 * margin
        return (whole * (margin + x * room), whole * (margin + y * room))

    thick = round(whole * (1 - 2 * margin) * 0.075)
    body, radius = [at(0.06, 0.08), at(0.94, 0.78)], whole * (1 - 2 * margin) * 0.16
    tail = [at(0.22, 0.76), at(0.22, 0.96), at(0.46, 0.76)]
    ink = BLUE if filled else WHITE
    if filled:
        draw.rounded_rectangle(body, radius, fill=WHITE)
        draw.polygon(tail, fill=WHITE)
    else:
        draw.polygon(tail, fill=WHITE)
        draw.rounded_rectangle(body, radius, fill=CLEAR, outline=WHITE, width=thick)
    points = [at(x, y) for x, y in LINE]
    draw.line(points, fill=ink, width=thick, joint="curve")
    for x, y in points:
        r = thick * (1.05 if (x, y) == points[-1] else 0.5)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    return image.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    picture(192, margin=0.19, filled=True).convert("RGB").save(FOLDER / "color.png", optimize=True)
    outline = picture(32, margin=0.03, filled=False)
    Image.merge("RGBA", [*[Image.new("L", outline.size, 255)] * 3, outline.getchannel("A")]).save(
        FOLDER / "outline.png", optimize=True
    )
    print(*(f"{path.name}: {path.stat().st_size} bytes" for path in sorted(FOLDER.glob("*.png"))), sep="\n")

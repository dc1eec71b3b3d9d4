"""Writes outlines.txt: what pictures need of DejaVu Sans. `python outlines.py DejaVuSans.ttf > outlines.txt`, with fonttools."""

import sys

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

# Latin, Greek, superscripts, subscripts and common mathematical signs.
CHARACTERS = """0020-007E 00A0-017F 0370-03FF 2010-2015 2018-201D 2022 2026 2032 2033 2070-209C 1D2C-1D6A 2190-2195 21A6
21D2 2102 2115 211D 2200-2209 220F 2211-2213 2215 2217-221A 221D 221E 2223-222B 2248 2260 2261 2264 2265 226A 226B 22C5 25A0 25CB
25CF FFFD"""


class Steps(BasePen):
    """Collects lines and quadratic curves, as SVG writes paths."""

    def __init__(self, glyphs):
        super().__init__(glyphs)
        self.words = []

    def step(self, command, *points):
        self.words += [command] + [f"{x:g}" for point in points for x in point]

    def _moveTo(self, to):
        self.step("M", to)

    def _lineTo(self, to):
        self.step("L", to)

    def _qCurveToOne(self, control, to):
        self.step("Q", control, to)

    def _closePath(self):
        self.step("Z")


def line(key, name):
    pen = Steps(glyphs)
    glyphs[name].draw(pen)
    return " ".join([key, f"{glyphs[name].width:g}", *pen.words])


font = TTFont(sys.argv[1])
glyphs, names = font.getGlyphSet(), font.getBestCmap()
print(line(".notdef", ".notdef"))
for ends in CHARACTERS.split():
    first, last = (ends.split("-") * 2)[:2]
    for code in range(int(first, 16), int(last, 16) + 1):
        if code in names:
            print(line(f"{code:04X}", names[code]))

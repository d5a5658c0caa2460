"""Draw what a terminal shows: reads its text with escape sequences, writes SVG without fonts of others."""

import io
import re
import sys

from rich.console import Console
from rich.text import Text

text = sys.stdin.read().rstrip()
lines = [Text.from_ansi(line) for line in text.split("\n")]
lines = [line[: line.plain.find("; printf")] if "; printf" in line.plain else line for line in lines]  # what make adds
lines = [line for line in lines if not line.plain.startswith("$ wattle demo") and line.plain.rstrip() not in ("$", "end_of_it")]
console = Console(record=True, width=max(len(line) for line in lines) + 1, file=io.StringIO(), force_terminal=True, color_system="truecolor")
for line in lines:
    console.print(line, no_wrap=True, overflow="crop", highlight=False)
svg = console.export_svg(title=sys.argv[1], unique_id="t")
svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S).replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")


def shifted(match):
    """Spaces before a text become its place: not every program keeps them."""
    x, length, text = float(match[1]), float(match[3]), match[4]
    spaces = re.match(r"(?:&#160;)*", text)[0].count("&#160;")
    if not spaces:
        return match[0]
    wide = length / len(re.sub(r"&#?\w+;", " ", text))
    return f'x="{x + spaces * wide:g}"{match[2]}textLength="{length - spaces * wide:g}"{match[5]}>{text[6 * spaces :]}</text>'


svg = re.sub(r'x="([\d.]+)"([^>]*)textLength="([\d.]+)"(?=[^>]*>((?:(?!</text>).)*)</text>)([^>]*)>(?:(?!</text>).)*</text>', shifted, svg)
svg = re.sub(r"<!-- .*? -->\n?", "", svg)
sys.stdout.write("\n".join(line.rstrip() for line in svg.split("\n") if line.strip()) + "\n")

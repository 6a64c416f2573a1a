"""Pages as tesseract would tell them: words in boxes, a letter being ten pixels wide."""

from __future__ import annotations

from itertools import count

_LETTER, _HEIGHT, _LINE = 10, 20, 40
HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def tsv(text: str, confidence: float = 96.0) -> str:
    """A page with these lines; two blanks or more are the gap between columns."""
    rows = [HEADER]
    for number, line in enumerate(text.splitlines(), start=1):
        words, at = count(1), 0
        for word in line.split(" "):
            if word:
                box = f"{at * _LETTER}\t{number * _LINE}\t{len(word) * _LETTER}\t{_HEIGHT}"
                rows.append(f"5\t1\t1\t1\t{number}\t{next(words)}\t{box}\t{confidence}\t{word}")
            at += len(word) + 1
    return "\n".join(rows)

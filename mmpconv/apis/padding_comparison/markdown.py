"""Numbers and tables of a comparison as Markdown."""
from collections.abc import Sequence

UNDEFINED = '-'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A table whose first columns, as many as ``words``, are words, and the others numbers."""
    alignment = ['-'] * words + ['-:'] * (len(header) - words)
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in [header, alignment, *rows])


def number(value: float | None, sign: str = '') -> str:
    """Three decimals; ``sign`` is '+' for a difference."""
    return UNDEFINED if value is None else f'{round(value, 3) + 0.0:{sign}.3f}'  # no -0.000


def interval(ends: tuple[float, float] | None) -> str:
    """Of a difference."""
    return UNDEFINED if ends is None else f'{ends[0]:+.3f} to {ends[1]:+.3f}'


def p_value(value: float | None) -> str:
    """Three decimals, or less than the least of them."""
    return UNDEFINED if value is None else '< 0.001' if value < 0.001 else f'{value:.3f}'

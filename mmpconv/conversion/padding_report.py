"""What a conversion of padding did."""
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from .convolution_kinds import forget_compiled, set_padding


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 module``, ``2 modules``."""
    return f'{number} {noun}{"" if number == 1 else "s"}'


@dataclass(frozen=True)
class ConvertedConvolution:
    """A convolution whose padding was changed: its name in the model, and how it padded before."""
    name: str
    layer: str
    kernel_size: tuple[int, ...]
    padding: str | tuple[int, ...]
    before: str
    module: nn.Module = field(repr=False, compare=False)


@dataclass(frozen=True)
class LeftAlone:
    """A module that looks like a convolution or pads, whose padding was not changed, and why."""
    name: str
    layer: str
    reason: str


@dataclass(frozen=True)
class PaddingReport:
    """What :func:`~mmpconv.convert_padding` did; ``print`` shows it as a table.

    Attributes:
        mode: Padding that was asked for.
        converted: The convolutions that were changed.
        unchanged: Names of those that padded so before.
        left_alone: What was not changed, and why.
        without_padding: Number of convolutions that do not look beyond the border, such as 1x1.
    """
    mode: str
    converted: tuple[ConvertedConvolution, ...]
    unchanged: tuple[str, ...]
    left_alone: tuple[LeftAlone, ...]
    without_padding: int

    def undo(self) -> None:
        """Give every converted convolution the padding back that it had before. Idempotent."""
        for convolution in self.converted:
            set_padding(convolution.module, convolution.before)
        forget_compiled()

    def summary(self) -> str:
        """One line: how many were converted, were so already, were left alone, do not pad."""
        if self.converted:
            first = f'{counted(len(self.converted), "convolution")} converted to {self.mode} padding'
            if self.unchanged:
                first += f', {len(self.unchanged)} had it already'
        else:
            first = f'nothing to do: {counted(len(self.unchanged), "convolution")} had {self.mode} padding already'
        return (f'{first}; {counted(len(self.left_alone), "module")} left alone; '
                f'{counted(self.without_padding, "convolution")} without padding')

    def __str__(self) -> str:
        parts = [self.summary()]
        if self.converted:
            parts += ['', *_table(('convolution', 'layer', 'kernel', 'padding', 'was', 'is'), [
                (c.name, c.layer, _by(c.kernel_size), _by(c.padding), c.before, self.mode) for c in self.converted])]
        if self.left_alone:
            parts += ['', *_table(('left alone', 'layer', 'because it is'), [
                (module.name, module.layer, module.reason) for module in self.left_alone])]
        return '\n'.join(parts)


def _by(sizes: str | Sequence[int]) -> str:
    return sizes if isinstance(sizes, str) else 'x'.join(map(str, sizes))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    lines = [header, ['-' * width for width in widths], *rows]
    return ['  '.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]

"""Conversion of the padding of a built model, and the report of it."""
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from torch import nn
from torch.jit import ScriptModule

from .kinds import (
    MODES,
    concerns_padding,
    forget_compiled,
    looks_beyond_the_border,
    original_class,
    own_class,
    padding_of,
    reason_to_leave,
    set_padding,
)


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
    """Report of :func:`~mmpconv.convert_padding`; ``print`` shows it as a table.

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


class PatternError(ValueError):
    """Names that choose no convolution.

    Args:
        argument: ``include`` or ``exclude``: which to change.
        message: What is wrong with it, as the rest of a sentence that begins with its name.
    """

    def __init__(self, argument: str, message: str):
        super().__init__(f'{argument} {message}')
        self.argument, self.message = argument, message


def convert_padding(model: nn.Module, mode: str = 'partial', include: str | Sequence[str] | None = None,
                    exclude: str | Sequence[str] | None = None) -> PaddingReport:
    """Change how the convolutions of a model pad, in place.

    Partial padding is that of Liu et al., arXiv 1811.11718: the convolution is renormalised where its
    window reaches beyond the border. Nothing is replaced: modules and parameters keep identity and names, so
    that optimizers, hooks, checkpoints and wrapped models (DDP) stay valid. A checkpoint does not tell which
    padding it was trained with: the model has to be converted again when it is built anew.

    Convolutions of 1, 2 and 3 dimensions are converted, also with spectral norm, weight standardisation or
    other parametrisations, and TensorFlow's "same" padding of mmcv. What computes something else
    (transposed, deformable, masked, quantised convolutions, circular padding, padding layers) is left alone
    and listed.

    Args:
        model: Any module, compiled or not; but not scripted.
        mode: ``'partial'``, ``'reflect'``, ``'replicate'`` or ``'zeros'``.
        include: Names of modules to convert, with everything below them; ``*`` and ``?`` stand for any
            characters, e.g. ``'backbone'`` or ``['backbone.layer?', '*.conv2']``. None: all.
        exclude: Names of modules to leave as they are, likewise.

    Returns:
        PaddingReport: What was converted and what was not; ``report.undo()`` takes it back.

    Raises:
        TypeError: ``model`` is not a module, or is scripted.
        ValueError: Unknown mode, a pattern that matches no convolution, or nothing to convert. Nothing has
            been changed then.

    Example:
        >>> from torch import nn
        >>> import mmpconv
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 1))
        >>> print(mmpconv.convert_padding(model))
        1 convolution converted to partial padding; 0 modules left alone; 1 convolution without padding
        <BLANKLINE>
        convolution  layer   kernel  padding  was    is
        -----------  ------  ------  -------  -----  -------
        0            Conv2d  3x3     1x1      zeros  partial
    """
    _check(model, mode)
    concerned = {name: module for name, module in model.named_modules() if concerns_padding(module)}
    if not concerned:
        raise ValueError(f'{type(model).__name__} has no convolution, so there is no padding to convert')
    chosen = _choose(concerned, include, exclude)

    reasons = {name: reason_to_leave(module) for name, module in chosen.items()}
    able = {name: module for name, module in chosen.items() if reasons[name] is None}
    padded = {name: module for name, module in able.items() if looks_beyond_the_border(module)}
    left_alone = tuple(LeftAlone(name, own_class(chosen[name]).__name__, reason)
                       for name, reason in reasons.items() if reason)
    if not padded:
        raise ValueError(f'nothing to convert: {_why_nothing(able, left_alone)}')
    converted = tuple(
        ConvertedConvolution(name, original_class(own_class(module)).__name__, module.kernel_size, module.padding,
                             padding_of(module), module)
        for name, module in padded.items() if padding_of(module) != mode)
    for convolution in converted:
        set_padding(convolution.module, mode)
    forget_compiled()
    already = tuple(name for name in padded if name not in {convolution.name for convolution in converted})
    return PaddingReport(mode, converted, already, left_alone, len(able) - len(padded))


def _check(model: nn.Module, mode: str) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f'model is {type(model).__name__} but must be a built torch.nn.Module; build it first, '
                        'or wrap its config in type=\'mmpconv.PaddedModel\'')
    if isinstance(model, ScriptModule):
        raise TypeError('model is scripted already, so its padding is fixed; convert it before torch.jit')
    if mode == 'circular':
        raise ValueError("mode is 'circular', which is for images that wrap around and is not a matter of taste: "
                         "build the convolutions with padding_mode='circular'; modes are "
                         f'{", ".join(MODES)}')
    if mode not in MODES:
        raise ValueError(f'mode is {mode!r} but must be one of {", ".join(MODES)}')


def _choose(modules: dict[str, nn.Module], include, exclude) -> dict[str, nn.Module]:
    included, excluded = (_matches(modules, patterns, argument) for patterns, argument in (
        (include, 'include'), (exclude, 'exclude')))
    if include is None:
        included = set(modules)
    chosen = {name: module for name, module in modules.items() if name in included - excluded}
    if not chosen:
        raise PatternError('exclude', f'{exclude!r} leaves none of the {len(included)} convolutions'
                           + (f' that {include!r} is to convert' if include is not None else '')
                           + ', so there is nothing to convert')
    return chosen


def _matches(modules: dict[str, nn.Module], patterns: str | Sequence[str] | None, argument: str) -> set[str]:
    """Names that match a pattern, or lie below a module that does."""
    matched = set()
    for pattern in [patterns] if isinstance(patterns, str) else patterns or []:
        found = {name for name in modules if any(fnmatchcase(part, pattern) for part in _and_parents(name))}
        if not found:
            raise PatternError(argument, f'pattern {pattern!r} matches no convolution; names are, for example, '
                               f'{", ".join(map(repr, list(modules)[:3]))} of {len(modules)}')
        matched |= found
    return matched


def _and_parents(name: str) -> list[str]:
    parts = name.split('.')
    return ['.'.join(parts[:i + 1]) for i in range(len(parts))]


def _why_nothing(able: dict, left_alone: Sequence[LeftAlone]) -> str:
    reasons = [f'{counted(len(able), "convolution")} without padding'] if able else []
    reasons += [f'{module.name or "the model itself"} ({module.layer}) is {module.reason}' for module in left_alone[:5]]
    if len(left_alone) > 5:
        reasons.append(f'and {len(left_alone) - 5} more')
    return '; '.join(reasons)

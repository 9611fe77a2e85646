"""Of which network the weights of a checkpoint are, as the checkpoint says itself.

MMEngine's checkpoints hold the config of their training as Python source. It is read as data: no more of it is
understood than names, numbers, texts, lists and dicts, and nothing is run. Files of safetensors hold it as JSON.
"""
import ast
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .container import CHANNEL_ORDER, CONFIG, SIZE, UnsafeCheckpointError

_LONGEST = 1_000_000  # characters of a config's text; MM* configs have some thousands
_TEXTS = ('cfg', 'config')  # where MMEngine keeps it, and MMCV 1 did
_PARTS = ('model', 'test_dataloader', 'train_dataloader')
# Libraries whose types may be named with the library before them.
_SCOPES = ('mmpconv', 'mmagic', 'mmedit', 'mmengine', 'mmcv', 'torch')
_ALWAYS_LEFT_OUT = ('init_cfg', 'pretrained')  # weights come from the checkpoint, and from nowhere else


@dataclass(frozen=True)
class NetworkConfig:
    """The network of a checkpoint, in its own words.

    Attributes:
        model: Config of the model.
        size: Side of the photos that it was trained on, in pixels; None if it is not said here.
        channel_order: ``'rgb'`` or ``'bgr'``; None if it is not said here.
        loaders: Configs of data loaders, by name; what :class:`mmengine.Config` reads from a file has them, too.
    """

    model: dict
    size: int | None = None
    channel_order: str | None = None
    loaders: dict[str, dict] = field(default_factory=dict)


def config_of(checkpoint: Mapping, name: str) -> NetworkConfig | None:
    """The network of a checkpoint in its own words; None if it says nothing.

    Args:
        checkpoint: What :func:`~mmpconv.checkpoints.loading.load_from_local` gives.
        name: How errors call it.

    Raises:
        UnsafeCheckpointError: It says so in a way that cannot be read without running it, or that makes no sense.
    """
    meta = checkpoint.get('meta')
    if not isinstance(meta, Mapping):
        return None
    if CONFIG in meta:
        return _of_json(meta, name)
    text = next((meta[key] for key in _TEXTS if isinstance(meta.get(key), str) and meta[key].strip()), None)
    if text is None:
        return None
    parts = read_config_text(text, _PARTS, name)
    if not isinstance(parts.get('model'), dict):
        return None
    loaders = {key: value for key, value in parts.items() if key != 'model' and isinstance(value, dict)}
    return NetworkConfig(parts['model'], loaders=loaders)


def read_config_text(text: str, names: Collection[str], checkpoint: str) -> dict[str, Any]:
    """Read parts of a config's source as data.

    Args:
        text: Python source, as ``Config.pretty_text`` of MMEngine.
        names: Which of its top-level names are read. The others are left out.
        checkpoint: How errors call the file that it is in.

    Raises:
        UnsafeCheckpointError: One of them is more than numbers, texts, lists and dicts, or the text is no Python.
    """
    remedy = 'give the config of its network as model'
    if len(text) > _LONGEST:
        raise UnsafeCheckpointError(f'the config in {checkpoint} has {len(text)} characters, which no config has; '
                                    f'{remedy}')
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnsafeCheckpointError(
            f'the config in {checkpoint} cannot be read ({type(error).__name__}); {remedy}') from None
    parts = {}
    for statement in statements:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id in names:
            try:
                parts[target.id] = _value(statement.value)
            except (_NotDataError, RecursionError) as error:
                raise UnsafeCheckpointError(
                    f'the config in {checkpoint} was not run, and it is more than data: {target.id} has {error}; '
                    f'{remedy}') from None
    return parts


def only_types(config: Mapping, types: Collection[str], checkpoint: str) -> dict:
    """A config whose types are known ones, by their names alone, so that building it can reach nothing else.

    Args:
        config: As a checkpoint says it. A type may have its library before it, or its module.
        types: Names of what may be built.
        checkpoint: How errors call the file.

    Raises:
        UnsafeCheckpointError: It names another type.
    """
    def known(value: Any) -> Any:
        if isinstance(value, Mapping):
            made = {key: known(entry) for key, entry in value.items() if key not in _ALWAYS_LEFT_OUT}
            if 'type' in made:
                made['type'] = _known_type(made['type'], types, checkpoint)
            return made
        return [known(entry) for entry in value] if isinstance(value, (list, tuple)) else value

    try:
        return known(config)
    except RecursionError:
        raise UnsafeCheckpointError(f'the config in {checkpoint} is nested too deeply; give the config of its network '
                                    'as model') from None


def _known_type(kind: Any, types: Collection[str], checkpoint: str) -> str:
    scope, _, _ = kind.partition('.') if isinstance(kind, str) else ('', '', '')
    name = kind.rpartition('.')[2] if scope in _SCOPES else kind
    if not isinstance(name, str) or name not in types:
        raise UnsafeCheckpointError(
            f'the config in {checkpoint} names {kind!r:.80}, which is no part of a network that this package fills '
            'holes with; give the config of its network as model, if you trust it')
    return name


def _of_json(meta: Mapping, name: str) -> NetworkConfig:
    said = f'what {name} says of its network'
    try:
        model = json.loads(meta[CONFIG][:_LONGEST])
        size = int(meta[SIZE]) if SIZE in meta else None
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsafeCheckpointError(
            f'{said} cannot be read ({type(error).__name__}); give its config as model') from None
    order = meta.get(CHANNEL_ORDER)
    if not (isinstance(model, dict) and order in (None, 'rgb', 'bgr') and (size is None or 0 < size <= 1 << 20)):
        raise UnsafeCheckpointError(f'{said} makes no sense: {CONFIG} must be the config of a model, {SIZE} a number '
                                    f'of pixels, {CHANNEL_ORDER} rgb or bgr; give its config as model')
    return NetworkConfig(model, size, order)


class _NotDataError(ValueError):
    """An expression that is more than data."""


class _AsData(ast.NodeTransformer):
    """Writes `dict(a=1)`, and all that MMEngine writes for a dict, as `{'a': 1}`, and refuses every other call."""

    def visit_Call(self, node: ast.Call) -> ast.Dict:
        """Keys and values of a dict."""
        self.generic_visit(node)
        # It writes `dict({'4': 1.0})` where keys are no names, as in the layer weights of the perceptual loss.
        parts = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg is None)]
        if not isinstance(node.func, ast.Name) or node.func.id != 'dict' or len(node.args) > 1 or not all(
                isinstance(part, ast.Dict) for part in parts):
            raise _NotDataError(f'`{ast.unparse(node)[:60]}` in line {node.lineno}')
        named = [(ast.Constant(keyword.arg), keyword.value) for keyword in node.keywords if keyword.arg is not None]
        pairs = [*(pair for part in parts for pair in zip(part.keys, part.values)), *named]
        return ast.copy_location(ast.Dict([key for key, _ in pairs], [value for _, value in pairs]), node)

    def visit_Set(self, node: ast.Set) -> None:
        """Refused: what looks at a config looks into lists and dicts."""
        raise _NotDataError(f'`{ast.unparse(node)[:60]}` in line {node.lineno}')


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(_AsData().visit(node))
    except _NotDataError:
        raise
    except (ValueError, TypeError) as error:  # TypeError: a key that cannot be one
        raise _NotDataError(f'`{ast.unparse(node)[:60]}` in line {node.lineno}') from error

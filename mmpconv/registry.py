"""Registries of scope ``mmpconv``.

Each is a child of MMagic's registry of the same name, so that with
``default_scope = 'mmpconv'`` every type of MMagic, and of MMEngine above it,
resolves without a prefix. ``locations`` names MMagic's package as well as ours,
because a lookup walks up to the parent without importing what fills it.
"""
from . import compat

compat.install()

import mmagic.registry as _mmagic  # noqa: E402
from mmengine.registry import DefaultScope, Registry  # noqa: E402

from .checkpoints import loading as _loading  # noqa: E402,F401  (registers the safe loader)
from .compat import local_files as _local_files  # noqa: E402,F401  (registers the backend that writes files whole)


class _OwnRegistry(Registry):
    """Builds what is ours whatever the default scope.

    MMEngine's registry looks a name up in the default scope's registry, not in the one that is asked: after MMagic's
    ``register_all_modules()``, or inside its inferencer, ours would build MMagic's classes of the same names.
    """

    def build(self, cfg: dict, *args, **kwargs):
        """Build from a config, as :meth:`mmengine.Registry.build`; a ``_scope_`` in it, or a prefix, still counts."""
        with DefaultScope.overwrite_default_scope(self.scope):
            return super().build(cfg, *args, **kwargs)


def _child(name: str, *locations: str) -> Registry:
    parent = getattr(_mmagic, name)
    return _OwnRegistry(parent.name, parent=parent, scope='mmpconv', locations=[*locations])


RUNNERS = _child('RUNNERS', 'mmagic.engine')
RUNNER_CONSTRUCTORS = _child('RUNNER_CONSTRUCTORS', 'mmagic.engine')
LOOPS = _child('LOOPS', 'mmagic.engine', 'mmpconv.engine')
HOOKS = _child('HOOKS', 'mmagic.engine', 'mmpconv.engine')
LOG_PROCESSORS = _child('LOG_PROCESSORS', 'mmagic.engine')
OPTIMIZERS = _child('OPTIMIZERS', 'mmagic.engine')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS', 'mmagic.engine', 'mmpconv.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('OPTIM_WRAPPER_CONSTRUCTORS', 'mmagic.engine')
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS', 'mmagic.engine')

DATASETS = _child('DATASETS', 'mmagic.datasets', 'mmpconv.datasets')
DATA_SAMPLERS = _child('DATA_SAMPLERS', 'mmagic.datasets')
TRANSFORMS = _child('TRANSFORMS', 'mmagic.datasets.transforms', 'mmpconv.datasets')

MODELS = _child('MODELS', 'mmagic.models', 'mmpconv.models.inpainting', 'mmpconv.models.losses')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS', 'mmagic.models')
WEIGHT_INITIALIZERS = _child('WEIGHT_INITIALIZERS', 'mmagic.models')
TASK_UTILS = _child('TASK_UTILS', 'mmagic.models')

METRICS = _child('METRICS', 'mmagic.evaluation', 'mmpconv.evaluation.inpainting_metric')
EVALUATORS = _child('EVALUATORS', 'mmagic.evaluation')
VISUALIZERS = _child('VISUALIZERS', 'mmagic.visualization')
VISBACKENDS = _child('VISBACKENDS', 'mmagic.visualization')

"""Padding conversion of whatever model a runner has."""
from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from .convert import convert_padding


class ConvertPaddingHook(Hook):
    """Changes the padding of the runner's model before it trains, validates or tests.

    For ``custom_hooks``. Where only the config builds the model (``init_model`` of MMSegmentation, say), no
    hook runs: :func:`~mmpconv.padding.model.PaddedModel` works there too.

    Args:
        mode, include, exclude: See :func:`~mmpconv.convert_padding`.
    """

    # Before hooks that copy the model, such as the EMA hook.
    priority = 'VERY_HIGH'

    def __init__(self, mode: str = 'partial', include: str | Sequence[str] | None = None,
                 exclude: str | Sequence[str] | None = None):
        self.mode, self.include, self.exclude = mode, include, exclude

    def before_run(self, runner) -> None:
        """Convert; after the first time there is nothing to do.

        Raises:
            ValueError: See :func:`~mmpconv.convert_padding`.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        runner.logger.info(convert_padding(model, self.mode, self.include, self.exclude))

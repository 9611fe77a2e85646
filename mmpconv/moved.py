"""Modules that have moved are found under their old names, too, which pickled models and code of users hold."""
import importlib
import importlib.abc
import importlib.machinery
import sys

# Old name: new name, below `mmpconv`. To be removed with version 2.
MOVED = {
    'conversion': 'padding',
    'conversion.convolution_kinds': 'padding.kinds',
    'conversion.mmcv_convolutions': 'padding.kinds',
    'conversion.padded_model': 'padding.model',
    'conversion.padding': 'padding.convert',
    'conversion.padding_hook': 'padding.config',
    'conversion.padding_report': 'padding.convert',
    'models.inpainting.mean_color': 'models.inpainting.pconv_inpaintor',
    'models.inpainting.pconv_decoder': 'models.inpainting.pconv_encoder_decoder',
    'models.inpainting.pconv_encoder': 'models.inpainting.pconv_encoder_decoder',
    'models.inpainting.plain_conv': 'models.inpainting.mask_conv_module',
    'models.losses.masked_l1_loss': 'models.losses.masked_losses',
    'models.losses.masked_tv_loss': 'models.losses.masked_losses',
    'models.losses.vgg_features': 'models.losses.vgg',
}


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads a module under its old name: the very module, not a copy of it."""

    def find_spec(self, name: str, path=None, target=None) -> importlib.machinery.ModuleSpec | None:
        package, _, old = name.partition('.')
        if package != 'mmpconv' or old not in MOVED:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=old == 'conversion')

    def exec_module(self, module) -> None:
        # What is imported is what `sys.modules` holds afterwards.
        sys.modules[module.__spec__.name] = importlib.import_module(f'mmpconv.{MOVED[module.__spec__.name[8:]]}')


def install() -> None:
    """Put the old names in force. Idempotent; imports nothing."""
    if not any(isinstance(finder, _Alias) for finder in sys.meta_path):
        sys.meta_path.append(_Alias())

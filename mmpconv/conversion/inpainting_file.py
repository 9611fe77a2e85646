"""Checkpoint files of other PConv networks: what ``tools/model_converters/convert_inpainting.py`` does."""
import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..checkpoints import CheckpointError
from .checkpoint_keys import CheckpointKeysError
from .inpainting_checkpoints import ConvertedNetwork, convert_inpainting
from .weights_file import check_target, read_weights, write_checkpoint

# Networks whose published depth and width these configs have.
CONFIGS = {
    "naoto0804's PConvUNet": 'configs/partial_conv/pconv_finetune-imagenet-norm_1xb16_places-256x256.py',
    "SunnerLi's PartialUNet": 'configs/partial_conv/pconv_finetune_1xb4_coco-256x256.py',
    "SunnerLi's UNet": 'configs/unet/unet_finetune_1xb4_coco-256x256.py',
}


def convert_file(source: Path, target: Path, force: bool = False) -> ConvertedNetwork:
    """Write the weights of another PConv network as a checkpoint of ``PConvInpaintor``.

    The file is ``dict(state_dict=...)`` with the names ``generator.*``; optimizer, iteration and VGG are left out.

    Args:
        source: Checkpoint of :mod:`~mmpconv.conversion.inpainting_checkpoints`'s networks.
        target: The file to write, in a folder that exists.
        force: Replace ``target`` if it is there.

    Raises:
        CheckpointError: ``source`` cannot be read or has other weights, or ``target`` cannot be written.
    """
    check_target(target, force)
    weights = read_weights(source, ('state_dict', 'model'))
    try:
        network = convert_inpainting(weights)
    except CheckpointKeysError as error:
        raise CheckpointKeysError(f'{source} cannot be converted: {error}') from None
    write_checkpoint(dict(state_dict={f'generator.{key}': value for key, value in network.weights.items()}), target)
    return network


def main(argv: Sequence[str] | None = None) -> None:
    """Convert a file as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    parser = argparse.ArgumentParser(
        description='Turn a checkpoint of another PConv network into one of PConvInpaintor, which computes the same.')
    parser.add_argument('source', type=Path, help="checkpoint of SunnerLi/P-Conv (PartialUNet or UNet), or of "
                        'naoto0804/pytorch-inpainting-with-partial-conv')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--force', action='store_true', help='replace the target if it is there')
    args = parser.parse_args(argv)
    try:
        network = convert_file(args.source, args.target, args.force)
    except CheckpointError as error:
        sys.exit(f'error: {error}')
    print(f'{len(network.weights)} weights of {network.origin} written to {args.target}\n'
          f'config: {CONFIGS[network.origin]}')
    if options := _differences(network):
        print(f'with --cfg-options {" ".join(options)}')


def _differences(network: ConvertedNetwork) -> list[str]:
    """What to change in the config for a network that is not as deep and wide as the published one."""
    published = dict(num_layers=7 if 'naoto' in network.origin else 8, width=64)
    parts = {f'.{part}': network.encdec[part] for part in ('encoder', 'decoder') if part in network.encdec}
    return [f'model.encdec{part}.{key}={config[key]}' for part, config in (parts or {'': network.encdec}).items()
            for key in published if config[key] != published[key]]

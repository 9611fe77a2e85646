"""What the losses have in common about their inputs: checks, and the precision they compute in."""
import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> Tensor:
    """The tensor as float32, or as float64 if it is.

    A sum over an image overflows float16 and stalls in bfloat16, so no loss is reduced in either.
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def check_image(name: str, image: Tensor) -> None:
    """Refuse what is not a batch of float images ``(N, C, H, W)``."""
    if image.dim() != 4:
        raise ValueError(f'{name} has {image.dim()} dimensions, shape {tuple(image.shape)}, but must be '
                         f'(N, C, H, W); use {name}[None] for one image')
    if not image.is_floating_point():
        raise TypeError(f'{name} is {image.dtype} but must be floating point; scale it to [-1, 1] first')


def check_images(**images: Tensor) -> None:
    """Refuse images that differ in shape or device, or are not float ``(N, C, H, W)``."""
    (first, reference), *others = images.items()
    check_image(first, reference)
    for name, image in others:
        check_image(name, image)
        if image.shape != reference.shape:
            raise ValueError(f'{name} has shape {tuple(image.shape)} but {first} has '
                             f'{tuple(reference.shape)}; the images of a loss must agree in shape')
        _check_device(name, image, first, reference)


def check_region(name: str, region: Tensor, image: Tensor) -> None:
    """Refuse a mask or weight that is not ``(N, 1, H, W)`` or ``(N, C, H, W)`` as the image is."""
    n, c, h, w = image.shape
    if region.shape not in ((n, 1, h, w), (n, c, h, w)):
        raise ValueError(f'{name} has shape {tuple(region.shape)} but images of {tuple(image.shape)} need '
                         f'({n}, 1, {h}, {w}) or one number per element; resize it with '
                         "mode='nearest' or add the channel with [:, None]")
    _check_device(name, region, 'the image', image)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse an option that is none of the choices."""
    if value not in choices:
        raise ValueError(f'{name} is {value!r} but must be one of {", ".join(map(repr, choices))}')


def _check_device(name: str, tensor: Tensor, other_name: str, other: Tensor) -> None:
    if tensor.device != other.device:
        raise ValueError(f'{name} is on {tensor.device} but {other_name} is on {other.device}; '
                         f'use {name}.to({str(other.device)!r})')

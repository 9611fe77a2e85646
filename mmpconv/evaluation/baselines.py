"""Fillings without a network, to compare networks with."""
from collections.abc import Callable

import cv2
import numpy as np

# That of OpenCV's own example, in pixels.
RADIUS = 3


def mean_color(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mean colour of the valid pixels, rounded.

    Args:
        image: `(h, w, 3)` uint8, BGR; what it holds in the hole has no effect.
        mask: `(h, w, 1)` uint8, 1 = hole.

    Returns:
        `(h, w, 3)` uint8; the valid pixels are those of ``image``.

    Raises:
        ValueError: The arrays do not fit together, or nothing is valid.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'image must be (h, w, 3) uint8, but it is {image.shape} {image.dtype}')
    if mask.shape != (*image.shape[:2], 1):
        raise ValueError(f'mask must be of shape {(*image.shape[:2], 1)} like the image, but it is {mask.shape}')
    hole = mask[..., 0] != 0
    if hole.all():
        raise ValueError('the mask is all hole, so there is no colour to fill it with; 1 must be the hole, 0 valid')
    filled = image.copy()
    filled[hole] = image[~hole].mean(0).round()
    return filled


def telea(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fast marching (Telea 2004) within :data:`RADIUS` pixels, by OpenCV. As :func:`mean_color`."""
    return _by_opencv(image, mask, cv2.INPAINT_TELEA)


def navier_stokes(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fluid dynamics (Bertalmio et al. 2001) within :data:`RADIUS` pixels, by OpenCV. As :func:`mean_color`."""
    return _by_opencv(image, mask, cv2.INPAINT_NS)


def biharmonic(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The biharmonic equation (Damelin and Hoang 2018), by scikit-image. As :func:`mean_color`."""
    from skimage.restoration import inpaint_biharmonic

    start = mean_color(image, mask)
    filled = inpaint_biharmonic(start, mask[..., 0] != 0, channel_axis=2)
    return np.where(mask != 0, (255 * filled).round().astype(np.uint8), image)


def pyramid(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """:func:`mmpconv.ops.pyramid_fill`. As :func:`mean_color`."""
    return _by_torch(image, mask, 'pyramid_fill')


def oriented(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """:func:`mmpconv.ops.oriented_fill`. As :func:`mean_color`."""
    return _by_torch(image, mask, 'oriented_fill')


BASELINES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    'mean': mean_color, 'telea': telea, 'navier-stokes': navier_stokes, 'biharmonic': biharmonic,
    'pyramid': pyramid, 'oriented': oriented}
"""Fillings without a network, by name: functions of an image ``(h, w, 3)`` and a mask ``(h, w, 1)``, both uint8,
1 = hole, that return the completed image."""


def _by_opencv(image: np.ndarray, mask: np.ndarray, method: int) -> np.ndarray:
    # OpenCV reads hole pixels where the hole touches the border, so they must hold something that is no secret.
    start = mean_color(image, mask)
    filled = cv2.inpaint(start, (mask != 0).astype(np.uint8), RADIUS, method)
    return np.where(mask != 0, filled, image)


def fill_by(operation: str, colors: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill by a function of :mod:`mmpconv.ops`.

    Args:
        operation: ``'pyramid_fill'`` or ``'oriented_fill'``.
        colors: ``(h, w, 3)`` float32 in [-1, 1]; what it has in the hole has no effect.
        hole: ``(h, w)`` bool, True = hole.

    Returns:
        ``(h, w, 3)`` float32 in [-1, 1].
    """
    import torch  # not above: the other fillings do without

    from mmpconv import ops

    with torch.inference_mode():
        image = torch.from_numpy(colors).permute(2, 0, 1)[None]
        return getattr(ops, operation)(image, torch.from_numpy(~hole)[None, None])[0].permute(1, 2, 0).numpy()


def _by_torch(image: np.ndarray, mask: np.ndarray, operation: str) -> np.ndarray:
    colors = mean_color(image, mask).astype(np.float32) / np.float32(127.5) - 1
    filled = ((fill_by(operation, colors, mask[..., 0] != 0) + 1) * np.float32(127.5)).round().clip(0, 255)
    return np.where(mask != 0, filled.astype(np.uint8), image)

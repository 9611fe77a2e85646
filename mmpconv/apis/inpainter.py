"""The inpainter: photos and masks in, photos with their holes filled out."""
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mmpconv.errors import LaunchError
from mmpconv.photos import MAX_PIXELS, Photo, PhotoError, PhotoWarning, hole_mask

from .filling import Filled, Filling
from .models import load_network
from .networks import FillingNetwork

if TYPE_CHECKING:
    from torch import Tensor


class Inpainter:
    """Fills holes in photos of any size, with a trained network.

    Valid pixels of a result are bit-identical to the photo's; its mode, depth, EXIF orientation and ICC profile are
    kept. Only what lies around each hole is looked at: at full resolution where the hole is small, from coarse to fine
    where it is larger than what the network was trained for, in overlapping windows that bound memory. May be called
    by several threads at a time.

    Convention:
        Masks are image-level: 1, True or white is the hole, as the photo is seen, upright. Arrays are RGB.

    Args:
        model: Path of a config, ``package::path``, the name of a shipped config (:func:`inpainting_models` lists them),
            or an ``.onnx`` file that ``mmpconv export`` has written, which ONNX Runtime runs. Or any
            :class:`FillingNetwork`, of your own. Default: the network that the checkpoint says it is of; without a
            checkpoint, the one that ``mmpconv inpaint`` takes.
        checkpoint: File or URL, ``.pth`` or safetensors. All its weights have to be those of the model, by name and
            shape. Default: the published weights of a shipped config, which are downloaded once.
        device: ``auto`` (a GPU where there is one), or as torch names it.
        dtype: ``float32``, ``float16``, ``bfloat16``, or ``auto``: float32 on the CPU, float16 on a GPU.
        compile: Whether to run the network through ``torch.compile``, which takes a minute at the first photo. On a CPU
            it gains little (docs/speed.md); on a GPU it has not been measured.
        coarse_to_fine: Whether large holes are filled at a lower resolution first. False: at full resolution only,
            which warns of holes too large for the network.
        tile_size: Side of the windows that the network sees at a time, in pixels: what bounds memory. Default: twice
            the size of the photos that the network was trained on.
        batch_size: Windows at a time; more are faster on a GPU.
        max_pixels: Photos and masks of more pixels are refused. Default: Pillow's limit, 89 megapixels.

    Raises:
        LaunchError: There is no such config, checkpoint or device, or an argument is out of range.
        CheckpointError: The checkpoint cannot be loaded, or is not safe to load.

    Example:
        >>> from mmpconv.apis import Inpainter
        >>> inpainter = Inpainter('pconv_stage2_4xb2_places-256x256')  # doctest: +SKIP
        >>> inpainter('photo.jpg', 'mask.png', 'filled.png')  # doctest: +SKIP
        >>> mine = Inpainter(checkpoint='work_dirs/mine/iter_400.pth')  # doctest: +SKIP
    """

    def __init__(self, model: str | Path | FillingNetwork | None = None, checkpoint: str | Path | None = None,
                 device: str = 'auto', dtype: str = 'auto', compile: bool = False, *, coarse_to_fine: bool = True,
                 tile_size: int | None = None, batch_size: int = 1, max_pixels: int = MAX_PIXELS):
        for name, value in (('batch_size', batch_size), ('max_pixels', max_pixels)):
            if value < 1:
                raise LaunchError(f'{name} is {value} but must be at least 1')
        if isinstance(model, FillingNetwork):
            self.network = model
        else:
            names = (None if name is None else str(name) for name in (model, checkpoint))
            self.network = load_network(*names, device, dtype, compile)
        if tile_size is not None and tile_size < self.network.size:
            raise LaunchError(f'windows of {tile_size} pixels are smaller than the photos that the network was trained '
                              'on', {'tile_size': self.network.size})
        self.max_pixels = max_pixels
        self._filling = Filling(self.network, coarse_to_fine, tile_size, batch_size)

    def __repr__(self) -> str:
        filling = self._filling
        return (f'{type(self).__name__}({self.network!r}, coarse_to_fine={filling.coarse_to_fine}, '
                f'tile_size={filling.tile_size}, batch_size={filling.batch_size}, max_pixels={self.max_pixels})')

    def __call__(self, images: Any, mask: Any, out: str | Path | Sequence | None = None, *, invert: bool = False,
                 grow: int = 0, tolerance: int = 0, resize_mask: bool = False, channel_order: str = 'rgb',
                 progress: Callable[[int, int], None] | None = None) -> Any:
        """Fill the holes of one photo, or of several of any sizes.

        Args:
            images: A path, a Pillow image, an array ``(h, w)`` or ``(h, w, 1 to 4)`` of uint8, uint16, or floats in
                [0, 1], a :class:`~mmpconv.photos.Photo`; or a list of such. Or a tensor ``(N, 3, H, W)``, RGB, on any
                device: uint8, or floats in [0, 1].
            mask: A path, a Pillow image, or an array ``(h, w)``: white, True or 1 is the hole. Or ``'black'``,
                ``'magenta'`` or another name of CSS, ``(r, g, b)``: the pixels of the photo that have this colour; or
                ``'alpha'``: its transparent pixels. One for all photos, or a list with one for each. For a tensor a
                tensor ``(N, 1, H, W)`` or ``(1, 1, H, W)``.
            out: Where to write the result, in the format of its suffix; for several photos a list of such, or a
                folder, in which results are called as the photos, with the suffix of a format that loses nothing.
            invert: The mask's holes are black.
            grow: Enlarge holes by so many pixels, so that the rim of what is removed goes too.
            tolerance: How far the photo's pixels may be from a colour that is given as mask, in each channel, of 255.
            resize_mask: Scale a mask of another size to the photo's.
            channel_order: Of arrays: ``'rgb'`` or ``'bgr'``.
            progress: Called with the number of windows that are done, and of all windows of a photo.

        Returns:
            For an array an array, of its shape and type; for a photo a photo; for a path or a Pillow image a Pillow
            image, or an array if it has 16 bits a colour, which Pillow cannot hold. With ``out``: its path. For a
            list: a list of these; for a tensor a tensor, as it was.

        Raises:
            PhotoError: What is wrong with which photo or mask, and what to do. Photos before it in a list are written
                by then.
        """
        if _is_tensor(images):
            if out is not None:
                raise PhotoError('tensors are filled to tensors, without out; write the result yourself')
            arrays, holes = _arrays_of(images, mask)
            filled = self(arrays, holes, invert=invert, grow=grow, channel_order=channel_order, progress=progress)
            return images.new_tensor(np.stack(filled)).permute(0, 3, 1, 2).contiguous()
        several = isinstance(images, (list, tuple))
        images = list(images) if several else [images]
        masks = _one_each(mask, len(images))
        outs = _result_paths(out, several, len(images))
        results = []
        for image, its_mask, path in zip(images, masks, outs):
            photo = self.read(image, channel_order)
            hole = hole_mask(its_mask, photo, invert=invert, grow=grow, tolerance=tolerance, resize_mask=resize_mask,
                             max_pixels=self.max_pixels)
            result = self.fill(photo, hole, opaque=isinstance(its_mask, str) and its_mask == 'alpha', progress=progress)
            if path is not None:
                path = path / f'{Path(photo.name).stem}{photo.lossless_suffix}' if path.is_dir() else path
                result.save(path)
                results.append(path)
            else:
                results.append(_as_given(result, image))
        return results if several else results[0]

    def read(self, image: Any, channel_order: str = 'rgb') -> Photo:
        """A photo of whatever :meth:`__call__` takes.

        Raises:
            PhotoError: It cannot be read, or is too large.
        """
        if isinstance(image, Photo):
            return image
        if isinstance(image, np.ndarray):
            return Photo.from_array(image, channel_order)
        if isinstance(image, Image.Image):
            return Photo.from_pil(image)
        return Photo.read(image, self.max_pixels)

    def fill(self, photo: Photo, hole: np.ndarray, opaque: bool = False,
             progress: Callable[[int, int], None] | None = None) -> Photo:
        """Fill the holes of a photo.

        Args:
            photo: The photo.
            hole: ``(h, w)`` bool, True = hole, of the upright photo.
            opaque: Whether filled pixels become opaque.
            progress: See :meth:`__call__`.

        Returns:
            Photo: A new one.
        """
        if hole.shape != photo.shape or hole.dtype != bool:
            raise PhotoError(f'the hole is {hole.shape} of {hole.dtype}, but {photo.name} is {photo.shape}: give an '
                             'array of that shape, of bool')
        filled = self._filling.fill(photo.color(), hole, photo.hidden(), progress)
        self._warn(photo.name, filled)
        return photo.filled(filled.color, hole, opaque)

    def _warn(self, name: str, filled: Filled) -> None:
        size, fills = self.network.size, self._filling.depth
        message = f'{name}: a hole is {filled.deepest:.0f} pixels deep'
        trained = f'the network was trained on photos of {size} pixels and fills {fills:.0f} well'
        remedy = None if self._filling.coarse_to_fine else {'coarse_to_fine': True}
        if filled.unreached:
            message += ', and the network does not reach its middle, which has the mean colour around'
            if not remedy:
                message += '; leave more of the photo valid, or use a network with more layers'
        elif filled.coarsest:
            message += (f'; {trained}, so its middle has 1/{2**filled.coarsest} of the resolution: a smaller hole, or '
                        'a network of larger photos, gives more detail')
        elif filled.deepest > fills:
            message += f', and {trained}'
        else:
            return
        warnings.warn(PhotoWarning(message, remedy, 'a hole is deep for the network'), stacklevel=4)


def _is_tensor(value: Any) -> bool:
    """Without importing torch, which an exported network does not need."""
    torch = sys.modules.get('torch')
    return torch is not None and isinstance(value, torch.Tensor)


def _arrays_of(images: 'Tensor', mask: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Tensors as arrays, those of half precision as float32."""
    if images.ndim != 4 or images.shape[1] != 3:
        raise PhotoError(f'the photos are a tensor of shape {tuple(images.shape)}, but (N, 3, H, W) is wanted')
    shapes = [(count, 1, *images.shape[2:]) for count in (len(images), 1)]
    if not _is_tensor(mask) or mask.shape not in shapes:
        given = f'a tensor of shape {tuple(mask.shape)}' if _is_tensor(mask) else f'a {type(mask).__name__}'
        raise PhotoError(f'the mask is {given}, but for photos of shape {tuple(images.shape)} it must be a tensor of '
                         f'shape {" or ".join(map(str, dict.fromkeys(shapes)))}')
    colors = images.detach().cpu().permute(0, 2, 3, 1)
    colors = colors.float() if colors.is_floating_point() else colors
    holes = mask.detach().cpu()[:, 0].expand(len(images), -1, -1)
    holes = holes.float() if holes.is_floating_point() else holes
    return [*colors.contiguous().numpy()], [*holes.contiguous().numpy()]


def _one_each(mask: Any, count: int) -> list:
    if not isinstance(mask, list):
        return [mask] * count
    if len(mask) != count:
        raise PhotoError(f'{len(mask)} masks were given for {count} photos: give one for each, or one for all')
    return mask


def _result_paths(out: Any, several: bool, count: int) -> list[Path | None]:
    if out is None:
        return [None] * count
    if isinstance(out, (str, Path)):
        if several:
            Path(out).mkdir(parents=True, exist_ok=True)
        return [Path(out)] * count
    if len(out) != count:
        raise PhotoError(f'{len(out)} paths were given for {count} results: give one for each photo, or a folder')
    return [Path(path) for path in out]


def _as_given(photo: Photo, image: Any) -> Any:
    if isinstance(image, Photo):
        return photo
    if isinstance(image, np.ndarray):
        return photo.to_array()
    try:
        return photo.to_pil()
    except PhotoError:  # Pillow has no colour of 16 bits
        return photo.to_array()

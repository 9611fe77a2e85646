"""The photo with its hole."""
from mmagic.datasets.transforms import GetMaskedImage as _GetMaskedImage

from mmpconv.registry import TRANSFORMS


@TRANSFORMS.register_module()
class GetMaskedImage(_GetMaskedImage):
    """MMagic's transform, except that it names the sizes when photo and mask differ."""

    def transform(self, results: dict) -> dict:
        """Add the masked image.

        Args:
            results: With ``gt`` `(h, w, c)` and ``mask`` `(h, w, 1)`, 1 = hole.

        Returns:
            The same with ``img``, float32, ``zero_value`` in the hole.

        Raises:
            ValueError: Photo and mask have different sizes.
        """
        image, mask = results[self.img_key], results[self.mask_key]
        if image.shape[:2] != mask.shape[:2]:
            raise ValueError(
                f'the photo {results.get(f"{self.img_key}_path", "")} is {image.shape[0]} x {image.shape[1]} '
                f'(height x width) here, but its mask {results.get("mask_path", "")} is {mask.shape[0]} x '
                f'{mask.shape[1]}; set img_shape in the mask_config of LoadMask to the size that the photos '
                'have at GetMaskedImage')
        return super().transform(results)

"""How scores are called and shown."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A score.

    Attributes:
        name: In files.
        label: In tables, with its unit.
        form: Of a value in a table, as of :func:`format`.
        is_better: ``min`` or ``max`` of several.
        what: What it is, as part of a sentence.
        has_bins: Whether it is of a picture, so that it has a mean for each bin.
    """
    name: str
    label: str
    form: str
    is_better: type(min)
    what: str
    has_bins: bool = True

    def text(self, value: float) -> str:
        """A value in a table."""
        return format(value, self.form)

    @property
    def direction(self) -> str:
        """Which way is better."""
        return 'less is better' if self.is_better is min else 'more is better'


METRICS = {metric.name: metric for metric in (
    Metric('l1', 'L1 (%)', '.2f', min, 'mean absolute difference over the whole picture, in percent of the range'),
    Metric('l1_hole', 'L1 in the hole (%)', '.2f', min, 'the same over the hole alone'),
    Metric('psnr', 'PSNR (dB)', '.2f', max, 'peak signal-to-noise ratio over the whole picture'),
    Metric('ssim', 'SSIM', '.3f', max, 'structural similarity over the whole picture, Gaussian window of 11 pixels'),
    Metric('lpips', 'LPIPS', '.3f', min, 'learned perceptual distance over the whole picture'),
    Metric('fid', 'FID', '.2f', min, 'Frechet distance between the features of all results and of all photos',
           has_bins=False),
    Metric('seconds', 'seconds', '.2g', min, 'median of the seconds an image, without reading and scoring it',
           has_bins=False),
)}

"""What the trained network makes of photos that it was not trained on."""
import copy
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner

from mmpconv.engine.checkpoint_hooks import SaveMetricsHook
from mmpconv.whole_files import whole_file


def mean_color_metrics(config: Config, path: Path) -> None:
    """Write what filling the holes with the mean colour scores, on the test set of a config.

    Args:
        config: Config of an inpaintor; its network is replaced.
        path: The JSON file to write; its folder gets the logs too.
    """
    runner = _test_runner(config, path.parent, encdec=dict(type='MeanColor', _delete_=True))
    runner.register_hook(SaveMetricsHook(str(path)))  # MMagic's loops do not return the metrics
    runner.test()


def draw_examples(config: Config, checkpoint: Path, path: Path, count: int = 4) -> None:
    """Draw a row a test image: photo with hole, mask, result, truth.

    Args:
        config: Config of an inpaintor.
        checkpoint: Its trained weights.
        path: The picture to write; its folder exists.
        count: Number of rows, evenly spread over the test set.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    runner = _test_runner(config, path.parent / 'drawing')
    runner.load_checkpoint(str(checkpoint), map_location='cpu')
    runner.model.eval()
    dataset = runner.build_dataloader(config.test_dataloader).dataset
    indices = np.linspace(0, len(dataset) - 1, min(count, len(dataset))).round().astype(int)

    titles = ('photo', 'hole', 'result', 'truth')
    figure, axes = plt.subplots(len(indices), len(titles), squeeze=False, layout='constrained',
                                figsize=(2.2 * len(titles), 2.3 * len(indices)))
    for title, axis in zip(titles, axes[0]):
        axis.set_title(title)
    for row, index in zip(axes, indices):
        sample, = runner.model.test_step(pseudo_collate([dataset[index]]))
        images = (sample.input, sample.mask * 255, sample.output.pred_img, sample.gt_img)
        for axis, image in zip(row, images):
            axis.imshow(_to_rgb(image), interpolation='nearest')
            axis.set_axis_off()
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=110)
    plt.close(figure)


def comparison(metrics: dict[str, float], baseline: dict[str, float]) -> str:
    """The metrics of two methods as a table: a line a metric, the first method first."""
    lines = [f'{"":<8}{"PConv":>10}{"mean colour":>14}']
    lines += [f'{name:<8}{metrics[name]:>10.3f}{baseline[name]:>14.3f}' for name in sorted(metrics)]
    return '\n'.join(lines)


def _test_runner(config: Config, work_dir: Path, **model) -> Runner:
    """A quiet runner that evaluates; ``model`` overrides parts of the model."""
    config = Config(copy.deepcopy(config.to_dict()))
    config.merge_from_dict(dict(model=model, work_dir=str(work_dir), log_level='WARNING', custom_hooks=[]))
    return Runner.from_cfg(config)


def _to_rgb(image: torch.Tensor) -> np.ndarray:
    """``(1 or 3, H, W)`` in BGR and [0, 255] as ``(H, W, 3)`` in RGB and bytes."""
    image = image.expand(3, -1, -1).flip(0).clamp(0, 255).round()
    return image.permute(1, 2, 0).to(torch.uint8).cpu().numpy()

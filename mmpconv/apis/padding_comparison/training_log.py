"""What MMEngine left in the work dir of a run: scores and checkpoints."""
import json
import re
from collections.abc import Iterator
from pathlib import Path

_NO_METRICS = {'step', 'time', 'data_time', 'memory'}


def read_scores(work_dir: Path, metric: str) -> dict[int, float]:
    """The values of a metric, by the epoch (or iteration, where the log counts these) of their validation.

    A run that was resumed has several logs, named after the time; the later one counts.
    """
    return {line['step']: line[metric] for line in _validations(work_dir) if metric in line}


def logged_metrics(work_dir: Path) -> set[str]:
    """Names of all that the validations of a run logged."""
    return {name for line in _validations(work_dir) for name in line} - _NO_METRICS


def checkpoint_to_resume(work_dir: Path, scores: dict[int, float]) -> Path | None:
    """The latest checkpoint from which a run can go on without a gap in its scores.

    MMEngine saves a checkpoint, then validates: an interruption between the two leaves a checkpoint, perhaps half of
    one, after which the score of its epoch would never be logged. So a checkpoint counts once its score is there.

    Args:
        work_dir: Of the run.
        scores: Those logged so far, by epoch or iteration.

    Returns:
        Path: None if there is no such checkpoint.
    """
    names = ((re.fullmatch(r'(?:epoch|iter)_(\d+)', path.stem), path) for path in work_dir.glob('*.pth'))
    steps = {int(match.group(1)): path for match, path in names if match}
    usable = [step for step in steps if step <= max(scores, default=0)]
    return steps[max(usable)] if usable else None


def _validations(work_dir: Path) -> Iterator[dict]:
    for log in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for text in log.read_text(encoding='utf-8').splitlines(keepends=True):
            if not text.endswith('\n'):  # being written just now, or cut off
                continue
            line = json.loads(text)
            if 'iter' not in line:  # those of training have it
                yield line

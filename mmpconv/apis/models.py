"""Models by name: those of the package, and those published."""
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_METAFILES = ('oriented_unet/metafile.yml', 'partial_conv/metafile.yml', 'unet/metafile.yml')


@dataclass(frozen=True)
class ShippedModel:
    """A config, and weights of it.

    Attributes:
        name: File name of the config without suffix.
        config: The file.
        weights: URL of published weights, ``mmpconv://FILE`` for those in this package; None: there are none.
        data: What it is trained on.
    """

    name: str
    config: Path
    weights: str | None
    data: str


@lru_cache
def inpainting_models() -> tuple[ShippedModel, ...]:
    """All of them, those with published weights first."""
    import yaml

    from mmpconv.engine.resume import shipped_file

    models = []
    for metafile in _METAFILES:
        path = shipped_file('mmpconv', metafile)
        for model in yaml.safe_load(path.read_text(encoding='utf-8'))['Models']:
            models.append(ShippedModel(model['Name'], path.with_name(Path(model['Config']).name), model.get('Weights'),
                                       model['Results'][0]['Dataset']))
    return tuple(sorted(models, key=lambda model: model.weights is None))


def shipped_model(name: str) -> ShippedModel | None:
    """The model of a name; None if it is not one."""
    return next((model for model in inpainting_models() if model.name == name), None)

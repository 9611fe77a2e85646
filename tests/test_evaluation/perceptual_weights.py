"""Random weights in the files that pretrained networks come in."""
import torch
from torch import nn
from torchvision import models


def save_backbone(path, net):
    """Torchvision's weights of LPIPS's ``alex`` or ``squeeze``; returns the path."""
    torch.manual_seed(1)
    network = {'alex': models.alexnet, 'squeeze': models.squeezenet1_1}[net](weights=None)
    torch.save({key: value for key, value in network.state_dict().items() if key.startswith('features')}, path)
    return str(path)


def save_inception(path, inception):
    """Weights of ``torch-fidelity``'s network whose features are about as large as the real ones; returns the path.

    Args:
        inception: The module ``torch_fidelity.feature_extractor_inceptionv3``.
    """
    class Untrained(inception.FeatureExtractorInceptionV3):

        def load_state_dict(self, state_dict):
            pass

    torch.manual_seed(1)
    nothing = path.with_suffix('.empty')
    torch.save({}, nothing)
    network = Untrained('inception', ['2048'], str(nothing))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
    torch.save(network.state_dict(), path)
    return str(path)

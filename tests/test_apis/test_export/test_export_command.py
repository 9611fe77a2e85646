"""The command ``mmpconv export``."""
import pytest

from mmpconv.cli import main


def test_command_writes_the_file_and_shows_how_far_it_differs(program):
    path, printed = program
    assert path.is_file() and '1 x 256 x 256' in printed and 'scattered' in printed
    assert f'Written: {path} (torch.export, 0.' in printed


@pytest.mark.parametrize('arguments, message', [
    (['{config}', '{checkpoint}', '-o', 'model.pth'], r'--out is .*model.pth but must end in .onnx or .pt2'),
    (['none.py', '{checkpoint}', '-o', 'model.onnx'], 'there is no config file none.py'),
    (['{config}', 'none.pth', '-o', 'model.onnx'], 'none.pth, and there is no such file'),
    (['{config}', '{checkpoint}', '-o', 'file/model.pt2'], 'file exists; .* name another place'),
    (['{config}', '{checkpoint}', '-o', 'folder.pt2'], 'folder.pt2 is a folder'),
    (['{config}', '-o', 'model.onnx'], 'was given without a checkpoint'),
    (['{config}', '{config}', '-o', 'model.onnx'], 'imagenet.py was refused|imagenet.py cannot be read'),
    (['mmagic::srcnn/srcnn_x4k915_1xb16-1000k_div2k.py', '{checkpoint}', '-o', 'model.pt2'],
     'holes of photos are filled'),
])
def test_what_cannot_be_exported_gets_one_sentence(arguments, message, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'folder.pt2').mkdir()
    (tmp_path / 'file').touch()
    config, checkpoint = trained('imagenet')
    with pytest.raises(SystemExit, match=message) as end:
        main(['export', *[argument.format(config=config, checkpoint=checkpoint) for argument in arguments]])
    assert '\n' not in str(end.value) and {path.name for path in tmp_path.iterdir()} == {'folder.pt2', 'file'}

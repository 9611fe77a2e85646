from mmengine.config import Config

import mmpconv  # noqa: F401


def test_configs_of_this_package_are_bases_from_any_folder(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = ['mmpconv::partial_conv/pconv_stage1_8xb12_places-256x256.py']\nmine = 1\n")
    read = Config.fromfile(config)
    assert read.mine == 1 and read.model.type == 'PConvInpaintor' and 'mmpconv::' not in read.pretty_text


def test_the_text_of_a_config_is_laid_out_once_and_follows_its_content(monkeypatch):
    config = Config(dict(a=1, b=dict(c=[1, 2], type='Name')))
    text = config.pretty_text
    assert Config.fromstring(text, '.py')._cfg_dict == config._cfg_dict
    with monkeypatch.context() as patched:
        patched.setattr('mmengine.config.config.FormatCode', None, raising=False)
        assert config.pretty_text == text
    config.b.c.append(3)
    assert '[\n        1,\n        2,\n        3,' in config.pretty_text and config.pretty_text != text
    assert Config(dict(a=1)).pretty_text == 'a = 1\n'

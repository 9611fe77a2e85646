from mmengine.config import Config

import mmpconv  # noqa: F401


def test_configs_of_this_package_are_bases_from_any_folder(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = ['mmpconv::partial_conv/pconv_stage1_8xb12_places-256x256.py']\nmine = 1\n")
    read = Config.fromfile(config)
    assert read.mine == 1 and read.model.type == 'PConvInpaintor' and 'mmpconv::' not in read.pretty_text

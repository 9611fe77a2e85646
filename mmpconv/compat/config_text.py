"""The text of a config, laid out once.

The defect: at each start MMEngine 0.10 has yapf lay out the same config four times, for the log, two files and the
message hub: 7 of the 9 seconds of CPU before a training or a test of a few photos begins.

What is done: the text of the last config is kept, and given again for one that has the same content.

Delete when: MMEngine lays it out once, or without yapf.
"""
from .when_imported import when_imported


def install() -> None:
    """Have the last text kept. Idempotent; imports nothing."""
    when_imported('mmengine.config.config', _keep_the_last)


def _keep_the_last() -> None:
    from mmengine.config.config import Config

    lay_out = Config.pretty_text.fget
    kept = ('', '')

    def pretty_text(config: Config) -> str:
        nonlocal kept
        content = repr(config._cfg_dict) + str(config._format_python_code)
        known, text = kept
        if content != known:
            text = lay_out(config)
            kept = (content, text)
        return text

    Config.pretty_text = property(pretty_text, doc=Config.pretty_text.__doc__)

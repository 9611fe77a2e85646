# Every loss term in WORK_DIR/losses.csv, for tools/plot_loss.py and other programs.
_base_ = './default_runtime.py'

custom_hooks = [*_base_.custom_hooks, dict(type='LossCsvHook', interval=100)]

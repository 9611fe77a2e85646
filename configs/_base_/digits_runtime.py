# Runtime of the runs of a comparison: MMPretrain's, with little on disk.
_base_ = 'mmpretrain::_base_/default_runtime.py'

# Two, because a comparison goes on from the last one whose score is known: that of the epoch before, at times.
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))

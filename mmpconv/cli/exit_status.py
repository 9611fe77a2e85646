"""What the exit status of ``mmpconv`` says."""
DONE = 0
USER_HAS_TO_ACT = 1
USAGE = 2
PARTLY_FAILED = 3
INTERRUPTED = 130

EXPLANATION = """\
exit status:
  0    done
  1    you have to act: one sentence says on what
  2    the command line is not understood
  3    some photos of a batch failed, the others are done
  130  interrupted (Ctrl-C)
"""

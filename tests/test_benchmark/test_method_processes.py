import subprocess
import sys

PROGRAM = '''
import cv2
import numpy as np
from mmpconv.benchmark.filling import worker_processes

cv2.setNumThreads(2)
for _ in range(3):
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (31, 31), 5)
with worker_processes(2, None) as processes:
    print([processes.submit(cv2.getNumThreads).result() for _ in range(3)], cv2.getNumThreads())
'''


def test_processes_start_where_opencv_has_used_its_threads_and_use_one_themselves():
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().splitlines()[-1] == '[1, 1, 1] 2'

"""Freeze a benchmark to files: ``python tools/make_benchmark.py IMAGES OUT``; ``--help`` lists the options."""
from mmpconv.benchmark.making import main

if __name__ == '__main__':
    main()

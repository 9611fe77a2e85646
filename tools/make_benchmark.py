"""Freeze a benchmark to files: ``python tools/make_benchmark.py IMAGES OUT``; ``--help`` lists the options."""
from mmpconv.apis.benchmark_making import main

if __name__ == '__main__':
    main()

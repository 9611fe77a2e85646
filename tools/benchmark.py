"""Compare methods of inpainting: ``python tools/benchmark.py BENCHMARK METHOD...``; ``--help`` lists the options."""
from mmpconv.benchmark import main

if __name__ == '__main__':
    main()

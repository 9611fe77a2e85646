"""Making and checking of frozen benchmarks."""

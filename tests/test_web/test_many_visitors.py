from many_visitors import visit


def test_memory_and_disk_stay_what_they_are(tmp_path):
    memory, disk = visit(tmp_path, clients=3, fills=12, shape=(600, 800), model='telea')
    # Photos that are kept of each filling would be 4.3 MB a round, 34 in all; what the allocator keeps was up to 13.
    assert memory[-1] - memory[3] < 22, memory
    assert disk < 12 * 2**20

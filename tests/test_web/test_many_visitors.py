from many_visitors import visit


def test_memory_and_disk_stay_what_they_are(tmp_path):
    memory, disk = visit(tmp_path, clients=3, fills=12, shape=(300, 400), model='telea')
    # What is kept for the next fillings, decoded, is some of it; a photo more a filling would be 4 MB a round.
    assert memory[-1] - memory[3] < 12, memory
    assert disk < 12 * 2**20

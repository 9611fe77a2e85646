"""A few of the damaged pictures; the program sends 500."""
from mutated_images import ENTRANCES, campaign


def test_damaged_pictures_are_used_or_refused_in_one_sentence():
    ends = campaign(count=20, seed=1)
    assert ends.keys() == ENTRANCES.keys() and all(sum(end.values()) == 20 for end in ends.values())
    assert all(end['refused'] for end in ends.values())

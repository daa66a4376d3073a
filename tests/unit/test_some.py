from workshop.grading.some import Some


def test_three_or_more_come_neither_as_they_are_nor_backwards():
    drawn = {tuple(Some(seed, "check").shuffled("abc")) for seed in range(100)}
    assert drawn == {tuple("acb"), tuple("bac"), tuple("bca"), tuple("cab")}


def test_fewer_come_in_any_order():
    assert {tuple(Some(seed, "check").shuffled("ab")) for seed in range(100)} == {tuple("ab"), tuple("ba")}
    assert Some(1, "check").shuffled([]) == [] and Some(1, "check").shuffled([7]) == [7]
    assert sorted(Some(1, "check").shuffled({"a": 1, "b": 2, "c": 3})) == ["a", "b", "c"]

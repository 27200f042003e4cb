from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuner.seeds import SweepSeeds, new_seed, trial_seed


@given(st.integers(0, 2**63))
def test_parts_get_seeds_of_their_own(seed: int) -> None:
    seeds = SweepSeeds.spawn(seed)
    assert seeds == SweepSeeds.spawn(seed)
    assert seeds.searcher != seeds.scheduler
    assert 0 <= seeds.searcher < 2**31
    assert 0 <= seeds.scheduler < 2**31


def test_trials_differ_by_sweep_and_by_id_and_are_the_same_on_every_machine() -> None:
    assert trial_seed(0, "t000000") == 635786046
    seeds = {trial_seed(sweep, f"t{i:06d}") for sweep in range(20) for i in range(50)}
    assert len(seeds) == 1000


def test_a_new_seed_is_not_always_the_same() -> None:
    assert len({new_seed() for _ in range(5)}) > 1

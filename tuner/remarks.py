"""What is worth knowing of a sweep before it starts, though it can start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.objectives import Objective
from tuner.plurals import counted
from tuner.resources import Bundle
from tuner.searchers import learns, takes_objectives

__all__ = ["loss_remarks", "objective_remarks", "share_remarks"]

_JUDGE_NONE = ("fifo", "pbt_replay")
_TINY_SHARE = 1 / 32


def objective_remarks(
    objectives: Sequence[Objective], scheduler: str, searcher: Choice | Searcher
) -> list[str]:
    """Return what of a sweep goes by the first of several objectives alone.

    Args:
        objectives: What is tuned, the primary first.
        scheduler: Its name, or its class.
        searcher: The searcher, a checked choice or an object.
    """
    if len(objectives) == 1:
        return []
    primary, others = objectives[0].metric, ", ".join(each.metric for each in objectives[1:])
    remarks = []
    if scheduler not in _JUDGE_NONE:
        remarks.append(f"{scheduler} judges trials by {primary} alone, not by {others}")
    if isinstance(searcher, Choice) and learns(searcher) and not takes_objectives(searcher):
        remarks.append(
            f"{searcher} learns {primary} alone, not {others}; optuna:sampler=nsga2 and its other "
            "samplers but cmaes learn all objectives"
        )
    return remarks


def share_remarks(bundles: Iterable[Bundle]) -> list[str]:
    """Return what follows from a share of a GPU that is so small that it may be a slip.

    Args:
        bundles: What a trial takes, in Ray's spelling.
    """
    shares = [bundle["GPU"] for bundle in bundles if 0 < bundle.get("GPU", 0) <= _TINY_SHARE]
    if not shares:
        return []
    together = int((1 + 1e-9) / min(shares))
    return [
        f"gpu={min(shares):g} lets {together:,} trials share one GPU, each of which takes about "
        "half a GiB of it for CUDA alone; gpu='auto' (--gpus-per-trial auto) measures which fits"
    ]


def loss_remarks(machines: int, *, can_save: bool, saves: bool, max_t: int) -> list[str]:
    """Return what a lost node would cost where trials could save and do not.

    Args:
        machines: How many the cluster has, or may have.
        can_save: Whether trials can.
        saves: Whether they do: for their scheduler, or every so often.
        max_t: How long they train at most, in reports or thereabouts.
    """
    if machines < 2 or not can_save or saves or max_t < 2:
        return []
    often = max(1, max_t // 10)
    return [
        "trials do not save while they train, so a lost node costs all that they have done there; "
        f"checkpoint_frequency={often} (--checkpoint-frequency {often}) bounds that to "
        f"{counted(often, 'report')} each"
    ]

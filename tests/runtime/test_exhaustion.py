from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.runtime.exhaustion import (
    Enlarged,
    Exhausted,
    Infeasible,
    after_exhaustion,
    enlarged_again,
    exhausted,
)

GB = 2.0**30
NODES = [{"CPU": 8.0, "GPU": 4.0, "memory": 64 * GB}, {"CPU": 8.0, "memory": 16 * GB}]

DEVICE = [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total",
    "torch.cuda.OutOfMemoryError: Allocation on device",
    "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
    "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying",
    "RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
]
HOST = [
    "Traceback (most recent call last):\n  ...\nMemoryError",
    "  File x\nnumpy._core._exceptions._ArrayMemoryError: Unable to allocate 8.00 TiB",
    "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried",
    "OSError: [Errno 12] Cannot allocate memory",
    "Task was killed due to the node running low on memory.",
    "ray.exceptions.OutOfMemoryError: Workers were killed due to memory pressure (OOM)",
]
DIED = (
    "The actor died unexpectedly before finishing this task. Worker exit detail: Worker "
    "unexpectedly exits with a connection error code 2. End of file. Some common causes include: "
    "(1) the process was killed by the OOM killer due to high memory usage, (2) ray stop --force"
)


@pytest.mark.parametrize("error", DEVICE)
def test_a_device_that_is_full_is_recognised(error: str) -> None:
    assert exhausted(f"Traceback\n  ...\n{error}") is Exhausted.device


@pytest.mark.parametrize("error", HOST)
def test_a_host_that_is_full_is_recognised(error: str) -> None:
    assert exhausted(error) is Exhausted.host


@pytest.mark.parametrize(
    "error",
    [
        "ValueError: the memory of this model is short",
        "RuntimeError: CUDA error: device-side assert triggered",
        "KeyError: 'MemoryError'",
        DIED,  # which Ray says of whatever dies
    ],
)
def test_other_failures_are_none(error: str) -> None:
    assert exhausted(error) is None
    assert exhausted(error, asked=4 * GB, peak=1 * GB) is None


def test_a_process_that_died_near_what_it_asked_for_was_killed_for_it() -> None:
    assert exhausted(DIED, asked=4 * GB, peak=3.7 * GB) is Exhausted.host
    assert exhausted("ValueError: no", asked=4 * GB, peak=3.7 * GB) is None


def test_a_share_is_doubled_up_to_a_whole_gpu() -> None:
    shares = [0.3]
    while True:
        sequel = after_exhaustion(Exhausted.device, [{"CPU": 2.0, "GPU": shares[-1]}], NODES)
        if not isinstance(sequel, Enlarged):
            break
        (bundle,) = sequel.bundles
        assert bundle["CPU"] == 2.0
        shares.append(bundle["GPU"])
    assert shares == [0.3, 0.6, 1.0]
    assert isinstance(sequel, Infeasible)
    assert sequel.why == (
        "out of device memory with gpu=1, a whole GPU: the configuration fits nowhere"
    )


def test_host_memory_is_doubled_up_to_the_largest_node() -> None:
    sequel = after_exhaustion(Exhausted.host, [{"memory": 20 * GB, "GPU": 0.5}], NODES)
    assert isinstance(sequel, Enlarged)
    assert sequel.bundles == ({"memory": 40 * GB, "GPU": 0.5},)
    sequel = after_exhaustion(Exhausted.host, [{"memory": 40 * GB}], NODES)
    assert isinstance(sequel, Enlarged)
    assert sequel.bundles == ({"memory": 64 * GB},)
    assert "memory=40.0GiB: tried again with memory=64.0GiB" in sequel.why
    assert isinstance(after_exhaustion(Exhausted.host, [{"memory": 64 * GB}], NODES), Infeasible)


def test_more_than_any_node_has_together_is_no_remedy() -> None:
    nodes = [{"GPU": 1.0, "memory": 64 * GB}, {"memory": 512 * GB}]
    with_gpu = after_exhaustion(Exhausted.host, [{"GPU": 1.0, "memory": 40 * GB}], nodes)
    assert isinstance(with_gpu, Enlarged)
    assert with_gpu.bundles == ({"GPU": 1.0, "memory": 64 * GB},)
    bundle = {"GPU": 1.0, "memory": 64 * GB}
    assert isinstance(after_exhaustion(Exhausted.host, [bundle], nodes), Infeasible)
    halves = [{"GPU": 0.5}, {"GPU": 0.5}]
    both = after_exhaustion(Exhausted.device, halves, nodes)
    assert isinstance(both, Infeasible)
    assert both.why == ("out of device memory with gpu=0.5, and no node has gpu=1: it fits nowhere")


def test_while_there_is_no_node_nothing_is_said_to_fit_nowhere() -> None:
    sequel = after_exhaustion(Exhausted.host, [{"memory": 64 * GB}], [])
    assert isinstance(sequel, Enlarged)
    assert sequel.bundles == ({"memory": 64 * GB},)


def test_a_resumed_sweep_gives_an_enlarged_trial_no_less_than_all_others() -> None:
    recorded = [{"CPU": 8.0, "GPU": 0.5}]
    assert enlarged_again([{"CPU": 2.0, "GPU": 0.25}], recorded) == ({"CPU": 2.0, "GPU": 0.5},)
    assert enlarged_again([{"CPU": 2.0, "GPU": 1.0}], recorded) == ({"CPU": 2.0, "GPU": 1.0},)
    assert enlarged_again([{"CPU": 2.0}], recorded) == ({"CPU": 2.0},)
    assert enlarged_again([{}, {"GPU": 1.0}], recorded) is None


def test_nothing_is_known_of_what_was_not_asked_for() -> None:
    assert after_exhaustion(Exhausted.host, [{"CPU": 1.0}], NODES) is None
    assert after_exhaustion(Exhausted.device, [{"CPU": 1.0}], NODES) is None


def test_each_bundle_with_a_share_gets_more() -> None:
    sequel = after_exhaustion(Exhausted.device, [{"CPU": 1.0}, {"GPU": 0.5}, {"GPU": 1.0}], NODES)
    assert isinstance(sequel, Enlarged)
    assert sequel.bundles == ({"CPU": 1.0}, {"GPU": 1.0}, {"GPU": 1.0})


@given(st.floats(1e-4, 1.0))
def test_any_share_ends_at_a_whole_gpu(share: float) -> None:
    tries = 0
    sequel = after_exhaustion(Exhausted.device, [{"GPU": share}], NODES)
    while isinstance(sequel, Enlarged):
        (bundle,) = sequel.bundles
        assert share < bundle["GPU"] <= 1
        share, tries = bundle["GPU"], tries + 1
        sequel = after_exhaustion(Exhausted.device, [{"GPU": share}], NODES)
    assert share == 1.0
    assert tries <= 14  # 2 ** 14 > 10,000, which is as finely as Ray counts

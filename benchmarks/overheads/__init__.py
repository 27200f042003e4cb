"""The parts of ``benchmarks/overhead.py``.

- `work`: what trials do, and the line that each leaves behind; imported by workers.
- `arms`: one sweep by Ray Tune or by tuner.
- `virtual`: workers that live in the driver.
- `driver`: the process of one run, and what whoever starts it learns from it.
- `cases`: which sweeps are compared, and the figures and goals of each.
- `breakdown`: where the driver's main thread spends its time.
"""

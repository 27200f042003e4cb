"""Comparisons: arms x tasks x seeds at one budget, in virtual time or on Ray.

From the call to the answer:

    compare ──► Terms ──► cells ──► Runner in processes ──► ComparisonFolder ──► Comparison

| module         | what it decides                                                        |
|----------------|------------------------------------------------------------------------|
| `comparing`    | `compare`: checks everything, runs what is missing                     |
| `contestants`  | how an arm is spelled, with a label and options of its own             |
| `arm_options`  | which keywords of `tuner.run` are left to arms                         |
| `terms`        | what is compared, as plain values; what makes two comparisons differ   |
| `cells`        | the sweep that a task, an arm and a seed make                          |
| `arenas`       | where runs take place: in virtual time or on Ray                       |
| `simulated`    | a run in virtual time                                                  |
| `on_ray`       | a run on Ray (`ray_spending`: what its record says was spent)          |
| `workforce`    | runs in processes of their own (`worker`: the other end)               |
| `record`       | what is kept of a run                                                  |
| `withheld`     | the epochs that a scheduler kept its trials from                       |
| `folder`       | the files, which survive whatever dies (`run_journal`: the latest)     |
| `tidings`      | what a person sees meanwhile                                           |
| `result`       | `Comparison`: a comparison's folder as an object                       |
| `findings`     | its statistics (`tuner.analysis`)                                      |
| `answers`      | the same in words and tables (`markdown`: for a report)                |
| `plates`       | the same as figures (`tuner.figures`)                                  |
"""

from __future__ import annotations

from tuner.comparison.comparing import compare, resume_comparison
from tuner.comparison.result import Comparison, load_comparison

__all__ = ["Comparison", "compare", "load_comparison", "resume_comparison"]

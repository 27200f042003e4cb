"""What `tuner.audit` looks at: one small pure rule per check, over the evidence of a sweep.

- `findings`: `Audit` and its `Finding` per check, with the `Verdict`.
- `thresholds`: `THRESHOLDS`, from which figure on a check warns and fails.
- `checks`: what rules are made of.
- `space_rules`: boundary, failures, duplicates; `importance_rule`: importance.
- `course_rules`: still_improving, saturated, step_variance, best_vs_last.
- `overfitting`; `metric_pairs`: which metrics are of training and which of validation.
- `trust_rules`: good_trials, rung_correlation, seed_variance.
- `auditing`: `audit`, and `judge` of evidence that is at hand.
"""

from __future__ import annotations

from tuner.playbook.audit.auditing import audit, judge
from tuner.playbook.audit.findings import Audit, Finding, Verdict
from tuner.playbook.audit.thresholds import THRESHOLDS, Limits

__all__ = ["THRESHOLDS", "Audit", "Finding", "Limits", "Verdict", "audit", "judge"]

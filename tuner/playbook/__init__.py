"""The tuning playbook as working software: each step is a function that explains what it does.

- `exploration`: `explore`, a quasi-random search over declared roles within a budget.
- `audit`: `audit`, how far a sweep can be trusted.
- `isolation`: `isolate`, what the values of a hyperparameter bring.
- `tables`: `tabulate`, the same with everything else held, trained for it; the playbook's tables.
- `refinement`: `refine`, what the next space should be and why, and its search.
- `adoption`: `adopt`, winner and baseline trained again in pairs.
- `finalization`: `finalize`, a model and its card; `load_model`.

They share: `evidence`, what a sweep has shown (`positions`, `levels`: where its trials lie);
`studied`, the sweep that is looked at, and sweeps derived from it; `repeats`, configurations
trained again over seeds and folds.
"""

from __future__ import annotations

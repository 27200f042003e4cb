"""The tuning playbook as working software: each step is a function that explains what it does.

- `roles`: what is scientific, what is nuisance, what is fixed.
- `exploring`: `explore`, a quasi-random search over these roles within a budget (`affording`).
- `audit`: `audit`, how far a sweep can be trusted; `isolation`: `isolate`, what the values of a
  hyperparameter bring (`levels`); both by the `evidence` of a sweep (`positions`).
- `refining`: what the next space should be, and why, by the rules of `refinement`; `rounds`:
  `refine`, which also searches it (`round_planning`); `lineage`: where it came from.
- `adopting`: `adopt`, winner and baseline trained again in pairs (`repeats`, `studied`, `paired`,
  `adoption`).
- `finalizing`: `finalize`, a model and its card (`choosing`, `making`, `out_of_fold`, `ensembles`,
  `measures`, `looks`, `model_card`); `models`: `load_model` (`recipe`,
  `prediction_files`).
"""

from __future__ import annotations

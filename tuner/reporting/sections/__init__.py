"""The sections of a report, each a pure function of what was opened.

- Of a sweep, in the order of `sweep`: `overview`, `winners`, `drawings`, `trust`, `aftermath`,
  `records`, `provenance`.
- `several`: what sweeps look like side by side; `comparisons`.
- What they are made of: `attempts` at figures, `configurations` as columns, `errors` by kind.
"""

"""The Ray runtime: where a sweep's trials run.

- `connect`: a local Ray or a cluster by address; waiting for a node that can hold a trial.
- `admission`: which nodes can serve a sweep; `examination`: what the doctor looks at. Both by
  `node_tasks`, a task on each node, which runs `node_probe` and writes into a `shared_folder`.
  `hiding`: what hides tuner itself from workers.
- `spec_record`: ``sweep.json``.
- `source`: trials out of a searcher's suggestions.
- `controller`: Ray Tune's controller, put right, over `moving` (how trials leave nodes that will
  go), `stretches` (how reports come from workers), `warm` (how trials get workers and leave them),
  `workers`, `arrivals` (what is done) and `trial`: these alone stand in for its private parts.
- `node_watch`: which nodes come, go, will go, or are better avoided (`reputation`, pure); `losses`:
  whether a worker failed or was lost with its node; `whereabouts`: where a worker runs.
- `serving`: what a worker process runs: one trial after the other, many reports in a call.
- `ahead`: whether a trial trains on while its scheduler decides; pure.
- `worker_log`: how each worker spends its time; pure.
- `seeding`: a seed of its own for each trial.
- `upkeep`: a worker process between two trials: as it was before the first (`process_state`), or
  to be replaced because of what is left behind (`footprint`). Imports no Ray.
- `storage`: where checkpoints and the files of a user's callbacks go.
- `recorder`: from Ray Tune's events to the store.
- `watchdog`: finds trials that have gone silent; pure. `hung`: ends them, unless there is no
  `contact` with their nodes.
- `sharing`: which part of a cluster a sweep has beside others (`fair_shares`, pure), and says so
  (`neighbours`).
- `board`: from the recorder to what a progress view shows.
- `execution`: builds all of these for one sweep and drives it to its end.
"""

"""The Ray runtime: where a sweep's trials run.

- `connect`: a local Ray or a cluster by address; waiting for a node that can hold a trial.
- `source`: trials out of a searcher's suggestions.
- `controller`: Ray Tune's controller, put right; the only module that touches its private parts.
- `seeding`: a seed of its own for each trial.
- `storage`: where checkpoints and the files of a user's callbacks go.
- `recorder`: from Ray Tune's events to the store.
- `watchdog`: finds trials that have gone silent; pure.
- `board`: from the recorder to what a progress view shows.
- `execution`: builds all of these for one sweep and drives it to its end.
"""

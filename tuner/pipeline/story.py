"""The story of a study as a page of Markdown, for a colleague who was not there. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tuner.pipeline.dividing import amount_text, spent_text
from tuner.pipeline.outcome import Step, Study
from tuner.pipeline.steps import StepName
from tuner.plurals import counted
from tuner.progress.wording import config_text, duration_text
from tuner.store.layout import REPORT_FILE

__all__ = ["story"]

_WHY: Mapping[StepName, str] = {
    "explore": "Cover the space evenly first, so that what is seen does not depend on what was "
    "found, and can be asked about afterwards.",
    "audit": "Before anything is built on it: how far can the exploration be trusted?",
    "refine": "From coarse to fine: each round searches the space that the trials before it "
    "suggest, and learns from the sweep before it.",
    "adopt": "The best of many trials owes part of its value to luck. So it is trained again with "
    "new seeds, and the baseline with the same ones.",
    "finalize": "What was settled on becomes a model that is measured once, on examples that "
    "nothing was chosen by.",
}


def story(study: Study) -> str:
    """Return the page."""
    return "\n".join(_lines(study)) + "\n"


def _lines(study: Study) -> Iterator[str]:
    yield from (f"# Study: {study.scenario}", "")
    better = "lower" if study.mode == "min" else "higher"
    yield (
        f"`{study.metric}` ({better} is better), trained to {study.time_attr} {study.max_t}; "
        f"a budget of {amount_text(study.budget.amount, study.budget.unit)}, seed {study.seed}."
    )
    yield from ("", f"[In pictures]({REPORT_FILE}), with all sweeps.", "")
    yield from (*_in_short(study), *_account(study))
    for number, step in enumerate(study.steps, 1):
        yield from (f"## {number}. {step.name.capitalize()}", "", _WHY[step.name], "")
        yield from _told(step)
        if step.result:
            yield from _DETAILS[step.name](study, step)
        for note in step.notes:
            yield f"- {note}"
        yield from [""] * bool(step.notes)
    yield from _next(study)
    yield from _request(study)
    yield from _made_with(study)


def _in_short(study: Study) -> Iterator[str]:
    """Yield what a reader wants to know first."""
    yield from ("## In short", "")
    made = study["finalize"].result.get("finalization")
    if made is not None:
        yield f"- **Model**: {study['finalize'].headline}."
    best = study["finalize"].result.get("winner") or study["adopt"].result.get("winner")
    if best is not None:
        yield (
            f"- **Best trial**: {best['trial']} of `{best['sweep']}`, {best['why']}, with "
            f"{study.metric} {_number(best['value'])}: `{config_text(best['config'])}`."
        )
    elif study["explore"].headline:
        yield f"- **So far**: {study['explore'].headline}."
    if study["adopt"].headline:
        yield f"- **Better than the baseline?** {study['adopt'].headline}."
    failed = [each for each in _consequences(study) if each["verdict"] == "fail"]
    if study["audit"].result:
        names = ", ".join(each["check"] for each in failed)
        told = f"{names} failed in the audit" if failed else "no check of the audit failed"
        yield f"- **How far to trust it**: {told}."
    unit = study.budget.unit
    seconds = sum(step.seconds for step in study.steps)
    yield (
        f"- **Spent**: {spent_text(study.spent, study.budget.amount, unit)}, in "
        f"{duration_text(seconds)} of sweeps."
    )
    yield ""


def _account(study: Study) -> Iterator[str]:
    unit = study.budget.unit
    rows = [
        [
            step.name,
            _status(step),
            amount_text(step.planned, unit) if step.planned else "-",
            amount_text(step.spent, unit) if step.spent else "-",
            duration_text(step.seconds) if step.seconds else "-",
        ]
        for step in study.steps
    ]
    yield from _table(["step", "status", "planned", "spent", "time"], rows)


def _told(step: Step) -> Iterator[str]:
    told = f": {step.headline}" if step.headline else ""
    yield from (f"**{_status(step).capitalize()}**{told}.", "")


def _status(step: Step) -> str:
    return "begun" if step.status == "waiting" and step.spent else step.status


def _explored(study: Study, step: Step) -> Iterator[str]:
    found = step.result
    outcomes = ", ".join(f"{count} {name}" for name, count in found["outcomes"].items())
    yield (
        f"Of {counted(found['trials'], 'trial')}: {outcomes}. The median trial reached "
        f"{study.metric} {_number(found['median'])}, the best {_number(found['best']['value'])}:"
    )
    yield from ("", *_json(found["best"]["config"]))
    yield from ("What was searched:", "")
    rows = [
        [name, f"`{domain}`", found["roles"].get(name, "nuisance")]
        for name, domain in found["space"].items()
    ]
    rows += [[name, "", role] for name, role in found["roles"].items() if role == "fixed"]
    yield from _table(["hyperparameter", "domain", "role"], rows)


def _audited(study: Study, step: Step) -> Iterator[str]:
    findings = step.result["audit"]["findings"]
    rows = [[each["check"], each["verdict"], each["message"]] for each in findings]
    yield from _table(["check", "verdict", "what was found"], rows)
    if follows := _consequences(study):
        yield from ("What follows:", "")
        for each in follows:
            yield f"- **{each['check']}** ({each['verdict']}): {each['follows']}."
            if each["remedy"] and not each["answered"]:
                yield f"  - {each['remedy']}"
        yield ""
    if pictures := step.result["pictures"]:
        yield from ("Pictures of what was looked at:", "")
        yield from (*(f"- [{place}]({place})" for place in pictures), "")
    if isolated := step.result["isolation"]:
        yield from ("The scientific hyperparameters, each with the others tuned for it:", "")
        yield from (isolated["table"], "", f"{isolated['conclusion']}.", "")


def _refined(study: Study, step: Step) -> Iterator[str]:
    for each in step.result.get("rounds", ()):
        best = each["best"]
        told = "no trial has a value"
        if best is not None:
            told = f"best {_number(best['value'])} ({best['trial']}), median "
            told += _number(each["median"])
        yield (
            f"### {each['name']}: {counted(each['trials'], 'trial')} with `{each['arm']}`, {told}"
        )
        yield ""
        rows = [
            [change["name"], "+".join(change["kinds"]), change["old"], change["new"], change["why"]]
            for change in each["changes"]
        ]
        if rows:
            yield from _table(["hyperparameter", "change", "from", "to", "why"], rows)
        else:
            yield from ("The same space: nothing followed from the trials before.", "")


def _adopted(study: Study, step: Step) -> Iterator[str]:
    for role in ("winner", "baseline"):
        chosen = step.result[role]
        yield f"- The {role} is {chosen['trial']} of `{chosen['sweep']}`: {chosen['why']}."
    yield ""
    found = step.result.get("adoption")
    if found is None:
        return
    rows = [
        [side["role"], *map(_number, (side["in_sweep"], side["mean"], side["std"])),
         str(side["repeats"])]
        for side in step.result["sides"]
    ]  # fmt: skip
    yield from _table([study.metric, "in its sweep", "mean", "std", "repeats"], rows)
    gain = found["difference"]
    yield (
        f"Gain of the winner: {_number(gain['gain'])} [{_number(gain['low'])}, "
        f"{_number(gain['high'])}] ({gain['test']}, {counted(gain['pairs'], 'pair')})."
    )
    optimism = found["optimism"]
    if not math.isnan(optimism):
        way = "worse" if optimism > 0 else "better"
        yield (
            f"Over new seeds the winner is {_number(abs(optimism))} {way} than in its sweep: the "
            "winner's curse."
        )
    yield ""


def _finalized(study: Study, step: Step) -> Iterator[str]:
    made = step.result["finalization"]
    yield from (f"Chosen: {made['chosen_by']}.", "")
    for part in made["parts"]:
        until = "" if part["until"] is None else f", to {made['time_attr']} {part['until']:g}"
        yield from (f"{part['label']}{until}:", "", *_json(part["config"]))
    if made["test"]:
        rows = [
            [name, _number(each["value"]), f"{_number(each['low'])} to {_number(each['high'])}"]
            for name, each in made["test"].items()
        ]
        yield from _table(["on the test examples", "value", "95 % interval"], rows)
    yield from ("[The model card](final/MODEL_CARD.md) has the rest. To use the model:", "")
    yield from ("```python", "import tuner", "")
    yield from (f"model = tuner.load_model({made['folder']!r})", "model.predict(inputs)", "```", "")


_DETAILS: Mapping[StepName, Callable[[Study, Step], Iterator[str]]] = {
    "explore": _explored,
    "audit": _audited,
    "refine": _refined,
    "adopt": _adopted,
    "finalize": _finalized,
}


def _next(study: Study) -> Iterator[str]:
    """Yield what there is to do."""
    if study.finished:
        return
    first = next(step for step in study.steps if step.status not in ("done", "skipped"))
    yield from ("## What is next", "")
    told = f"Go on with {first.name}: `{study.command}`."
    if first.status == "stopped":
        told = f"Mend what failed, or go on without --strict: `{study.command}`."
    yield from (told, "")


def _request(study: Study) -> Iterator[str]:
    """Yield what was asked for, without what was left to its default."""
    asked = {name: value for name, value in study.request.items() if value not in (None, [], {})}
    yield from ("## What was asked for", "", *_json(asked))


def _made_with(study: Study) -> Iterator[str]:
    """Yield what somebody needs to know who wants to do it again."""
    made = study.made_with
    yield from ("## Made with", "", f"- scenario: `{study.source or 'built in Python'}`")
    for name in ("began", "command", "git_commit", "python"):
        if made.get(name):
            yield f"- {name}: {made[name]}"
    found = [f"{package} {n}" for package, n in made.get("versions", {}).items() if n]
    yield from ([f"- versions: {', '.join(found)}"] if found else [])
    yield ""


def _consequences(study: Study) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = study["audit"].result.get("consequences", ())
    return found


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


def _json(value: Any) -> Iterator[str]:
    yield from ("```json", json.dumps(value, indent=1, default=str), "```", "")


def _number(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"

"""What the model of all rungs is told of a trial, and which trials it is told of."""

from __future__ import annotations

import math

from tuner.searchers.courses import Courses


def train(courses: Courses, trial_id: str, epochs: int, cost: float = 0.0) -> list[bool]:
    """Enter a trial, report ``cost - epoch`` at each, and return which reports were news."""
    courses.enter(trial_id, {"x": cost})
    return [courses.report(trial_id, epoch, cost - epoch) for epoch in range(1, epochs + 1)]


def told(courses: Courses) -> dict[str, dict[float, float]]:
    return {course.trial_id: dict(course.costs) for course in courses.chosen(25, 150)}


def test_rungs_are_thirds_of_the_full_training_and_reports_between_them_are_no_news() -> None:
    courses = Courses(max_t=52)  # 52, 17.3, 5.8, 1.9 and 1
    news = train(courses, "t0", 52)
    assert [epoch for epoch, new in enumerate(news, start=1) if new] == [1, 2, 6, 18, 52]


def test_the_highest_three_rungs_count_and_below_them_the_last_word() -> None:
    courses = Courses(max_t=27)
    train(courses, "t0", 27)
    train(courses, "t1", 4)
    train(courses, "t2", 2)
    assert told(courses) == {"t0": {3: -3, 9: -9, 27: -27}, "t1": {3: -3}, "t2": {1: -1}}


def test_where_a_trial_was_stopped_counts_and_one_that_ended_by_itself_trained_in_full() -> None:
    courses = Courses(max_t=27)
    train(courses, "stopped", 4)
    courses.complete("stopped", 5, -5.0)
    train(courses, "done", 4)
    courses.complete("done", 4, -4.0)
    train(courses, "timeless", 0)
    courses.complete("timeless", None, -7.0)
    assert told(courses) == {
        "stopped": {3: -3, 5: -5},
        "done": {3: -3, 27: -4},
        "timeless": {27: -7},
    }


def test_without_max_t_the_end_is_the_highest_rung_that_was_passed() -> None:
    courses = Courses(math.inf)
    assert courses.end == 1
    train(courses, "t0", 10)
    assert courses.end == 9
    train(courses, "t1", 100)
    assert courses.end == 81
    assert told(courses)["t1"] == {9: -9, 27: -27, 81: -81}


def test_a_trial_that_diverged_has_no_course_any_more() -> None:
    courses = Courses(max_t=9)
    train(courses, "t0", 4)
    assert courses.report("t0", 5, math.nan)
    assert not courses.report("t0", 6, math.nan)
    courses.enter("t1", {"x": 1.0})
    courses.complete("t1", 1, math.inf)
    assert told(courses) == {"t0": {}, "t1": {}}
    assert courses.told == 2
    assert not courses.silent()


def test_what_fails_before_it_reports_is_forgotten() -> None:
    courses = Courses(max_t=9)
    courses.enter("t0", {"x": 1.0})
    assert courses.silent() == {"t0": {"x": 1.0}}
    courses.complete("t0", None, None)
    assert not courses.silent()
    assert courses.told == 0
    assert not courses.report("t0", 1, 1.0)


def test_of_many_trials_the_best_the_latest_and_some_of_the_others() -> None:
    courses = Courses(max_t=9)
    for number in range(1000):
        train(courses, f"t{number:03}", 1, cost=float((number * 7) % 1000))
    chosen = told(courses)
    assert len(chosen) <= 175
    assert {f"t{(best * 143) % 1000:03}" for best in range(25)} <= chosen.keys()  # 7 x 143 = 1001
    assert {f"t{number}" for number in range(975, 1000)} <= chosen.keys()
    assert list(chosen) == sorted(chosen)

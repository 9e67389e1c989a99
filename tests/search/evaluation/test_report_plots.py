"""Plots show what they were given, whatever the number of systems and topics, and leave the user's settings alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from search.evaluation.evaluation import Evaluation
from search.evaluation.report import drawing, plots
from tests.search.evaluation.invented import NAMES, evaluation

PLOTS: list[Callable[[Evaluation], str]] = [
    plots.quality_against_latency,
    plots.recall_against_depth,
    plots.differences,
    plots.where_it_was_lost,
]


def texts(svg: str) -> list[str]:
    return [str(text.text) for text in etree.fromstring(svg).iterfind(".//{*}text")]


def described(svg: str) -> str:
    return str(etree.fromstring(svg)[1].text)


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize(("systems", "topics"), [(2, 1), (8, 5), (3, 1000)])
def test_each_plot_is_one_element_that_names_every_system(
    plot: Callable[[Evaluation], str], systems: int, topics: int
) -> None:
    of = evaluation(systems=systems, topics=topics)
    svg = plot(of)
    assert etree.QName(etree.fromstring(svg)).localname == "svg"
    compared = NAMES[1:systems] if plot is plots.differences else NAMES[:systems]
    assert all(name in described(svg) for name in compared)
    short = [text.rstrip("…") for text in texts(svg)]
    assert all(any(text and name.startswith(text) for text in short) for name in compared)


@pytest.mark.parametrize("plot", PLOTS)
def test_what_was_not_measured_is_not_drawn(plot: Callable[[Evaluation], str]) -> None:
    assert plot(replace(evaluation(systems=1, sweep=False, runs=True), lost=())) == ""


def test_without_a_sweep_recall_is_that_of_the_measures_that_cut() -> None:
    of = evaluation(systems=1, sweep=False)
    one = replace(of.systems[0], means={"nDCG@10": 0.5, "R@100": 0.75, "R@10": 0.25})
    assert described(plots.recall_against_depth(replace(of, systems=(one,)))) == "lexical: 0.2500 at 10, 0.7500 at 100."


def test_differences_are_counted_by_hand() -> None:
    of = evaluation(systems=2, topics=4)
    first = {"T0": 0.5, "T1": 0.5, "T2": 0.5, "T3": 0.5}
    second = {"T0": 0.75, "T1": 0.5 + 1e-12, "T2": 0.25, "T3": 0.0, "T9": 1.0}  # the baseline lacks T9
    pair = tuple(
        replace(system, scores={"nDCG@10": scores}) for system, scores in zip(of.systems, (first, second), strict=True)
    )
    assert described(plots.differences(replace(of, systems=pair))) == "dense: 1 better, 2 worse, 1 equal."


def test_a_thousand_topics_weigh_about_what_ten_do() -> None:
    """Each sign is one shape, and not a bar a topic."""
    few, many = (plots.differences(evaluation(systems=2, topics=topics)) for topics in (10, 1000))
    assert many.count("<path") <= few.count("<path") + 6


def test_labels_of_systems_that_are_equally_good_do_not_overlap() -> None:
    of = evaluation(systems=8)
    same = replace(of, systems=tuple(replace(one, means={"nDCG@10": 0.5, "R@100": 0.5}) for one in of.systems))
    shown = etree.fromstring(plots.quality_against_latency(same))
    labels = [text for text in shown.iterfind(".//{*}text") if str(text.text) in NAMES]
    heights = sorted(float(re.findall(r"[-\d.]+", str(text.get("transform", "")))[-1]) for text in labels)
    assert len(heights) == 7  # the eighth is cut
    assert all(below - above >= 10 for above, below in pairwise(heights))  # the size of the letters


@given(st.lists(st.floats(0, 1), max_size=30))
def test_labels_keep_their_order_their_distance_and_their_bounds(wanted: list[float]) -> None:
    places = drawing.spread(wanted, gap=0.1, low=0, high=1)
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    gap = min(0.1, 1 / max(len(wanted) - 1, 1))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    assert all(places[above] - places[below] >= gap - 1e-9 for below, above in pairwise(order))


def test_labels_with_room_stay_where_they_are_wanted() -> None:
    assert drawing.spread([0.9, 0.1, 0.5], gap=0.1, low=0, high=1) == [0.9, 0.1, 0.5]


def test_recall_is_not_drawn_far_above_1() -> None:
    of = evaluation(systems=1)
    shown = texts(plots.recall_against_depth(replace(of, sweep=tuple(replace(p, recall=1.0) for p in of.sweep))))
    assert "1.00" in shown
    assert not [text for text in shown if re.fullmatch(r"1\.\d*[1-9]\d*", text)]


def test_names_are_written_as_they_are_and_change_nothing_else() -> None:
    name = f'id="{drawing.INK}" $x$ <'
    of = evaluation(systems=1)
    svg = plots.quality_against_latency(replace(of, systems=(replace(of.systems[0], name=name),)))
    assert name in texts(svg)


def test_drawing_leaves_the_users_settings_alone_and_does_not_follow_them() -> None:
    import matplotlib

    before = plots.where_it_was_lost(evaluation())
    settings: dict[Any, Any] = {"font.size": 33, "svg.fonttype": "path", "axes.facecolor": "red"}
    with matplotlib.rc_context(settings):
        assert plots.where_it_was_lost(evaluation()) == before
        assert matplotlib.rcParams["font.size"] == 33

"""What benchmarks stand on: turns, ratios, bars, the page of results and the peers' environments; nothing is timed."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks import commandline, environments, growth, rerank, results, run
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report, Table, load, save
from benchmarks.timing import Spread, in_turn, rates, ratio

ROOT = Path(__file__).parents[1]

REPORT = Report(
    name="encode",
    work={"texts": 40, "rounds": 3},
    claims=(
        Claim(
            claim="encoding",
            unit="abstracts/s",
            ours=Spread(20, 10, 40, 3),
            beside="another",
            theirs=Spread.alone(10),
            ratio=Spread(2, 1, 4, 3),
            bar=1.5,
        ),
    ),
    tables=(Table(title="By size", columns=("articles", "ms"), rows=((5000, 1.25), (44037, None))),),
    versions={"another": "1.2"},
    not_run={"a third": "it does not install here"},
    notes=("Nothing else ran.",),
    figures={"seconds": [2, 1, 4]},
    machine={"date": "2026-11-22", "commit": "abc", "cores": "2"},
)


def test_results_are_what_the_committed_figures_give() -> None:
    assert results.TARGET.read_text(encoding="utf-8") == results.page(results.read(results.FIGURES))


def test_every_committed_figure_has_a_place_in_the_results() -> None:
    named = {name for names in results.SUBJECTS.values() for name in names}
    assert {path.stem for path in results.FIGURES.glob("*.json")} <= named


def test_every_benchmark_is_a_script_with_a_place_in_the_results() -> None:
    named = {name for names in results.SUBJECTS.values() for name in names}
    assert set(run.BENCHMARKS) <= named
    assert [name for name in run.BENCHMARKS if not (ROOT / "benchmarks" / f"{name}.py").is_file()] == []


def test_ways_take_turns_and_another_begins_each_round() -> None:
    order: list[str] = []

    def way(name: str) -> float:
        order.append(name)
        return len(order)

    given = in_turn({"a": lambda: way("a"), "b": lambda: way("b")}, 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert given == {"a": [1, 4, 5], "b": [2, 3, 6]}


def test_a_ratio_is_the_median_over_rounds_and_not_that_of_medians() -> None:
    # By round: 6/2 = 3, 4/4 = 1, 5/1 = 5, so 3. The medians are 5 and 2, which would make 2.5.
    assert ratio([6, 4, 5], [2, 4, 1]) == Spread(3, 1, 5, 3)


def test_rates_are_things_by_seconds() -> None:
    assert rates([2, 4], 8) == [4, 2]


def test_a_report_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    save(REPORT, tmp_path / "folder" / "encode.json")
    assert load(tmp_path / "folder" / "encode.json") == REPORT


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"bar": 2.0}, True),
        ({"bar": 2.1}, False),
        ({"bar": None}, True),
        ({"bar": 1.9, "at_most": True}, False),
        ({"bar": 20.0, "bar_on": "ours"}, True),
        ({"bar": 20.5, "bar_on": "ours"}, False),
        ({"bar": 10.0, "bar_on": "distance"}, True),
        ({"bar": 9.9, "bar_on": "distance"}, False),
        ({"ratio": None}, True),
    ],
)
def test_the_median_is_held_to_the_bar(changes: dict[str, object], expected: bool) -> None:
    claim = replace(REPORT.claims[0], **changes)  # type: ignore[arg-type]
    assert claim.is_met is expected
    assert ("**" in results.bar(claim)) is not expected


def test_a_page_shows_claim_bar_spread_ratio_and_the_version_beside() -> None:
    lines = results.page({"encode": REPORT}).splitlines()
    row = "| encoding | at least 1.50 times | 20 (10 to 40) abstracts/s | another 1.2: 10 | 2 (1 to 4) |"
    assert row in lines
    assert "| 5,000 | 1.25 |" in lines
    assert "| 44,037 | – |" in lines
    assert "Not run: a third: it does not install here." in lines
    assert "Nothing else ran." in lines
    assert "`python benchmarks/encode.py`: 2026-11-22, machine 1, commit abc; another 1.2." in lines


def test_figures_of_two_machines_are_told_apart() -> None:
    other = replace(REPORT, name="parse", machine={"date": "2026-11-23", "commit": "def", "cores": "8"})
    page = results.page({"encode": REPORT, "parse": other})
    assert "| cores | 2 | 8 |" in page
    assert "2026-11-23, machine 2, commit def" in page


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3.0, "3"),
        (44037, "44,037"),
        (2995.6, "2,996"),
        (27.44, "27.4"),
        (1.478, "1.48"),
        (0.9761, "0.976"),
        (0.99998, "0.99998"),
    ],
)
def test_numbers_have_as_many_digits_as_say_something(value: float, expected: str) -> None:
    assert results.number(value) == expected


def test_a_quick_run_writes_nowhere_near_the_results() -> None:
    assert commandline.place("encode", False) == results.FIGURES / "encode.json"
    quick = commandline.place("encode", True)
    assert quick.is_relative_to(ROOT / "build")


def test_a_quick_run_judges_no_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = replace(REPORT, claims=(replace(REPORT.claims[0], bar=3.0),))
    assert commandline.finish(slow, tmp_path / "a.json") == commandline.MISSED
    assert "MISSED: encoding" in capsys.readouterr().err
    assert commandline.finish(replace(slow, is_quick=True), tmp_path / "b.json") == 0
    assert "MISSED" not in capsys.readouterr().err


def test_an_environment_is_kept_while_its_pins_stay(tmp_path: Path) -> None:
    folder = tmp_path / "fastembed"
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    (folder / "requirements.txt").write_text("\n".join(environments.PINS["fastembed"]) + "\n", encoding="utf-8")
    assert environments.python("fastembed", place=tmp_path) == str(interpreter)


def test_an_interpreter_that_was_given_is_taken(tmp_path: Path) -> None:
    given = environments.given(["optimum=/opt/python"])
    assert environments.python("optimum", given, place=tmp_path) == "/opt/python"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pair", ["optimum", "nothing=/opt/python"])
def test_a_peer_that_nobody_knows_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="NAME=PYTHON"):
        environments.given([pair])


def test_every_pin_says_one_version() -> None:
    assert [pin for pins in environments.PINS.values() for pin in pins if pin.count("==") != 1] == []


def test_why_a_peer_did_not_install_names_no_address() -> None:
    said = (
        "Looking in indexes: https://host.example/simple\nERROR: No wheel at https://host.example/a.whl for this\nnote"
    )
    assert environments.reason(said) == "ERROR: No wheel at … for this"


def test_a_package_that_an_environment_lacks_is_said() -> None:
    with pytest.raises(NotRun, match="no-such-package"):
        environments.versions(sys.executable, "no-such-package")


def test_only_named_benchmarks_run_in_their_own_order() -> None:
    assert run.only("parse, encode") == ["encode", "parse"]
    with pytest.raises(ValueError, match="no benchmark 'nothing'"):
        run.only("nothing")


def test_an_exponent_is_that_of_the_power_law() -> None:
    sizes = [5_000, 20_000, 44_037, 500_000]
    found = growth.fit(sizes, [3 * size**1.5 for size in sizes])
    assert found.exponent == pytest.approx(1.5)
    assert found.r2 == pytest.approx(1)


def test_r2_is_the_share_of_the_logarithms_variance_that_the_line_explains() -> None:
    # At logarithms 0, 1, 2 the values' are 0, 2, 1: mean 1, slope (−1·−1 + 0 + 1·0) / 2 = 0.5, so the line gives .5, 1,
    # 1.5; what is left is .25 + 1 + .25 = 1.5 of 2, and R² is 1 − 1.5/2 = .25.
    found = growth.fit(np.exp([0, 1, 2]).tolist(), np.exp([0, 2, 1]).tolist())
    assert found == pytest.approx((0.5, 0.25))


def test_what_grows_not_at_all_has_exponent_zero() -> None:
    assert growth.fit([10, 100], [7, 7]).exponent == pytest.approx(0)


def test_articles_come_again_under_ids_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    rows = [{"pmid": str(pmid), "title": f"Title {pmid}", "abstract": "Words."} for pmid in (11, 12, 13)]
    rows.insert(1, {"pmid": "99", "title": "Without an abstract", "abstract": " "})
    with gzip.open(tmp_path / "pool" / "pubmed_pool.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    found = list(islice(growth.repeated(tmp_path), 7))
    assert [article.id for article in found] == [
        "11", "12", "13", "100000011", "100000012", "100000013", "200000011",
    ]  # fmt: skip
    assert [article.title for article in found][:4] == ["Title 11", "Title 12", "Title 13", "Title 11"]


def test_a_table_of_growth_ends_with_exponent_and_fit() -> None:
    by_size = {"10": {"load_seconds": 1.0, "search_ms": 2.0}, "1000": {"load_seconds": 100.0, "search_ms": 20.0}}
    table = growth.table("folder", by_size)
    assert table.columns == ("articles", "load, s", "search p50, ms")
    assert table.rows == (("10", 1.0, 2.0), ("1,000", 100.0, 20.0), ("exponent", 1.0, 0.5), ("R²", 1.0, 1.0))


def test_a_re_ranker_with_other_scores_is_a_stranger() -> None:
    ours = np.array([0.0, 0.5, 1.0], dtype=np.float32)
    far = ours + np.array([0, 0.01, 0], dtype=np.float32)
    broken = np.array([0.0, np.nan, 1.0], dtype=np.float32)
    found = rerank.strangers({"ours": ours, "near": ours + np.float32(1e-4), "far": far, "broken": broken}, "ours")
    assert set(found) == {"far", "broken"}


@pytest.mark.slow
def test_without_data_a_benchmark_says_what_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "BIOCPT_DATA"}
    command = [sys.executable, str(ROOT / "benchmarks" / "index_write.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == commandline.MISSING
    assert done.stderr == ("index_write: not run: it needs real articles: name their folder by --data or BIOCPT_DATA\n")


def test_figures_are_json_without_numbers_that_json_does_not_know() -> None:
    def refuse(word: str) -> float:
        raise AssertionError(word)

    for path in results.FIGURES.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)

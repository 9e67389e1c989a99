import gzip
import os
import threading
from pathlib import Path

import pytest

from search.training.errors import BadTrainingData
from search.training.logs import Logs
from search.training.observations import Observation
from search.training.tally import SourceTally


def read(
    folder: Path, text: str | bytes, *, name: str = "log.tsv", since: str = "", until: str = ""
) -> tuple[list[Observation], SourceTally]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    tally = SourceTally(name=name, notes=folder)
    observed = list(Logs(path=path, since=since, until=until).read(tally, folder))
    assert tally.read == len(observed) + tally.removed.total()
    return observed, tally


def rejected(folder: Path) -> list[list[str]]:
    return [line.split("\t") for line in (folder / "rejected.tsv").read_text("utf-8").splitlines()]


EXPECTED = [Observation("moon water", "11", 3), Observation("sleep", "12", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "moon water\t11\t3\nsleep\t12\t1\n",
        "moon water\t11\t3\nsleep\t12\n",
        "query\tpmid\tclicks\nmoon water\t11\t3\nsleep\t12\t1\n",
        "date\tPMID\tuser\tQuery\tClicks\n2020-01-01\t11\tann\tmoon water\t3\n2020-01-02\t12\tbob\tsleep\t1\n",
        "\ufeffquery,pmid,clicks\r\nmoon water,11,3\r\nsleep,12,\r\n",
        'query,pmid,clicks\n"moon water",11,3\nsleep,12,1',
        '{"query": "moon water", "pmid": 11, "clicks": 3, "user": null}\n{"pmid": "12", "term": "sleep"}\n',
        '"query"\t"pmid"\t"clicks"\n"moon water"\t"11"\t3\n"sleep"\t"12"\t1\n',
        "query;pmid;clicks\nmoon water;11;3\nsleep;12;1\n",
        "pmid\tquery\tid\tcount\tclicks\n11\tmoon water\t1\t0\t3\n12\tsleep\t2\t0\t1\n",
        '{"query": "moon water", "pmid": 11, "clicks": 3, "id": {"no": 1}, "timestamp": 1.5}\n'
        '{"query": null, "q": "sleep", "pmid": 12}\n',
    ],
    ids=[
        *("columns", "no clicks is one", "header", "any order", "csv from Windows", "quotes", "json"),
        *("quoted names and tabs", "semicolons", "several that mean the same", "the same in json"),
    ],
)
def test_a_log_is_read_in_each_form(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[0] == EXPECTED


def test_a_packed_log_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"moon water\t11\t3\nsleep\t12\t1\n"))[0] == EXPECTED


def test_quotes_mean_nothing_between_tabs(tmp_path: Path) -> None:
    assert read(tmp_path, '"moon\t11\t3\n')[0] == [Observation('"moon', "11", 3)]


def test_what_was_shown_and_not_chosen_has_no_clicks(tmp_path: Path) -> None:
    observed, tally = read(tmp_path, "query\tpmid\tclicks\tshown\nmoon\t1\t2\t9\nmoon\t2\t0\t9\nmoon\t3\t0\t0\n")
    assert observed == [Observation("moon", "1", 2), Observation("moon", "2", 0)]
    assert tally.removed == {"neither shown nor chosen": 1}


def test_lines_that_are_none_are_named_by_number(tmp_path: Path) -> None:
    lines = [
        *(b"query\tpmid\tclicks", b"moon\t1\t2", b"", b"moon\t2", b"\t3\t1", b"moon\t\t1", b"moon\t4\tmany"),
        *(b"moon\t5\t-1", b"m\xff\t6\t1", b"sun\t7\t1", b""),
    ]
    text = b"\n".join(lines)
    observed, tally = read(tmp_path, text)
    assert [one.article for one in observed] == ["1", "7"]
    assert tally.removed == {"malformed": 6, "empty line": 1}
    assert [(place, reason) for _, place, reason in rejected(tmp_path)] == [
        ("line 3", "empty line"),
        ("line 4", "it has 2 columns, not 3: 'moon\\t2'"),
        ("line 5", "it has no query"),
        ("line 6", "it has no PMID"),
        ("line 7", "clicks 'many' is no whole number of 0 or more"),
        ("line 8", "clicks '-1' is no whole number of 0 or more"),
        ("line 9", "it is not UTF-8"),
    ]


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"query": "moon"}', '{"query": "moon", "pmid": 1.5}', '{"query": true, "pmid": 1}']
)
def test_json_that_is_no_line_of_a_log_is_rejected(tmp_path: Path, line: str) -> None:
    observed, tally = read(tmp_path, f'{{"query": "moon", "pmid": 1}}\n{line}\n')
    assert [one.article for one in observed] == ["1"]
    assert tally.removed == {"malformed": 1}
    assert rejected(tmp_path)[0][1] == "line 2"


def test_a_cell_whose_quotes_do_not_close_costs_its_own_line(tmp_path: Path) -> None:
    observed, tally = read(tmp_path, 'query,pmid\n"moon,1\nsun,2\n')
    assert observed == [Observation("sun", "2", 1)]
    assert tally.removed == {"malformed": 1}


def test_dates_outside_of_those_asked_for_are_left_out(tmp_path: Path) -> None:
    dates = ["2019-12-31", "2020-01-01T08:00", "2022-12-31", "2023-01-01"]
    text = "".join(f"moon\t{number}\t1\t{date}\n" for number, date in enumerate(dates))
    observed, tally = read(tmp_path, text, since="2020", until="2022")
    assert [one.article for one in observed] == ["1", "2"]
    assert tally.removed == {"before or after the dates asked for": 2}


def test_a_date_that_is_none_is_named_where_dates_are_asked_for(tmp_path: Path) -> None:
    observed, tally = read(tmp_path, "moon\t1\t1\tyesterday\nmoon\t2\t1\n", since="2020-01-01")
    assert observed == []
    assert tally.removed == {"malformed": 2}
    assert "date 'yesterday' is not such as 2021-03-14" in rejected(tmp_path)[0][2]


def test_a_header_without_articles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match="names no article"):
        read(tmp_path, "query\tclicks\nmoon\t1\n")


def test_a_packed_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b"moon\t%d\t1\n" % number for number in range(9999)))
    with pytest.raises(BadTrainingData, match=r"log\.tsv"):
        read(tmp_path, packed[:-20])


def test_a_first_line_that_is_no_csv_costs_itself_alone(tmp_path: Path) -> None:
    observed, tally = read(tmp_path, '"moon water" sleep,11,3\nsleep,12,1\n')
    assert observed == [Observation("sleep", "12", 1)]
    assert tally.first_reject.startswith("line 1: it is no CSV")


def test_semicolons_in_a_query_are_no_columns(tmp_path: Path) -> None:
    assert read(tmp_path, "term; moon,11,3\n")[0] == [Observation("term; moon", "11", 3)]


def test_a_log_in_utf_16_is_refused(tmp_path: Path) -> None:
    """What Excel calls Unicode text: every other line of it would pass for UTF-8."""
    with pytest.raises(BadTrainingData, match="it is UTF-16: save it as UTF-8"):
        read(tmp_path, "query\tpmid\nmoon\t1\nsun\t2\n".encode("utf-16"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes that have names there")
def test_a_pipe_is_refused_rather_than_read_from_its_middle(tmp_path: Path) -> None:
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.open("wb").close())  # as `<(zcat log.gz)` of a shell does
    writer.start()
    with pytest.raises(BadTrainingData, match="it is a pipe"):
        list(Logs(path=pipe).read(SourceTally(name="log", notes=tmp_path), tmp_path))
    writer.join(60)

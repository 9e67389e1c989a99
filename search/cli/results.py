"""Show a response: as text for people, as JSON for programs."""

from typing import Any

from rich.console import Console
from rich.text import Text

from search import display
from search.request import Place, Result, SearchResponse


def show(response: SearchResponse, *, explain: bool = False) -> None:
    """Print the results with titles, marks and snippets; with `explain` also each list's part in the order."""
    console = Console(highlight=False, soft_wrap=True)
    for note in response.notes:
        console.print(Text(note, style="yellow"))
    for result in response.results:
        console.print(_lines(result, explain))
    if not response.results:
        console.print("No results.")
    console.print(Text(_closing(response, explain), style="dim"))


def _lines(result: Result, explain: bool) -> Text:
    article = result.article
    marks = "".join(f" [{flag.upper()}]" for flag in display.flags(article))
    text = Text.assemble(
        (f"{result.rank:>3}. ", "bold"), (display.printable(article.title) or "(no title)", "bold"), (marks, "bold red")
    )
    parts = (display.short_authors(article), display.short_journal(article), str(article.year or article.date_text))
    about = display.printable(". ".join(part.rstrip(".") for part in parts if part))
    id = display.printable(result.id)
    text.append(f"\n     {about}{'. ' if about else ''}id {id}, score {result.score:.4f}{_where(result)}")
    if result.snippet.text:
        shown = Text(f"\n     {display.printable(result.snippet.text)}", style="dim")
        for start, end in result.snippet.matches:
            shown.stylize("bold not dim", start + 6, end + 6)
        text.append_text(shown)
    if explain:
        text.append(f"\n     {explanation(result)}", "cyan")
    return text


def _where(result: Result) -> str:
    ranks = [f"{name} #{place.rank}" for name, place in result.places.items()]
    if result.reranked:
        ranks.append(f"re-ranked #{result.reranked.rank}")
    return f" ({', '.join(ranks)})" if ranks else ""


def explanation(result: Result) -> str:
    """`lexical 3rd of its list with 12.31; dense not found; fused …`: every number behind a place."""
    parts = [f"{name} #{place.rank} ({place.score:.4f})" for name, place in result.places.items()]
    if result.fused:
        parts.append(f"fused #{result.fused.rank} ({result.fused.score:.6f})")
    if result.reranked:
        parts.append(f"re-ranker #{result.reranked.rank} ({result.reranked.score:.4f})")
    if result.mixture:
        weight, reranker, fused = result.mixture
        parts.append(f"scaled and mixed {weight:g} × {reranker:.4f} + {1 - weight:g} × {fused:.4f}")
    return " → ".join([*parts, f"final #{result.rank} ({result.score:.6f})"])


def _closing(response: SearchResponse, explain: bool) -> str:
    stages = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in response.seconds.items())
    seconds = response.seconds["total"]
    lines = [f"{len(response.results)} of {response.found} candidates in {seconds:.3f} s."]
    if response.reranker:
        lines[0] += f" Re-ranked by {response.reranker}."
    if explain:
        lines.append(f"Stages: {stages}.")
    if response.data_date:
        lines.append(f"Data: courtesy of the U.S. National Library of Medicine, as of {response.data_date}.")
    return "\n".join(lines)


def as_json(response: SearchResponse) -> dict[str, Any]:
    """The response as one object: `query`, `hits` (each with `id`), `found`, `seconds`, `notes`, `data`."""
    request = response.request
    return {
        "query": request.query,
        "mode": request.mode,
        "fusion": request.fusion if request.mode == "hybrid" else None,
        "reranker": response.reranker or None,
        "offset": request.offset,
        "found": response.found,
        "hits": [_hit(result) for result in response.results],
        "seconds": {name: round(value, 6) for name, value in response.seconds.items()},
        "notes": list(response.notes),
        "data": {"source": "U.S. National Library of Medicine", "date": response.data_date}
        if response.data_date
        else None,
    }


def _hit(result: Result) -> dict[str, Any]:
    article = result.article
    return {
        "rank": result.rank,
        "id": result.id,
        "score": result.score,
        "lists": {name: _place(place) for name, place in result.places.items()},
        "fused": _place(result.fused),
        "reranker": _place(result.reranked),
        "mixture": result.mixture._asdict() if result.mixture else None,
        "pmid": article.pmid or None,
        "doi": article.doi or None,
        "title": article.title,
        "authors": display.short_authors(article),
        "journal": display.short_journal(article),
        "year": article.year,
        "types": list(article.publication_types),
        "flags": display.flags(article),
        "snippet": result.snippet.text,
        "matches": [list(span) for span in result.snippet.matches],
    }


def _place(place: Place | None) -> dict[str, float | int] | None:
    return None if place is None else {"rank": place.rank, "score": place.score}

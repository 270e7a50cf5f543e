"""What Start says of an edge and of its answer: pure functions from results to sentences.

question   what alpha says of an edge, and what is asked
answer     what was guessed, and what measurement says
count      a small number as a word
"""

from app.figures.edge_alphas import EdgeAlphas
from app.parts.sentences import edge_finding, lead, quoted
from engine.drawing import wording
from engine.results import EdgeScores

ASKED = "Which one hurts most when it is removed?"
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def question(row: EdgeAlphas) -> tuple[str, str]:
    """What alpha says, and the question."""
    if row.best_by_alpha is None:
        return "α is unknown here.", ASKED
    weight = row.weights[row.operations.index(row.best_by_alpha)]
    return f"α gives {quoted(row.best_by_alpha)} the most weight ({wording.weight(weight)}).", ASKED


def answer(scores: EdgeScores, guess: str | None) -> str:
    """e.g. "You said “skip”. Measurement says “conv 3×3”: the supernet loses 10.4 points without it, and only 1.6
    [−0.3, 3.4] without “skip”, which α keeps."."""
    said = "" if guess is None else f"You said {quoted(guess)}. "
    best = quoted(scores.best)
    if scores.none_stands_out:
        return f"{said}{edge_finding(scores)}"
    if not scores.stands_out and scores.verdict == "agree":
        return f"{said}Measurement says {best}, as α does, though these images do not settle it: {lead(scores)}."
    if not scores.stands_out:
        return f"{said}Measurement does not settle it: {lead(scores)}, too close to call."
    first = f"You said {best}, and so does measurement" if guess == scores.best else f"{said}Measurement says {best}"
    loses = f"{first}: the supernet loses {wording.number(scores.operation(scores.best).drop)} points without it"
    if scores.best_by_alpha is None:
        return f"{loses}. α is unknown here."
    if scores.best_by_alpha == scores.best:
        return f"{loses}, and α keeps it too."
    kept = scores.operation(scores.best_by_alpha)
    without = wording.number(kept.drop) + ("" if kept.ci is None else f" {wording.interval(kept.ci)}")
    return f"{loses}, and only {without} without {quoted(kept.name)}, which α keeps."


def count(value: int) -> str:
    return _WORDS[value] if value < len(_WORDS) else wording.count(value)

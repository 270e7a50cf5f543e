"""Settings described once: ranges are checked, and a command's options follow from the fields."""

import inspect
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from engine.cli.options import options_from
from engine.errors import BadInput
from engine.fields import check, defaults, described, setting


@dataclass(frozen=True, kw_only=True)
class Oven:
    loaves: int = setting(help="How many.", least=1)
    heat: float = setting(220.0, "At the start.", unit="degrees", above=0, below=400)
    top: Literal["seeds", "flour"] = setting("flour", "What is on them.")
    steam: bool = setting(False, "Pour in water.")
    fan: bool = setting(True, "Move the air.")
    minutes: int | None = setting(
        None, "Until done, if not said.", metavar="N|done", none="done", read=lambda text: int(text)
    )
    baker: str = "nobody asks"

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"loaves": 0}, "loaves must be at least 1; not 0"),
        ({"heat": 400.0}, "heat must be greater than 0 and less than 400; not 400.0"),
        ({"heat": float("nan")}, "heat must be greater than 0"),
        ({"top": "glue"}, "unknown top 'glue'; use one of: seeds, flour"),
    ],
)
def test_values_that_a_field_does_not_allow_are_refused(wrong: dict, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        Oven(**{"loaves": 2, **wrong})


def test_only_described_fields_are_settings() -> None:
    assert list(described(Oven)) == ["loaves", "heat", "top", "steam", "fan", "minutes"]
    assert defaults(Oven) == {"heat": 220.0, "top": "flour", "steam": False, "fan": True, "minutes": None}


def bake(*words: str, **how: object) -> tuple[int, Oven | None, str]:
    baked: list[Oven] = []
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @options_from(Oven, **how)  # type: ignore[arg-type]
    def command(*, name: Annotated[str, typer.Argument()], oven: Oven, loud: bool = False) -> None:
        """Bake."""
        baked.append(oven)

    answer = CliRunner().invoke(app, ["rye", *words])
    return answer.exit_code, baked[0] if baked else None, answer.output


def test_fields_are_options_and_what_is_not_said_has_the_fields_default() -> None:
    assert bake("--loaves", "3")[1] == Oven(loaves=3)
    said = ("--loaves", "3", "--heat", "250", "--top", "seeds", "--steam", "--no-fan", "--minutes", "40")
    assert bake(*said)[1] == Oven(loaves=3, heat=250.0, top="seeds", steam=True, fan=False, minutes=40)


def test_what_must_be_given_must_be_given_and_ranges_are_told_by_option() -> None:
    code, oven, output = bake()
    assert (code, oven) == (2, None) and "--loaves" in output
    code, _, output = bake("--loaves", "0")
    assert code == 2 and "--loaves" in output


def test_help_says_words_ranges_and_defaults() -> None:
    output = " ".join(bake("--help")[2].split())
    assert "At the start. [default: 220.0]" in output and "N|done" in output and "[default: done]" in output
    assert "--baker" not in output and "--loud" in output


def test_a_command_may_leave_out_options_and_name_other_defaults() -> None:
    usual = {"heat": "by weight"}
    assert "[default: by weight]" in " ".join(bake("--help", but=("steam",), defaults=usual)[2].split())
    assert "--steam" not in bake("--help", but=("steam",))[2]
    hot = bake("--loaves", "1", make=lambda **given: Oven(**{"heat": 300.0, **given}))[1]
    assert hot == Oven(loaves=1, heat=300.0)


@dataclass(frozen=True, kw_only=True)
class Stone:
    thickness: float = setting(2.0, "Of the stone.", unit="centimetres", above=0)
    hot: bool = setting(False, "Whether it is hot.")


def test_options_of_another_dataclass_and_of_ones_own_reach_what_makes_the_settings() -> None:
    made: list[dict[str, object]] = []

    def make(**given: object) -> Oven:
        made.append(given)
        return Oven(loaves=1)

    notes = Annotated[list[str] | None, typer.Option("--note", help="Said of the bread.")]
    also = {"thickness": Stone, "hot": Stone, "notes": notes}
    how = {"make": make, "also": also, "defaults": {"hot": "as the stone is"}}
    assert bake("--loaves", "1", **how)[0] == 0 and made == [{"loaves": 1, "steam": False}]
    bake("--loaves", "1", "--thickness", "3", "--no-hot", "--note", "dark", "--note", "flat", **how)
    assert made[1] == {"loaves": 1, "steam": False, "thickness": 3.0, "hot": False, "notes": ["dark", "flat"]}
    assert "Whether it is hot. [default: as the stone is]" in " ".join(bake("--help", **how)[2].split())


def test_a_field_can_be_said_by_its_place() -> None:
    assert bake("3", arguments=("loaves",))[1] == Oven(loaves=3)
    code, _, output = bake(arguments=("loaves",))
    assert code == 2 and "LOAVES" in output.upper()


def test_the_signature_lists_the_options_in_the_place_of_the_settings() -> None:
    @options_from(Oven, but=("fan",))
    def command(*, first: int, oven: Oven, last: int = 3) -> None: ...

    names = list(inspect.signature(command).parameters)
    assert names == ["first", "loaves", "heat", "top", "steam", "minutes", "last"]

"""Which program a file is from, and where in it the weights and alphas are.

recognise   a foreign file as the state of a supernet, its tensors under the names of `importers.names`
Found       what it returns

Format by format: where the state_dict is, and what tells the file apart

    darts-pt      "state_dict"     beside it "alpha", a list; with "proj_weights" a selection that has begun
    drnas         "state_dict"     holds `_arch_parameters` (NAS-Bench-201)
    robustdarts   "state_dict"     beside it "alphas_normal" and "alphas_reduce"
    autodl        "search_model"   holds `arch_parameters` (NAS-Bench-201); convolutions with a bias
    confopt       "model"          every name begins with `model.`; every convolution under two names
    weights       the file itself  a bare state_dict, as quark0/darts and its relatives save
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.checkpoint.importers.alphas import NAMES, find_alphas
from engine.checkpoint.importers.reading import Foreign
from engine.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

STATES = ("state_dict", "search_model", "model")
"""Under which key of a file the supernet's tensors can lie."""
SPELLINGS = (
    (r"(_ops\.\d+\.)ops\.(\d+)\.op\.1\.running_", r"\1_ops.\2.1.running_"),  # confopt's pools
    (r"(_ops\.\d+\.)ops\.", r"\1_ops."),
    (r"(\.edges\.\d<-\d\.)ops\.", r"\1"),
    (r"\.conv\.(weight|bias)$", r".\1"),
)
"""How programs spell the names of `importers.names`, one after the other: pattern and what stands for it there."""
MOST_TENSORS = 100_000
MOST_NUMBERS = 1 << 28

BETAS = re.compile(r"betas_(normal|reduce)|beta_parameters")
UNUSED = re.compile(r".*\.num_batches_tracked|multihead_attention\..*")
"""Tensors that change no logit: counters, and the attention over alphas that confopt always stores."""
FOREIGN_PARTS = {
    "lora_": "low-rank adapters; merge them into the weights before saving",
    ".dan.": "operations of confopt beside the candidates; save after its adaptation to the plain supernet",
    ".aux_skip.": "auxiliary skip connections; save after their removal",
    "auxiliary_head.": "the auxiliary head of a network with one architecture; give the supernet of the search",
}
"""What is in names of networks that compute something else than a supernet here."""


@dataclass(frozen=True, eq=False)
class Found:
    """The state of a supernet. state: names as in `importers.names`; alphas: by cell type, or None."""

    format: str
    state: "dict[str, Tensor]"
    alphas: dict[str, Any] | None
    epochs: int
    selection: Mapping[str, Any] | None
    notes: tuple[str, ...]


def recognise(file: Foreign) -> Found:
    """Raises BadInput for a file without the weights of a supernet, and for networks that are something else."""
    content = file.content
    place = next((key for key in STATES if isinstance(content.get(key), Mapping)), None)
    tensors = _tensors(file.name, content if place is None else content[place])
    tensors = {_bare(name): tensor for name, tensor in tensors.items()}
    if not any(_spelled(name).startswith("cells.") for name in tensors):
        raise BadInput(_no_supernet(file, tensors))
    for part, what in FOREIGN_PARTS.items():
        if any(part in name for name in tensors):
            raise BadInput(f"{file.name} holds {what}")
    state, duplicates = _shared(file.name, tensors)
    epochs = _epochs(content)
    left_out = [name for name in tensors if BETAS.fullmatch(name)]
    left_out += ["multihead_attention"] if any(name.startswith("multihead_attention.") for name in tensors) else []
    notes = []
    if left_out:
        notes.append(
            f"{', '.join(left_out)} left out: edge strengths and attention over alphas, which count only where the "
            "search used partial connections or attention"
        )
    if epochs is None:
        notes.append("the file does not say after how many epochs it was saved")
    if duplicates:
        notes.append(f"{duplicates} tensors were stored under two names, with equal numbers")
    return Found(
        format=_format(place, content, tensors),
        state=state,
        alphas=find_alphas(content) or find_alphas(tensors),
        epochs=epochs or 0,
        selection=content if "proj_weights" in content and "candidate_flags" in content else None,
        notes=tuple(notes),
    )


def _format(place: str | None, content: Mapping[Any, Any], tensors: "Mapping[str, Tensor]") -> str:
    if place == "search_model":
        return "autodl"
    if place == "model" or any(".ops." in name for name in tensors):
        return "confopt"
    if place is None:
        return "weights"
    if "alphas_normal" in content:
        return "robustdarts"
    return "drnas" if "_arch_parameters" in tensors else "darts-pt"


def _tensors(file: str, state: Mapping[Any, Any]) -> "dict[str, Tensor]":
    """The tensors of a state_dict as float32, lists of a JSON file among them. Raises BadInput for other kinds."""
    import torch

    found: dict[str, Tensor] = {}
    numbers = 0
    for name, value in state.items():
        if isinstance(value, list) and value:
            value = _from_lists(file, name, value)
        if not isinstance(name, str) or not torch.is_tensor(value):
            continue
        numbers += value.numel()
        if numbers > MOST_NUMBERS or len(found) >= MOST_TENSORS:
            raise BadInput(f"{file} holds more than {MOST_NUMBERS:,} numbers or {MOST_TENSORS:,} tensors; save less")
        found[name] = value.detach().float()
    return found


def _from_lists(file: str, name: Any, value: list[Any]) -> "Tensor | None":
    """A tensor from nested lists of numbers; None from lists of anything else."""
    import torch

    try:
        return torch.tensor(value, dtype=torch.float32)
    except TypeError:
        return None
    except (ValueError, RuntimeError) as error:
        raise BadInput(f"{file}: {name} is no array of numbers ({error}); give rows of equal length") from None


def _bare(name: str) -> str:
    """A name without what wrappers put in front."""
    return re.sub(r"^(module\.|model\.)+", "", name)


def _spelled(name: str) -> str:
    """A name as `importers.names` has it."""
    for pattern, plain in SPELLINGS:
        name = re.sub(pattern, plain, name)
    return name


def _shared(file: str, tensors: "Mapping[str, Tensor]") -> "tuple[dict[str, Tensor], int]":
    """The weights under the names that all programs share, and how many were stored twice.

    Raises BadInput for one weight with two values.
    """
    state: dict[str, Tensor] = {}
    duplicates = 0
    for name, tensor in tensors.items():
        if name in NAMES or BETAS.fullmatch(name) or UNUSED.fullmatch(name):
            continue
        name = _spelled(name)
        if name in state:
            duplicates += 1
            if not state[name].equal(tensor):
                raise BadInput(f"{file} holds two different tensors for {name}; save the model again")
        state[name] = tensor
    return state, duplicates


def _epochs(content: Mapping[Any, Any]) -> int | None:
    """Finished epochs, where the file says so."""
    counters = content.get("checkpointables")
    epoch = content.get("epoch", counters.get("epoch") if isinstance(counters, Mapping) else None)
    return epoch if type(epoch) is int and epoch >= 0 else None


def _no_supernet(file: Foreign, tensors: "Mapping[str, Tensor]") -> str:
    shown = ", ".join([str(key)[:40] for key in (tensors or file.content)][:5]) or "nothing"
    if find_alphas(file.content):
        return (
            f"{file.name} is a file with alphas alone; give the file with the weights, and this one as its second file"
        )
    return (
        f"{file.name} is a file without a supernet, which would hold names like cells.0._ops.0 or cells.0.edges.1<-0; "
        f"it holds {shown}; give the file of the search, or a checkpoint's folder"
    )

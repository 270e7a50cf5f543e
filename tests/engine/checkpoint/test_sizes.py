import pytest

import engine
from engine.checkpoint import read_summary
from engine.checkpoint.sizes import operation_parameters


@pytest.mark.parametrize("name", ["nas-bench-201", "s2"])
def test_every_operation_has_the_weights_of_its_modules(root, name):
    checkpoint = engine.load(root / "checkpoints" / name)
    found = operation_parameters(read_summary(root / "checkpoints" / name))
    counted = dict.fromkeys(found, 0)
    for block in checkpoint.supernet.blocks:
        for edge, operations in enumerate(getattr(block, "edges", ())):
            for operation, module in operations.items():
                number = sum(parameter.numel() for parameter in module.parameters())
                if number:
                    counted[block.cell, edge, operation] += number
    assert found == counted and all(found.values())


def test_weightless_operations_are_not_in_the_table(root):
    found = operation_parameters(read_summary(root / "checkpoints" / "nas-bench-201"))
    assert {operation for _, _, operation in found} == {"nor_conv_1x1", "nor_conv_3x3"}
    # 5 cells each of 8, 16 and 32 channels
    assert found["cell", 4, "nor_conv_3x3"] == 9 * found["cell", 4, "nor_conv_1x1"] == 9 * 5 * (64 + 256 + 1024)

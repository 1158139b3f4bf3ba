"""An optimiser that imports no compiler computes the same; whoever compiles gets the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import verso

STEPS = """
import hashlib, sys
import torch
torch.manual_seed(1)
layer = torch.nn.Linear(4, 4)
optimiser = torch.optim.{optimiser}([layer.weight], lr=0.1)
for _ in range(3):
    optimiser.zero_grad()
    layer(torch.ones(2, 4)).square().sum().backward()
    optimiser.step()
optimiser.load_state_dict(optimiser.state_dict())
print("compiler", "torch._dynamo.eval_frame" in sys.modules)
print("weights", hashlib.sha256(layer.weight.detach().numpy().tobytes()).hexdigest())
"""
WITHOUT = "from verso.jobs.no_compiler import import_no_compiler\nimport_no_compiler()\n"


def ran(program):
    environment = {**os.environ, "PYTHONPATH": str(Path(verso.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("optimiser", ["AdamW", "Muon"])
def test_an_optimiser_steps_alike_without_the_compiler(optimiser):
    program = STEPS.format(optimiser=optimiser)
    usual, without = ran(program), ran(WITHOUT + program)
    assert (usual["compiler"], without["compiler"]) == ("True", "False")
    assert without["weights"] == usual["weights"]


def test_whoever_compiles_gets_the_compiler():
    program = """
import torch
import torch._dynamo.config
from torch._dynamo import explain

def twice(x):
    return 2 * x

compiled = torch.compile(twice, backend="eager")
print("value", int(compiled(torch.tensor(3))))
print("graphs", explain(twice)(torch.tensor(3)).graph_count)
"""
    assert ran(WITHOUT + STEPS.format(optimiser="AdamW") + program)["value"] == "6"
    assert ran(WITHOUT + program)["graphs"] == "1"

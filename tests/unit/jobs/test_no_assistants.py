"""What a process need not import is not imported, and what it does import is whole."""

import os
import subprocess
import sys

from project import ROOT

CODE = """
import sys
from verso.jobs.no_assistants import import_no_assistants

import_no_assistants()
import_no_assistants()
assert len([finder for finder in sys.meta_path if type(finder).__module__ == "verso.jobs.no_assistants"]) == 1
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LogitsProcessorList
import transformers.generation.candidate_generator

print(sorted({"sklearn", "pandas", "pyarrow", "torch"} & set(sys.modules)))
from sklearn.linear_model import LogisticRegression
"""


def test_transformers_brings_no_scikit_learn_which_is_there_for_others():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow/scripts")}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['torch']\n"

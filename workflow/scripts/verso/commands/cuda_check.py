"""Check whether this environment's PyTorch can use NVIDIA's cards, and list the visible ones: `make setup-gpu`."""

import argparse
import sys

import torch


def describe(build_only: bool) -> tuple[bool, str]:
    """Whether the check passed, and a message for the user. build_only: check only the build of PyTorch."""
    version = str(torch.__version__)
    if torch.version.cuda is None:
        return False, (
            f"PyTorch {version} is built for the CPU: trainings would never use a card. Name an index of its CUDA builds: "
            "PIP_EXTRA_INDEX_URL=... make setup-gpu (pytorch.org, Get Started, has the address for your driver)"
        )
    if build_only:
        return True, f"PyTorch {version} is built for CUDA {torch.version.cuda}"
    cards = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    if not cards:
        return True, (
            f"PyTorch {version} is built for CUDA {torch.version.cuda}; no card is visible here, which is right on a login node. "
            "On a compute node try: srun --gpus=1 nvidia-smi"
        )
    found = "; ".join(f"{card.name}, {card.total_memory / 1e6:,.0f} MB, sm_{card.major}{card.minor}" for card in cards)
    return True, f"PyTorch {version} is built for CUDA {torch.version.cuda} and sees: {found}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-only", action="store_true", help="check only the build of PyTorch, not this machine")
    well, found = describe(parser.parse_args().build_only)
    print(found, file=sys.stdout if well else sys.stderr)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()

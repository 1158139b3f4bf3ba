"""What every training is given besides its texts and the weights' file, for tests that call one."""

ASKED = {"mem_mb": 1000, "runtime": 10, "vram_mb": 0, "cards": 0, "threads": 1}


def of_training(run, settings, seconds=3600):
    """Keyword arguments of a training that writes into the folder `run`, all but `report`; a checkpoint each `seconds`."""
    return {
        "settings": settings,
        "seed": 1,
        "fingerprint": "code",
        "architecture": str(run / "model/architecture.json"),
        "history": str(run / "history.csv"),
        "hardware": str(run / "hardware.json"),
        "checkpoints": str(run / "checkpoints"),
        "checkpoint_seconds": seconds,
        "gpus": 0,
        "asked": ASKED,
        "started": 0.0,
        "parts": 1,
    }

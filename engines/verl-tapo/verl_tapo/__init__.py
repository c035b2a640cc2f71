"""TAPO (Fine-R1, stage 2) for verl 0.9.1. Importing this loads nothing of verl: `plugin` does."""

__version__ = "0.1.0"

"""What verl loads when it is imported (entry point "verl.plugins"): with it, `trainer.v1.trainer_mode: tapo` is known.

verl passes over a plugin that fails, so that a broken installation would show as an unknown trainer mode only: it is said here.
"""

import warnings

try:
    from verl_tapo import trainer  # noqa: F401  registers the trainer
except Exception as error:
    warnings.warn(f"verl-tapo could not be loaded: {error!r}", stacklevel=1)
    raise

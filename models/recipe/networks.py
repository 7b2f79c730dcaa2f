"""What the recipe calls the classes of diffusers.

To a type checker diffusers shows stand-ins without methods, so these are taken as they are at run
time; the names say which is meant.
"""

from typing import Any, TypeAlias

Autoencoder: TypeAlias = Any
UNet: TypeAlias = Any
Scheduler: TypeAlias = Any
Pipeline: TypeAlias = Any
Convolution: TypeAlias = Any

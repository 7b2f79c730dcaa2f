"""What the engine is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One prompt and the images wanted of it.

    Attributes:
        id: Opaque to the engine; every event names it.
        model: A model that `Engine.load` has loaded.
        seeds: One image per seed; an image depends on its own seed alone, never on its batch.
        is_alone: Shares no forward pass with another generation.
        preview_every: Steps between two previews of image 0; 0 asks for none.
    """

    id: str
    model: str
    prompt: str
    negative_prompt: str
    width_px: int
    height_px: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    seeds: tuple[int, ...]
    is_alone: bool
    preview_every: int

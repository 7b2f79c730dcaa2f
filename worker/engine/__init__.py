"""Continuous batching at the denoising step. It knows tensors and nothing of the service.

Read in the order a generation travels:

1. `request`       what is asked: one prompt, one image per seed.
2. `engine`        the loop: `Engine.step()` is one tick. START HERE.
3. `generation`    one request while it runs: its conditioning and one trajectory per image.
4. `trajectory`    one image from noise to picture: latents, scheduler, timesteps.
5. `batcher`       pure policy: which images share this tick's forward pass.
6. `forward`       the shared forward pass, and guidance per image (`guidance`).
7. `events`        what a tick tells the caller.

Beside the way: `model` is what the engine asks of a family, `families/` answers it with a diffusers
pipeline, `loading` picks the family, `schedulers` names the noise schedulers, `latents` draws the
noise, `conditioning` holds the encoded prompt, `preview` paints latents cheaply.
"""

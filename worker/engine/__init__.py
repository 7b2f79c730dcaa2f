"""Continuous batching at the denoising step. It knows tensors and nothing of the service.

Read in the order a generation travels:

1. `request`       what is asked: images, each with its words, its seed and what it begins from.
2. `engine`        the loop: `Engine.step()` is one tick. START HERE.
3. `generation`    one request while it runs, and its images.
4. `running_image` one image: pass after pass (`passes`), each begun anew (`begin_pass`).
5. `start`         what a pass begins with: noise, a picture under noise, what a mask keeps.
6. `trajectory`    one pass from noise to picture: latents, scheduler, timesteps.
7. `batcher`       pure policy: which images share this tick's forward pass.
8. `forward`       the shared forward pass, and guidance per image (`guidance`).
9. `events`        what a tick tells the caller.

Beside the way: `model` is what the engine asks of a family, `families/` answers it with a diffusers
pipeline and a `denoiser` under some `tuning`, `whole` runs a pipeline that has no step adapter,
`loading` picks the family. `schedulers` names the noise schedulers, `latents` draws the noise,
`conditioning` holds the encoded prompt and `prompt_cache` keeps its words, `preview` paints latents
cheaply.
"""

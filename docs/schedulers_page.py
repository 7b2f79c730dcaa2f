"""The page about noise schedulers, made from the engine's own table."""

from collections.abc import Mapping

from worker.engine.scheduler_names import NamedScheduler

# What each is called in AUTOMATIC1111's web UI and in ComfyUI; None where they lack it.
ELSEWHERE: dict[str, tuple[str | None, str | None]] = {
    "ddpm": (None, "ddpm"),
    "ddim": ("DDIM", "ddim"),
    "pndm": ("PLMS", None),
    "lms": ("LMS", "lms"),
    "euler": ("Euler", "euler"),
    "euler-a": ("Euler a", "euler_ancestral"),
    "heun": ("Heun", "heun"),
    "dpm2": ("DPM2", "dpm_2"),
    "dpm2-a": ("DPM2 a", "dpm_2_ancestral"),
    "dpm++2m": ("DPM++ 2M", "dpmpp_2m"),
    "dpm++2m-sde": ("DPM++ 2M SDE", "dpmpp_2m_sde"),
    "dpm++sde": ("DPM++ SDE", "dpmpp_sde"),
    "deis": (None, "deis"),
    "unipc": ("UniPC", "uni_pc"),
    "lcm": ("LCM", "lcm"),
    "tcd": (None, None),
    "flow-euler": ("Euler", "euler"),
}

INTRO = """\
A request names its noise scheduler by `scheduler` and the spacing of its noise levels by
`sigmas`. Each name is a class of diffusers with what the name promises set
(`worker/engine/scheduler_names.py`); everything else is as the model's own
`scheduler_config.json` has it, and `default` leaves the spacing to that file too. `GET
/v1/models` lists what a model offers; another name or spacing is refused.
"""

READING = """\
## What the columns mean

**Passes** are forward passes of the denoiser for each step asked, so they are what a step costs.
The last step of those with two takes one. `pndm` takes one more in all. Passes of any scheduler
share a batch with all others, and progress is told in the steps asked for.

**Random** ones draw noise at their steps, from the generator of the image's own seed on the CPU,
after the noise that the image began with: the order in which diffusers draws with
`generator=torch.Generator("cpu").manual_seed(seed)`. Two differ in how:

- `dpm++sde` walks a Brownian path, whose seed is the image's; in diffusers,
  `noise_sampler_seed=seed`. The path is drawn where the latents are, so another device draws
  another one.
- `tcd` has an eta of 0.3, its class's own; a pipeline of diffusers would pass 0, unless told
  `eta=0.3`.

**Spacings** besides `default` are those that the class has. `dpm++2m`, `deis` and `unipc` follow
flow models too, with their default spacing; the other way round `flow-euler` fits flow models
alone.

## What to know

- `lcm` and `tcd` choose their timesteps from a grid of 50. Asked for more steps, they get the
  next grid that divides the 1,000 of the training: 100, 125, 200, 250, 500 or 1,000.
- `lms`, `heun`, `dpm2`, `dpm2-a`, `dpm++sde`, `deis` and `pndm` have no zero terminal
  signal-to-noise ratio in diffusers: on a model trained with it, such as `mini`, they begin a
  little below pure noise.
- On such a model `euler`, `dpm++2m`, `dpm++2m-sde` and `unipc` begin at a noise level of 4,096.
  `karras` and `exponential` spend many of their steps up there: give them 30. `beta` spends
  nearly all, and pictures stay flat or turn pale, so `mini` does not offer it with these four.
- Where rounding makes a schedule's first two timesteps equal, diffusers' pipelines take the
  second and fail at the end. Here the first step is the first.
- `lms` and `pndm` remember earlier steps, and in diffusers they reckon with steps that were never
  taken when a schedule is entered in the middle, as from a picture. They do so here too, to be
  the same.
"""

EXACT = """\
## How exact

Every picture is compared with the one that diffusers' own pipeline makes of the same seed alone:
at most 1 of 255 apart, on at most 0.1 % of the values of a scheduler's pictures and 0.2 % of any
single one, in float32, whoever shares the batch, joins late, is canceled or paused. What differs
is the rounding of a wider batch. Most seen on one picture: 0.12 %, on `pndm` at 61 steps, whose
extrapolation from four predictions carries it furthest, and 0.11 % on a `dpm++sde` of 64 pixels.
`make test` compares each name with each of its spacings at 2 to 5 steps on small random models.
`make exact` runs the whole cross on `mini` (v-prediction) and on a model that predicts noise:
names, spacings, 1 to 61 steps, guidance 1, 2.5 and 7.5, in company and alone (`EXACT_SHARE=0.05`
takes a twentieth of it).
"""


def schedulers_page(table: Mapping[str, NamedScheduler]) -> str:
    """Describe every scheduler: what it is called elsewhere, what it costs, what it can."""
    rows = [
        "| Name | In diffusers | AUTOMATIC1111 | ComfyUI | Passes | Random | Spacings |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [_row(name, named) for name, named in table.items()]
    return "\n".join(["# Schedulers\n", INTRO, *rows, "", READING, EXACT])


def _row(name: str, named: NamedScheduler) -> str:
    web_ui, comfy = (f"`{other}`" if other else "" for other in ELSEWHERE[name])
    spacings = ", ".join(f"`{spacing}`" for spacing in named.spacings)
    passes, is_random = named.scheduler_class.order, "yes" if named.is_random else ""
    class_name = named.scheduler_class.__name__
    return (
        f"| `{name}` | `{class_name}` | {web_ui} | {comfy} | {passes} | {is_random} | {spacings} |"
    )

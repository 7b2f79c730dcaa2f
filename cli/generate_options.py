"""The options of `atelier generate`. It imports nothing slow, so that --help is quick."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None, typer.Option("--home", help="Folder of `atelier up`; ATELIER_HOME sets it too.")
]
Url = Annotated[str | None, typer.Option("--url", help="Address of the service.")]
Key = Annotated[str | None, typer.Option("--key", help="API key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Pixels = Annotated[int | None, typer.Option(help="Pixels.", min=1)]
Side = Annotated[int | None, typer.Option(help="Pixels to add on this side.", min=0)]

PICTURE = "a file, an address, job_…/INDEX or ast_…"


Prompt = Annotated[str | None, typer.Argument(help="What the picture shows.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="File; several pictures get a number each.")
]
Model = Annotated[str | None, typer.Option(help="Model of the catalog.")]
Negative = Annotated[str | None, typer.Option(help="What to keep away from.")]
Seed = Annotated[int | None, typer.Option(help="Picture k uses seed + k.", min=0)]
Steps = Annotated[int | None, typer.Option(help="Denoising steps.")]
Guidance = Annotated[float | None, typer.Option(help="Guidance scale.")]
NumImages = Annotated[int | None, typer.Option(help="How many pictures.")]
Scheduler = Annotated[str | None, typer.Option(help="Noise scheduler.")]
Sigmas = Annotated[
    str | None, typer.Option(help="Spacing of noise levels: karras, exponential or beta.")
]
Priority = Annotated[str | None, typer.Option(help="high, normal or low.")]
ContactSheet = Annotated[
    bool, typer.Option("--contact-sheet", help="One more file with all pictures side by side.")
]
Image = Annotated[str | None, typer.Option(help=f"Begin with this picture: {PICTURE}.")]
Strength = Annotated[float | None, typer.Option(help="How much of --image to paint anew, 0 to 1.")]
Mask = Annotated[
    str | None, typer.Option(help="Inpaint: what is white here is painted anew in --image.")
]
Scale = Annotated[float | None, typer.Option(help="Upscale --image by this, with new detail.")]
SecondPass = Annotated[
    str | None,
    typer.Option(help="Make it again at this size, as 256x256; auto is twice the first."),
]
Vary = Annotated[str | None, typer.Option(help="Vary this picture of yours: job_…/INDEX.")]
VaryBy = Annotated[float | None, typer.Option(help="How far, 0 to 1.")]
ToPrompt = Annotated[
    str | None,
    typer.Option(help="Animate from the prompt to this one; -o out.gif or .webp."),
]
ToSeed = Annotated[int | None, typer.Option(help="Animate to this seed.", min=0)]
ToImage = Annotated[str | None, typer.Option(help="Animate from --image to this picture.")]
Frames = Annotated[int | None, typer.Option(help="Frames of an animation.")]
Fps = Annotated[int | None, typer.Option(help="Frames a second.")]
Task = Annotated[
    str | None, typer.Option(help="The API's name of the task, where options do not tell.")
]


def generate(  # noqa: PLR0913, PLR0917 - each option is a field of the request
    prompt: Prompt = None,
    output: Output = Path("out.png"),
    model: Model = None,
    negative: Negative = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    num_images: NumImages = None,
    width: Pixels = None,
    height: Pixels = None,
    scheduler: Scheduler = None,
    sigmas: Sigmas = None,
    priority: Priority = None,
    contact_sheet: ContactSheet = False,
    image: Image = None,
    strength: Strength = None,
    mask: Mask = None,
    left: Side = None,
    right: Side = None,
    top: Side = None,
    bottom: Side = None,
    scale: Scale = None,
    second_pass: SecondPass = None,
    vary: Vary = None,
    vary_by: VaryBy = None,
    to_prompt: ToPrompt = None,
    to_seed: ToSeed = None,
    to_image: ToImage = None,
    frames: Frames = None,
    fps: Fps = None,
    task: Task = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    home: Home = None,
) -> None:
    """Make a picture on the running service. Ctrl-C cancels it.

    --image begins with a picture; with --mask it is repainted in part, with --left, --right, --top
    or --bottom continued past its edges, with --scale enlarged.

    --vary makes more like a picture that you have.

    --to-prompt, --to-seed and --to-image make an animation.
    """
    given = dict(locals())  # every option under its name
    from cli.client import find_server
    from cli.generate import read_options, run_generate

    run_generate(find_server(url, key, home), read_options(given), as_json=as_json)

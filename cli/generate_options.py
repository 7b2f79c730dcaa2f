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


def generate(  # noqa: PLR0913, PLR0917 - each option is a field of the request
    prompt: Annotated[str | None, typer.Argument(help="What the picture shows.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File; several pictures get a number each.")
    ] = Path("out.png"),
    model: Annotated[str | None, typer.Option(help="Model of the catalog.")] = None,
    negative: Annotated[str | None, typer.Option(help="What to keep away from.")] = None,
    seed: Annotated[int | None, typer.Option(help="Picture k uses seed + k.", min=0)] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Guidance scale.")] = None,
    num_images: Annotated[int | None, typer.Option(help="How many pictures.")] = None,
    width: Pixels = None,
    height: Pixels = None,
    scheduler: Annotated[str | None, typer.Option(help="Noise scheduler.")] = None,
    sigmas: Annotated[
        str | None, typer.Option(help="Spacing of noise levels: karras, exponential or beta.")
    ] = None,
    priority: Annotated[str | None, typer.Option(help="high, normal or low.")] = None,
    contact_sheet: Annotated[
        bool, typer.Option("--contact-sheet", help="One more file with all pictures side by side.")
    ] = False,
    image: Annotated[str | None, typer.Option(help=f"Begin with this picture: {PICTURE}.")] = None,
    strength: Annotated[
        float | None, typer.Option(help="How much of --image to paint anew, 0 to 1.")
    ] = None,
    mask: Annotated[
        str | None, typer.Option(help="Inpaint: what is white here is painted anew in --image.")
    ] = None,
    left: Side = None,
    right: Side = None,
    top: Side = None,
    bottom: Side = None,
    scale: Annotated[
        float | None, typer.Option(help="Upscale --image by this, with new detail.")
    ] = None,
    second_pass: Annotated[
        str | None,
        typer.Option(help="Make it again at this size, as 256x256; auto is twice the first."),
    ] = None,
    vary: Annotated[
        str | None, typer.Option(help="Vary this picture of yours: job_…/INDEX.")
    ] = None,
    vary_by: Annotated[float | None, typer.Option(help="How far, 0 to 1.")] = None,
    to_prompt: Annotated[
        str | None,
        typer.Option(help="Animate from the prompt to this one; -o out.gif or .webp."),
    ] = None,
    to_seed: Annotated[int | None, typer.Option(help="Animate to this seed.", min=0)] = None,
    to_image: Annotated[
        str | None, typer.Option(help="Animate from --image to this picture.")
    ] = None,
    frames: Annotated[int | None, typer.Option(help="Frames of an animation.")] = None,
    fps: Annotated[int | None, typer.Option(help="Frames a second.")] = None,
    task: Annotated[
        str | None, typer.Option(help="The API's name of the task, where options do not tell.")
    ] = None,
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
    from cli.client import find_server
    from cli.generate import Wanted, run_generate
    from cli.make_request import TaskOptions

    common = {
        "model": model,
        "negative_prompt": negative,
        "seed": seed,
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "num_images": num_images,
        "width": width,
        "height": height,
        "scheduler": scheduler,
        "sigmas": sigmas,
        "priority": priority,
    }
    end = {"prompt": to_prompt, "seed": to_seed, "image": to_image}
    options = TaskOptions(
        task=task,
        image=image,
        mask=mask,
        strength=strength,
        scale=scale,
        margins={"left": left, "right": right, "top": top, "bottom": bottom},
        vary=vary,
        vary_by=vary_by,
        end={name: value for name, value in end.items() if value is not None},
        frames=frames,
        fps=fps,
        second_pass=second_pass,
    )
    wanted = Wanted(
        prompt=prompt,
        common=common,
        options=options,
        output=output,
        is_contact_sheet=contact_sheet,
    )
    run_generate(find_server(url, key, home), wanted, as_json=as_json)

"""The `atelier` command. Each subcommand imports its own module, so that --help is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError
from cli.generate_options import AsJson, Home, Key, Url, generate

app = typer.Typer(
    name="atelier",
    help="A self-hosted image-generation service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
admin = typer.Typer(help="Tenants and keys, straight in the database.", no_args_is_help=True)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
tenants = typer.Typer(help="Tenants.", no_args_is_help=True)
jobs = typer.Typer(help="Jobs of the running service.", no_args_is_help=True)
app.add_typer(admin, name="admin")
admin.add_typer(keys, name="keys")
admin.add_typer(tenants, name="tenants")
app.add_typer(jobs, name="jobs")

app.command()(generate)


def main() -> None:
    """Run the command line; a `CommandError` is one line and its status."""
    try:
        app()
    except CommandError as error:
        print(f"atelier: {error}", file=sys.stderr)
        sys.exit(error.exit_status)


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address the API listens on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API.", min=1, max=65535)] = None,
    home: Home = None,
) -> None:
    """Start everything in this terminal: database, queue, API, worker, sweep."""
    from cli.up.run import run_up

    run_up(host, port, home)


@app.command()
def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port.", min=1, max=65535)] = None,
) -> None:
    """Run the HTTP API alone."""
    from cli.run_api import run_api

    run_api(host, port)


@app.command()
def worker(pool: Annotated[str | None, typer.Option(help="The pool it serves.")] = None) -> None:
    """Run one worker alone: one device, one loop."""
    from cli.run_worker import run_worker

    run_worker(pool)


@app.command()
def sweep() -> None:
    """Run the sweep alone: it requeues what dead workers held."""
    from cli.run_sweep import run_sweep_alone

    run_sweep_alone()


@app.command()
def migrate() -> None:
    """Make the database's roles and bring its tables up to date."""
    from cli.run_migrate import run_migrate

    run_migrate()


@app.command()
def verify(
    job_id: Annotated[str, typer.Argument(help="The job to make again.")],
    index: Annotated[int | None, typer.Option(help="Compare this picture alone.", min=0)] = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    home: Home = None,
) -> None:
    """Make a job again and hold its pictures against the first ones.

    Says whether each comes out the same, and if not, by how much and what changed since. It is a
    job like any other: it costs as much, and stays in the list. Exit status: 0 the same,
    1 different, 2 there is nothing to compare, 3 the service did not do it.
    """
    from cli.client import find_server
    from cli.verify import one_means_different, run_verify

    with one_means_different():
        sys.exit(run_verify(find_server(url, key, home), job_id, index, as_json=as_json))


@app.command()
def models(as_json: AsJson = False, url: Url = None, key: Key = None, home: Home = None) -> None:
    """List the models of the running service."""
    from cli.client import find_server
    from cli.list_models import list_models

    list_models(find_server(url, key, home), as_json=as_json)


@app.command("eval")
def evaluate(  # noqa: PLR0913, PLR0917 - each option is one thing to vary
    model: Annotated[str, typer.Argument(help="Model of the catalog.")],
    prompts: Annotated[int, typer.Option(help="Pictures per setting.", min=1, max=10_000)] = 50,
    seed: Annotated[int, typer.Option(help="Chooses prompts and noise.", min=0)] = 0,
    scheduler: Annotated[
        list[str] | None, typer.Option(help="Repeat. Else dpm++2m, ddim, euler and unipc.")
    ] = None,
    steps: Annotated[
        list[int] | None, typer.Option(help="Repeat. Else 6, 10, 15, 20 and 50.", min=1)
    ] = None,
    guidance: Annotated[
        list[float] | None, typer.Option(help="Repeat. Else 1, 2.5, 5 and 7.5.", min=0)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for figures, plots and pictures. Else eval-MODEL.")
    ] = None,
    at_least: Annotated[
        float | None,
        typer.Option(help="Status 1 where less than so many percent obey.", min=0, max=100),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well a model obeys, over schedulers, steps and guidance. No service needed."""
    from cli.evaluate import Asked, run_evaluate

    asked = Asked(
        model=model,
        num_prompts=prompts,
        seed=seed,
        schedulers=scheduler or (),
        steps=steps or (),
        guidances=guidance or (),
        folder=out or Path(f"eval-{model}"),
        at_least=at_least,
    )
    run_evaluate(asked, as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as find_version

    print(find_version("atelier"))


@jobs.command("list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="Only jobs of this status.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100)] = 20,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    home: Home = None,
) -> None:
    """List jobs, newest first."""
    from cli.client import find_server
    from cli.jobs import list_jobs as run

    run(find_server(url, key, home), status, limit, as_json=as_json)


@jobs.command("show")
def show_job(job_id: str, url: Url = None, key: Key = None, home: Home = None) -> None:
    """Print one job as JSON."""
    from cli.client import find_server
    from cli.jobs import show_job as run

    run(find_server(url, key, home), job_id)


@jobs.command("cancel")
def cancel_job(job_id: str, url: Url = None, key: Key = None, home: Home = None) -> None:
    """Cancel a job."""
    from cli.client import find_server
    from cli.jobs import cancel_job as run

    run(find_server(url, key, home), job_id)


@keys.command("create")
def create_key(
    tenant: Annotated[str, typer.Option(help="Name of the tenant.")] = "default",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; repeat.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Issue a key; its secret is shown this once."""
    from cli.admin import create_key as run

    run(home, tenant, name, scope, as_json=as_json)


@keys.command("list")
def list_keys(
    tenant: Annotated[str, typer.Option(help="Name of the tenant.")] = "default",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """List a tenant's keys, oldest first."""
    from cli.admin import list_keys as run

    run(home, tenant, as_json=as_json)


@keys.command("revoke")
def revoke_key(key_id: str, home: Home = None) -> None:
    """End a key for good."""
    from cli.admin import revoke_key as run

    run(home, key_id)


@tenants.command("create")
def create_tenant(name: str, as_json: AsJson = False, home: Home = None) -> None:
    """Open a tenant's account, or find the one of that name."""
    from cli.admin import create_tenant as run

    run(home, name, as_json=as_json)


@tenants.command("list")
def list_tenants(as_json: AsJson = False, home: Home = None) -> None:
    """List every tenant, oldest first."""
    from cli.admin import list_tenants as run

    run(home, as_json=as_json)


@tenants.command("suspend")
def suspend_tenant(name: str, home: Home = None) -> None:
    """Refuse a tenant's keys; jobs that it queued before still run."""
    from cli.admin import set_suspended as run

    run(home, name, is_suspended=True)


@tenants.command("resume")
def resume_tenant(name: str, home: Home = None) -> None:
    """Let a suspended tenant's keys in again."""
    from cli.admin import set_suspended as run

    run(home, name, is_suspended=False)


if __name__ == "__main__":
    main()

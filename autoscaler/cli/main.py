"""The command."""


def main() -> None:
    """Run."""
    import click

    from autoscaler.cli.run import run

    group = click.Group("autoscaler", commands={"run": run})
    group()

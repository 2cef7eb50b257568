"""`python -m nets`: train a network on one of the data sets that ship with it."""

import argparse
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nets.tasks import CLOUDS, MODELS, Task, task
from nets.train.checkpoint import read_settings, require_settings
from nets.train.evaluation import accuracy
from nets.train.optimisers import AdamW
from nets.train.plots import History, new_axes, plot_boundary, plot_losses
from nets.train.schedules import cosine, warm_up
from nets.train.training import fit

EPILOG = """examples:
  python -m nets                                        the handwritten digits
  python -m nets spiral --model mlp --hidden 16 16 --plot spiral.png
  python -m nets text --save text.npz                   saved after every epoch
  python -m nets --resume text.npz                      and taken up where it was stopped
"""


class OneLineParser(argparse.ArgumentParser):
    """Errors in one line, with the remedy instead of the usage."""

    def error(self, message: str) -> NoReturn:
        remedy = "" if ";" in message else f"; {self.prog} --help lists what fits"
        self.exit(2, f"{self.prog}: {' '.join(message.split())}{remedy}\n")


def whole(text: str) -> int:
    """A whole number from 1 upwards."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 upwards, got {text!r}")
    return int(text)


def parser() -> OneLineParser:
    models = "; ".join(f"{name}: {', '.join(kinds)}" for name, kinds in MODELS.items())
    made = OneLineParser(
        prog="python -m nets",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("data", nargs="?", help=f"{', '.join(MODELS)} (by default digits)")
    made.add_argument("--model", help=f"the kind of network ({models})")
    made.add_argument("--hidden", type=whole, nargs="+", metavar="WIDTH", help="of an mlp's layers")
    made.add_argument("--epochs", type=whole, help="how often all examples are seen")
    made.add_argument("--batch-size", type=whole, help="examples per step")
    made.add_argument("--lr", type=float, help="the highest learning rate")
    made.add_argument("--seed", type=int, help="of all that is random (by default 0)")
    made.add_argument("--save", metavar="FILE", help="a .npz or .safetensors, after every epoch")
    made.add_argument("--resume", metavar="FILE", help="go on from what --save wrote")
    made.add_argument("--plot", metavar="FILE", help="draw the losses, and in 2-D the boundary")
    return made


def run(given: argparse.Namespace) -> None:
    """Train as the command line says, and print and draw what came of it."""
    options: dict[str, Any] = {"data": "digits", "model": None, "hidden": [], "seed": 0}
    saved = read_settings(given.resume) if given.resume else {}
    options |= saved
    typed = {name: value for name, value in vars(given).items() if value is not None}
    if saved:  # before what was saved meets what was typed, and complains of it
        fixed = ("data", "model", "hidden", "seed", "lr", "batch_size")
        require_settings(given.resume, saved, {k: x for k, x in typed.items() if k in fixed})
    options |= typed
    if options["seed"] < 0:
        raise ValueError(f"the seed must not be negative, got {options['seed']}; try 0")
    rng = np.random.default_rng(options["seed"])
    chosen = task(options["data"], rng, options["model"], options["hidden"])
    options["model"] = options["model"] or MODELS[options["data"]][0]
    options = {"epochs": chosen.epochs, "batch_size": chosen.batch_size, "lr": chosen.lr} | options
    if not 0 < options["lr"] < math.inf:
        raise ValueError(f"lr must be positive and finite, got {options['lr']}; try 0.01")
    axes = new_axes(2 if options["data"] in CLOUDS else 1) if given.plot else []
    if given.plot:
        check_plot(given.plot, axes[0].figure)

    size = sum(parameter.size for parameter in chosen.model.parameters())
    begun = "{data}: {model}, {size:,} parameters, seed {seed}".format(size=size, **options)
    print(begun, flush=True)
    if saved.get("epochs", options["epochs"]) != options["epochs"]:
        print(
            f"the learning rate follows the schedule of {options['epochs']} epochs from here on, "
            f"not that of {saved['epochs']}",
            flush=True,
        )
    done: list[int] = []
    history = train(chosen, options, rng, lambda history: done.append(len(history)))
    print(report(history, chosen))
    if not done:
        print(f"\nnothing was left to train; go on with --epochs {2 * len(history)}")
    if given.plot:
        plot_losses(history, axes[0], other="test")
        if options["data"] in CLOUDS:
            plot_boundary(chosen.model, *chosen.train, axes[1])
        axes[0].figure.savefig(given.plot)


def train(
    chosen: Task,
    options: Mapping[str, Any],
    rng: np.random.Generator,
    on_epoch: Callable[[History], object] | None = None,
) -> History:
    """Train with AdamW, at a rate that rises for a tenth of the steps and then falls to 0."""
    steps = options["epochs"] * math.ceil(np.shape(chosen.train[0])[0] / options["batch_size"])
    warm = steps // 10
    schedule = warm_up(cosine(options["lr"], steps - warm), warm)
    return fit(
        chosen.model,
        chosen.train,
        loss=chosen.loss,
        optimiser=AdamW(chosen.model.parameters(), schedule),
        epochs=options["epochs"],
        rng=rng,
        batch_size=options["batch_size"],
        validation=chosen.test,
        metrics={"accuracy": accuracy},
        augment=chosen.augment,
        max_norm=1.0,
        checkpoint=options.get("save") or options.get("resume"),
        resume=options.get("resume"),
        settings={name: options[name] for name in ("data", "model", "hidden", "seed", "lr")},
        on_epoch=on_epoch,
    )


def check_plot(path: str, figure: Any) -> None:
    """Find what would go wrong only after the training."""
    kinds = figure.canvas.get_supported_filetypes()
    if Path(path).suffix.removeprefix(".") not in kinds:
        raise ValueError(f"{path} must end in one of .{', .'.join(kinds)}; rename the plot")
    if not Path(path).resolve().parent.is_dir():
        raise ValueError(f"{path} must lie in a folder that exists; make it first")


def report(history: History, chosen: Task) -> str:
    """What the last epoch measured, as a table, and a sample where the model writes one."""
    last = history.rows[-1]
    rows = [
        ("", "loss", "accuracy"),
        ("training", shown(last["loss"]), shown(last["accuracy"])),
        ("test", shown(last["val_loss"]), shown(last["val_accuracy"])),
    ]
    if chosen.baseline:
        name, loss = chosen.baseline
        rows.append((name, shown(loss), ""))
    width = max(len(row[0]) for row in rows)
    table = "\n".join(f"  {a:<{width}}  {b:>8}  {c:>8}".rstrip() for a, b, c in rows)
    seconds = sum(history["seconds"])
    text = f"\n{table}\n\n{len(history)} epochs in {seconds:.1f} s"
    return f"{text}\n\n{chosen.sample()}" if chosen.sample else text


def shown(number: float) -> str:
    """Four decimals, of numbers that have few digits in front of them."""
    return f"{number:.4f}" if abs(number) < 1e4 else f"{number:.4g}"


def main(arguments: list[str] | None = None) -> None:
    made = parser()
    given = made.parse_args(arguments)
    try:
        run(given)
    except FileNotFoundError as error:
        made.error(f"{error.filename} must exist; give the name of a file that --save wrote")
    except ArithmeticError as error:
        made.error(f"the training diverged: {error}; or try a lower --lr")
    except (ImportError, OSError, ValueError) as error:
        made.error(str(error))
    except KeyboardInterrupt:
        saved = given.save or given.resume
        there = saved and Path(saved).exists()
        made.exit(130, f"\ninterrupted{f'; go on with --resume {saved}' if there else ''}\n")


if __name__ == "__main__":
    main()

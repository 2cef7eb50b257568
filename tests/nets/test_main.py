"""`python -m nets`, from the command line down to the figures that it is to reach."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from nets.__main__ import main
from nets.train.checkpoint import read_settings
from nets.train.saving import TRAINING, read_arrays


def table(printed):
    """The rows of the result table: name to (loss, accuracy)."""
    rows = re.findall(r"^  (\w[\w ]*?)  +(\d+\.\d+)(?:  +(\d\.\d+))?$", printed, re.MULTILINE)
    return {name: (float(loss), float(accuracy or "nan")) for name, loss, accuracy in rows}


def weights(path):
    return {n: a.tobytes() for n, a in read_arrays(path).items() if not n.startswith(TRAINING)}


def command(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return {
        "args": [sys.executable, "-m", "nets", *arguments],
        "cwd": cwd,
        "env": environment,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }


# --- what it learns ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_digits_reach_98_5_percent(capsys, seed):
    main(["digits", "--seed", str(seed)])
    assert table(capsys.readouterr().out)["test"][1] >= 0.985


def test_a_transformer_soon_beats_the_bigram_table(capsys):
    main(["text", "--epochs", "2"])
    printed = capsys.readouterr().out
    losses = {name: loss for name, (loss, _) in table(printed).items()}
    assert losses["test"] < losses["bigram table"] - 0.15
    assert "\nAlice " in printed


@pytest.mark.parametrize("cloud", ["circle", "gaussians", "moons", "xor"])
def test_a_small_mlp_learns_the_clouds(capsys, cloud):
    main([cloud, "--model", "mlp", "--hidden", "8", "8", "--epochs", "100"])
    assert table(capsys.readouterr().out)["training"][1] > 0.9


def test_a_linear_model_learns_the_gaussians_but_not_the_circle(capsys):
    accuracies = []
    for cloud in ("gaussians", "circle"):
        main([cloud, "--model", "linear", "--epochs", "20"])
        accuracies.append(table(capsys.readouterr().out)["test"][1])
    assert accuracies[0] > 0.95
    assert accuracies[1] < 0.8


def test_without_an_argument_it_trains_on_the_digits(capsys):
    main(["--epochs", "1", "--seed", "3"])
    assert capsys.readouterr().out.startswith("digits: cnn, 20,866 parameters, seed 3\n")


def test_a_seed_decides_every_bit(tmp_path):
    for name, seed in [("a", "1"), ("b", "1"), ("c", "2")]:
        main(["spiral", "--epochs", "2", "--seed", seed, "--save", str(tmp_path / f"{name}.npz")])
    a, b, c = (weights(tmp_path / f"{name}.npz") for name in "abc")
    assert a == b != c


# --- saving and resuming ----------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of POSIX systems")
def test_what_is_killed_is_resumed_to_the_same_bits(tmp_path):
    file = tmp_path / "spiral.npz"
    running = subprocess.Popen(
        **command("spiral", "--epochs", "120", "--save", file.name, cwd=tmp_path)
    )
    while not file.exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    resumed = subprocess.run(**command("--resume", file.name, cwd=tmp_path), check=True)
    assert "120 epochs" in resumed.stdout
    whole = command("spiral", "--epochs", "120", "--save", "whole.npz", cwd=tmp_path)
    subprocess.run(**whole, check=True)
    assert weights(file) == weights(tmp_path / "whole.npz")


def test_a_finished_run_that_is_resumed_says_so(tmp_path, capsys):
    file = str(tmp_path / "run.npz")
    main(["moons", "--hidden", "5", "--epochs", "2", "--save", file])
    assert "nothing was left" not in capsys.readouterr().out
    main(["--resume", file])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "nothing was left to train; go on with --epochs 4"
    main(["--resume", file, "--epochs", "4"])
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[1] == "the learning rate follows the schedule of 4 epochs from here on, not that of 2"
    )
    assert lines[-1].startswith("4 epochs in")


def test_a_learning_rate_out_of_all_measure(capsys):
    main(["moons", "--hidden", "5", "--epochs", "2", "--lr", "1e9"])
    assert max(map(len, capsys.readouterr().out.splitlines())) < 80


def test_resuming_takes_over_what_was_asked_for_at_first(tmp_path, capsys):
    file = str(tmp_path / "run.npz")
    main(["moons", "--hidden", "5", "--epochs", "2", "--seed", "7", "--lr", "0.1", "--save", file])
    main(["moons", "--model", "mlp", "--resume", file, "--epochs", "4"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 epochs in")
    assert read_settings(file) == {
        "examples": 320,
        "batch_size": 32,
        "drop_last": False,
        "measured": ["accuracy", "validation"],
        "data": "moons",
        "model": "mlp",
        "hidden": [5],
        "seed": 7,
        "lr": 0.1,
        "epochs": 4,
    }


def test_resuming_into_another_file_keeps_the_first(tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    main(["moons", "--epochs", "2", "--save", str(first)])
    before = first.read_bytes()
    main(["--resume", str(first), "--epochs", "3", "--save", str(second)])
    assert first.read_bytes() == before
    assert read_settings(second)["epochs"] == 3


# --- plots ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "panels"), [("moons", 2), ("digits", 1)])
def test_a_plot_shows_the_losses_and_in_the_plane_the_boundary(tmp_path, data, panels):
    pytest.importorskip("matplotlib")
    file = tmp_path / "plot.svg"
    main([data, "--epochs", "2", "--plot", str(file)])
    assert file.read_text(encoding="utf-8").count('id="axes_') == panels


# --- trouble ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digit"], r"must be one of digits, text, .*, got 'digit'; name one"),
        (["digits", "--model", "transformer"], "one of cnn, mlp, linear, got 'transformer'; name"),
        (["digits", "--hidden", "8"], r"hidden widths are for an mlp, got \[8\] for cnn; leave"),
        (["--epochs", "0"], "from 1 upwards, got '0'; python -m nets --help"),
        (["--batch-size", "many"], "from 1 upwards, got 'many'; python -m nets --help"),
        (["--hidden", "-1"], "hidden: expected at least one|from 1 upwards, got '-1'"),
        (["--lr", "-1"], "lr must be positive and finite, got -1.0; try 0.01"),
        (["--lr", "fast"], "invalid float value: 'fast'; python -m nets --help"),
        (["--seed", "-1"], "seed must not be negative, got -1; try 0"),
        (["--speed"], "unrecognized arguments: --speed; python -m nets --help"),
        (["--save", "model.pt"], r"must end in \.npz or \.safetensors, got '\.pt'; rename it"),
        (["--save", "no/such/folder/a.npz"], "folder must exist, got .*; make it first"),
        (["--resume", "nothing.npz"], r"nothing\.npz must exist; give the name of a file"),
        (["--plot", "plot.xyz"], r"plot\.xyz must end in one of .*\.png.*; rename the plot"),
        (["--plot", "no/such/folder/a.png"], "must lie in a folder that exists; make it first"),
    ],
)
def test_bad_arguments_get_one_line_and_status_2(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as info:
        main(arguments)
    assert info.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.search(message, lines[0])
    assert not any(tmp_path.iterdir())


def fails(capsys, *arguments):
    """The one line that is printed where a command fails."""
    with pytest.raises(SystemExit) as info:
        main(list(arguments))
    assert info.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_other_settings_than_those_that_are_resumed_get_one_line(tmp_path, capsys):
    file = str(tmp_path / "run.npz")
    main(["moons", "--epochs", "1", "--save", file])
    assert re.search(
        "begun with, seed=0, got seed=1; pass", fails(capsys, "--resume", file, "--seed", "1")
    )
    assert "data='moons', got data='circle'" in fails(capsys, "circle", "--resume", file)
    # not of the model or the widths that were saved, and that nobody typed
    assert "data='moons', got data='text'" in fails(capsys, "text", "--resume", file)
    main(["moons", "--hidden", "5", "--epochs", "1", "--save", file])
    assert "model='mlp', got model='linear'" in fails(capsys, "--model", "linear", "--resume", file)


def test_a_damaged_file_gets_one_line(tmp_path, capsys):
    file = tmp_path / "run.npz"
    main(["moons", "--epochs", "1", "--save", str(file)])
    file.write_bytes(file.read_bytes()[:500])
    assert "truncated, damaged" in fails(capsys, "--resume", str(file))


def test_a_loss_that_is_not_finite_gets_one_line(capsys):
    line = fails(capsys, "moons", "--lr", "1e300", "--epochs", "5")
    assert re.search("the training diverged: matmul made .*; or try a lower --lr", line)


def test_a_missing_matplotlib_gets_one_line_before_any_work(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "plots need matplotlib" in fails(capsys, "moons", "--plot", "moons.png")


def test_no_extra_is_needed_to_train(monkeypatch, capsys):
    for extra in ("matplotlib", "safetensors", "threadpoolctl", "tqdm"):
        monkeypatch.setitem(sys.modules, extra, None)
    with pytest.warns(UserWarning, match="install threadpoolctl"):
        main(["moons", "--epochs", "1"])
    assert "test" in table(capsys.readouterr().out)


def test_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    file = tmp_path / "run.npz"
    main(["moons", "--epochs", "1", "--save", str(file)])

    def interrupt(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("nets.__main__.fit", interrupt)
    with pytest.raises(SystemExit) as info:
        main(["--resume", str(file)])
    assert info.value.code == 130
    assert f"interrupted; go on with --resume {file}" in capsys.readouterr().err

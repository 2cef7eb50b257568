"""`python -m autograd`, as a person runs it."""

from __future__ import annotations

import json

import pytest

from autograd.__main__ import main


def run(capsys, *arguments):
    main(list(arguments))
    return capsys.readouterr().out


def test_without_arguments_it_walks_the_lectures_example(capsys):
    out = run(capsys)
    for number in ("0.680267", "0.663739", "0.690283", "0.018104"):
        assert number in out
    for gradient in ("0.027674", "0.027002", "0.000929", "0.002389", "0.002860", "0.007354"):
        assert out.count(gradient) >= 2, "the gradient, and its finite difference"
    for weight in ("0.272326", "0.872998", "0.099071", "0.797611", "0.397140", "0.592646"):
        assert weight in out
    assert "0.682019" in out


def test_an_expression_is_walked_with_symbols_and_numbers(capsys):
    out = run(capsys, "tanh(a*b + c)", "a=2", "b=-3", "c=10")
    assert "f  = tanh(v2)" in out
    assert "∂f/∂f × (1 − f × f)" in out
    assert "∂f/∂a += ∂f/∂v1 × b = 0.00134095 × (−3) = −0.00402285" in out


def test_second_derivatives(capsys):
    found = json.loads(run(capsys, "x**3 * y", "x=2", "y=5", "--order", "2", "--json"))
    assert found["gradients"] == {"x": 60.0, "y": 8.0}
    assert found["second"] == {"x": {"x": 60.0, "y": 12.0}, "y": {"x": 12.0, "y": 0.0}}
    assert "∂²f/∂x∂y = 12" in run(capsys, "x**3 * y", "x=2", "y=5", "--order", "2")
    shown = run(capsys, "relu(x)**2", "x=0", "--order", "2")
    assert "∂²f/∂x∂x = nan" in shown and "a slope was chosen at a kink" in " ".join(shown.split())


def test_a_kink_is_measured_on_both_sides(capsys):
    out = run(capsys, "relu(x)", "x=0")
    assert "∂f/∂x =     0.000000   measured 0.000000 on the left, and on the right 1.000000" in out


def test_a_derivative_of_0_has_no_sides(capsys):
    out = run(capsys, "x * tanh(y)", "x=0", "y=2")
    assert out.splitlines()[-1] == "  ∂f/∂y =     0.000000   measured 0.000000"


def test_json_holds_the_whole_walk(capsys):
    found = json.loads(run(capsys, "--json"))
    assert round(found["updated"]["w3"], 6) == 0.099071
    assert round(found["second_values"]["y"], 6) == 0.682019
    assert len(found["forward"]) == 15
    sent = found["backward"][0]["sent"][0]
    assert sent.keys() == {"name", "symbols", "numbers", "result"}


def test_a_second_output_keeps_the_variables_name(capsys):
    assert "∂v2/∂f" in run(capsys, "-f * +2", "f=1")


def test_step_walks_without_a_terminal(capsys):
    assert "backward: f" in run(capsys, "step", "a * a", "a=2")
    assert "backward: E" in run(capsys, "step")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x +", "x=1"], "not an expression"),
        (["foo(x)", "x=1"], "foo(...) is no known function at column 1"),
        (["x + y", "x=1"], "y has no number at column 5 of 'x + y'; add y=..."),
        (["x", "x=abc"], "'abc' is not a number; write it as x=2"),
        (["x", "x"], "write it as name=number"),
        (["x", "x=1", "y=2"], "y does not occur"),
        (["x", "x=1", "x=2"], "x is given twice"),
        (["3"], "no variable"),
        (["x.real", "x=1"], "'x.real' is not allowed at column 1"),
        (["__import__('os')"], "no known function"),
        (["x if x else x", "x=1"], "not allowed"),
        (["'a' + x", "x=1"], "no real number"),
        (["exp + x", "x=1"], "exp is a function"),
        (["exp(x, x)", "x=1"], "exp"),
        (["x", "x=1", "--order", "3"], "--order"),
        (["step", "x*x", "x=1", "--json"], "leave out --json"),
        (["x * 1" + "0" * 400, "x=1"], "stay below 1e308"),
        (["x" + "+x" * 980, "x=1"], "nested"),
        (["x" + "+x" * 10**5, "x=1"], "nested"),
        (["1" + "-" * 10**5 + "x", "x=1"], "nested"),
        (["(" * 300 + "x" + ")" * 300, "x=1"], "nested"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert message in error
    assert error.count("\n") == 1

"""Modes hold wherever a body runs, in nobody else's code, and are left in order."""

import asyncio
import inspect
import threading

import pytest

from autograd import Observer, Value, no_grad, observing
from autograd.core.node import current_mode
from autograd.errors import NonFiniteError
from autograd.viz import detect_anomaly, record_lines

x = Value(2.0)


def recording():
    return (x * x).op is not None


@pytest.fixture(params=[no_grad, no_grad()], ids=["bare", "called"])
def decorate(request):
    return request.param


def test_it_decorates_functions_and_methods(decorate):
    class C:
        @decorate
        def method(self):
            """Said."""
            return recording()

        @decorate
        @staticmethod
        def static():
            return recording()

        @classmethod
        @decorate
        def of_class(cls):
            return recording()

    assert not (C().method() or C.static() or C.of_class() or C().of_class())
    assert C.method.__doc__ == "Said."
    assert recording()


@pytest.mark.parametrize("thing", [type("C", (), {}), 3, None.__class__])
def test_it_decorates_nothing_else(thing):
    with pytest.raises(TypeError, match="a mode decorates a function"):
        no_grad()(thing)


def test_it_holds_in_the_body_of_a_generator_and_not_while_that_waits(decorate):
    seen = []

    @decorate
    def generator():
        got = yield recording()
        try:
            yield recording(), got
        except KeyError:
            yield "caught", recording()
        finally:
            seen.append(recording())
        return recording()

    assert inspect.isgeneratorfunction(generator)
    g = generator()
    assert (next(g), recording(), g.send(3), recording()) == (False, True, (False, 3), True)
    assert (g.throw(KeyError()), recording()) == (("caught", False), True)
    with pytest.raises(StopIteration) as stop:
        next(g)
    assert stop.value.value is False
    g = generator()
    next(g)
    g.send(0)
    g.close()
    assert seen == [False, False]
    g = generator()
    next(g)
    with pytest.raises(ZeroDivisionError):
        g.throw(ZeroDivisionError())
    assert recording()


def test_it_holds_in_coroutines_and_not_while_they_wait(decorate):
    @decorate
    async def coroutine():
        before = recording()
        await asyncio.sleep(0)
        return before, recording()

    async def main():
        return await coroutine(), recording()

    assert inspect.iscoroutinefunction(coroutine)
    assert asyncio.run(main()) == ((False, False), True)
    paused = coroutine()
    paused.send(None)
    assert recording()
    paused.close()


def test_it_holds_in_asynchronous_generators_and_not_while_they_wait(decorate):
    seen = []

    @decorate
    async def generator():
        try:
            got = yield recording()
            await asyncio.sleep(0)
            yield recording(), got
        finally:
            seen.append(recording())

    async def main():
        found = []
        async for item in generator():
            found += [item, recording()]
        g = generator()
        await g.asend(None)
        found += [await g.asend(5), recording()]
        await g.aclose()
        g = generator()
        await g.asend(None)
        with pytest.raises(KeyError):
            await g.athrow(KeyError())
        return found

    assert inspect.isasyncgenfunction(generator)
    assert asyncio.run(main()) == [False, True, (False, None), True, (False, 5), True]
    assert seen == [False] * 3


def test_other_modes_do_so_too():
    @detect_anomaly
    def infinite():
        yield 1
        yield Value(0.0).log()

    g = infinite()
    next(g)
    assert not current_mode().observers
    with pytest.raises(NonFiniteError):
        next(g)
    assert not current_mode().observers

    @record_lines()
    def square():
        return x * x

    assert "return x * x" in square().line.text

    class Counter(Observer):
        count = 0

        def recorded(self, node):
            self.count += 1

    @observing(counter := Counter())
    def two():
        yield x * x
        yield x * x

    for _ in two():
        assert recording()
    assert counter.count == 2


def test_leaving_in_another_order_is_an_error_and_leaves_all_of_them():
    first, second = no_grad(), observing(Observer())
    first.__enter__()
    second.__enter__()
    with pytest.raises(RuntimeError, match=r"no_grad\(\) is left before observing\(Observer\)"):
        first.__exit__(None, None, None)
    assert recording()
    second.__exit__(None, None, None)  # as a `with` around it does: it has been told
    assert not current_mode().observers
    with pytest.raises(RuntimeError, match="left where it was not entered"):
        second.__exit__(None, None, None)


def test_a_generator_that_waits_within_a_mode_leaks_until_it_goes_on():
    def generator():
        with no_grad():
            yield

    g = generator()
    next(g)
    assert not recording()
    with pytest.raises(RuntimeError, match="decorate it instead"), observing(Observer()):
        list(g)
    assert recording()
    assert not current_mode().observers


def test_a_mode_is_entered_any_number_of_times_and_in_threads_of_its_own():
    mode, seen = no_grad(), []
    with mode:
        with mode:
            assert not recording()
        assert not recording()
        thread = threading.Thread(target=lambda: seen.append(recording()))
        thread.start()
        thread.join()
    assert recording()
    assert seen == [True]


def test_a_mode_that_is_left_in_another_thread_says_so():
    mode, said = no_grad(), []

    def leave():
        with pytest.raises(RuntimeError, match="thread or task") as error:
            mode.__exit__(None, None, None)
        said.append(error)

    with mode:
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
    assert said

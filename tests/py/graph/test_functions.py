# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Functions in offline graphs: the bits of NumPy models, in all manners of calling them."""

import functools
import gc
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192
N = 2048
RNG = np.random.default_rng(5)
NOISE = RNG.uniform(-1, 1, (N, 2)).astype("float32")


def context(channels=2, length=N, quantum=128):
    return ps.OfflineAudioContext(channels, length, RATE, quantum=quantum)


def noise(ctx, channels=2):
    source = ctx.create_buffer_source(ps.AudioBuffer(NOISE[:, :channels], RATE))
    source.start()
    return source


def heard(function, channels=2, length=N, quantum=128, **options):
    """Return what a function makes of the noise."""
    ctx = context(channels, length, quantum)
    node = ctx.create_function(function, channels=channels, **options)
    noise(ctx, channels) >> node >> ctx.destination
    return ctx.render()


def tanh_in_place(block):
    np.tanh(block, out=block)


def by_channel(channel, buffer):
    buffer *= channel + 1


def by_ports(inputs, outputs, params):
    outputs[0][:] = inputs[0][::-1]


@pytest.mark.parametrize(
    ("function", "model"),
    [
        (np.tanh, np.tanh(NOISE)),
        (tanh_in_place, np.tanh(NOISE)),
        (lambda block: np.tanh(block), np.tanh(NOISE)),
        (lambda block: block[:, ::-1].astype(float), NOISE[:, ::-1]),
        (by_channel, NOISE * np.float32([1, 2])),
        (by_ports, NOISE[:, ::-1]),
        (functools.partial(np.multiply, np.float32(0.5)), None),
    ],
)
def test_every_manner_gives_the_bits_of_its_model(function, model):
    if model is None:
        assert np.array_equal(heard(function, signature="block"), NOISE * np.float32(0.5))
    else:
        assert np.array_equal(heard(function), model)


@pytest.mark.parametrize("quantum", [128, 100, 1000])
@pytest.mark.parametrize(("block", "name"), [(128, ""), (32, ""), (500, ""), (1024, ""), (7, "")])
def test_blocks_of_any_size_are_whole_and_as_late_as_told(quantum, block, name):
    shapes, frames = set(), []

    def keep(block, *, frame):
        shapes.add(block.shape)
        frames.append(frame)

    ctx = context(2, N, quantum)
    node = ctx.create_function(keep, channels=2, block=block)
    noise(ctx) >> node >> ctx.destination
    latency = node.latency_frames
    assert latency == block - np.gcd(block, quantum)
    assert node.latency == latency / RATE
    out = ctx.render()
    assert not out[:latency].any()
    assert np.array_equal(out[latency:], NOISE[: N - latency])
    assert shapes == {(block, 2)}
    assert frames == list(range(0, frames[-1] + 1, block))
    assert node.stats == ps.FunctionStats(len(frames), 0, 0, 0)


def test_without_input_it_is_a_source():
    def ramp(block, *, frame, time, sample_rate):
        assert time == frame / sample_rate
        block[:, 0] = np.arange(frame, frame + len(block))

    ctx = context(1)
    node = ctx.create_function(ramp, inputs=0)
    node >> ctx.destination
    with pytest.raises(ps.StateError):
        node.stop(1)
    node.start(300 / RATE)
    node.stop(1000 / RATE)
    out = ctx.render()[:, 0]
    wanted = np.arange(N, dtype="float32")
    wanted[:300] = wanted[1000:] = 0
    assert np.array_equal(out, wanted)
    assert node.has_ended
    assert not node.is_playing


def test_the_seeds_manner_begins_with_its_function():
    ctx = context(1, 256)
    func = ctx.create_function(channels=1)

    def process_audio(channel, buffer):
        samples = np.array(buffer)
        buffer[:] = np.cos(samples * np.pi * 2) / 2

    func.set_process_function(process_audio)
    func >> ctx.destination
    func.start()
    assert func.function is process_audio
    assert (ctx.render() == 0.5).all()


def test_nothing_is_silence_until_there_is_a_function():
    ctx = context(1, 512)
    func = ctx.create_function(channels=1)
    noise(ctx, 1) >> func >> ctx.destination
    for _ in (steps := ctx.render_steps([256 / RATE])):
        func.set_process_function(lambda block: block + 2)
    out = steps.output[:, 0]
    assert not out[:256].any()
    assert np.array_equal(out[256:], NOISE[256:512, 0] + np.float32(2))


def test_ports_have_channels_of_their_own():
    def swap(inputs, outputs, params):
        assert [x.shape for x in inputs] == [(2, 128), (2, 128)]
        assert [x.shape for x in outputs] == [(1, 128), (3, 128)]
        inputs[0] *= 1  # It is nobody else's.
        outputs[0][0] = inputs[1][0]
        outputs[1][2] = inputs[0][1]

    ctx = context(3)
    node = ctx.create_function(swap, channels=2, inputs=2, outputs=2, output_channels=[1, 3])
    one = ctx.create_constant_source(0.5)
    one.start()
    noise(ctx) >> node[0]
    one >> node[1]
    node[1] >> ctx.destination
    assert (node.number_of_inputs, node.number_of_outputs) == (2, 2)
    out = ctx.render()
    assert np.array_equal(out[:, 2], NOISE[:, 1])
    assert not out[:, :2].any()


def test_a_function_may_change_the_number_of_channels():
    out = heard(lambda block: block.mean(1), channels=2, output_channels=1)
    assert np.allclose(out[:, 0], NOISE.mean(1))
    with pytest.raises(ps.ArgumentTypeError, match="returned None"):
        heard(lambda block: None, channels=2, output_channels=1)


def test_one_without_outputs_listens():
    seen = []
    ctx = context(1, 512)
    node = ctx.create_function(lambda block: seen.append(block.copy()), outputs=0)
    noise(ctx, 1) >> node
    ctx.render()
    assert np.array_equal(np.concatenate(seen), NOISE[:512, :1])


# ---- Params --------------------------------------------------------------------------------------


def test_params_are_params():
    ctx = context(1, 512)
    node = ctx.create_function(
        lambda block, *, gain, bias: block * gain + bias,
        params={"gain": 0.5, "bias": {"default": 0, "min": -1, "max": 1, "rate": "k-rate"}},
        parameter_data={"gain": 2},
    )
    assert list(node.parameters) == ["gain", "bias"]
    assert node.gain is node.parameters["gain"]
    assert (node.gain.value, node.gain.default_value) == (2, 0.5)
    assert (node.bias.min_value, node.bias.max_value) == (-1, 1)
    assert node.bias.automation_rate == "k-rate"
    assert "gain" in dir(node)
    assert "gain=2" in repr(node)
    node.gain.set_value_at_time(3, 300 / RATE)
    node.bias = 5  # Limited.
    noise(ctx, 1) >> node >> ctx.destination
    out = ctx.render()[:, 0]
    gain = np.where(np.arange(512) < 300, 2, 3).astype("float32")
    assert np.array_equal(out, NOISE[:512, 0] * gain + np.float32(1))
    with pytest.raises(AttributeError):
        node.nothing  # noqa: B018
    node.note = "anything"  # As any object.
    assert node.note == "anything"


def test_steady_params_have_one_value():
    shapes = []

    def look(inputs, outputs, params):
        shapes.append({name: values.shape for name, values in params.items()})

    ctx = context(1, 512)
    node = ctx.create_function(look, params={"a": 0, "b": 0})
    node.a.linear_ramp_to_value_at_time(1, 256 / RATE)
    lfo = ctx.create_oscillator(frequency=10)
    lfo.start(256 / RATE)
    lfo >> node.b
    node >> ctx.destination
    ctx.render()
    moving, steady = (128,), (1,)
    assert shapes == [{"a": moving, "b": steady}] * 2 + [{"a": steady, "b": moving}] * 2


def test_params_of_blocks_have_one_value_each():
    seen = []

    def look(inputs, outputs, params):
        seen.append(params["a"].tolist())

    ctx = context(1, 1024)
    node = ctx.create_function(look, params={"a": {"rate": "k-rate"}}, block=512)
    node.a.linear_ramp_to_value_at_time(1024, 1024 / RATE)
    node >> ctx.destination
    ctx.render()
    assert seen == [[0], [512]]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"a": "x"}, "default of params"),
        ({"a": {"max": 1, "default": 2}}, r"default of params\[0\] is 2; it must be from"),
        ({"a": {"rate": "x"}}, "rate of params"),
        ({"a": {"colour": 1}}, "has 'colour'"),
        ([{"default": 1}], "name of params"),
        ([{"name": "a"}, {"name": "a"}], "named 'a', as another"),
        (["a"], r"params\[0\] is 'a'"),
        (3, "params is 3"),
        ({"a": 1e300}, "fit into 32 bits"),
        ({f"p{i}": 0 for i in range(65)}, "there are 65 params"),
    ],
)
def test_params_that_are_none_are_refused(params, text):
    with pytest.raises(ps.PastreamError, match=text):
        context().create_function(params=params)


# ---- Processors ----------------------------------------------------------------------------------


class Gain(ps.AudioProcessor):
    parameter_descriptors = (
        {"name": "gain", "default_value": 1, "min_value": 0, "automation_rate": "a-rate"},
    )

    def __init__(self, factor=1):
        assert self.sample_rate == RATE
        self.factor = factor
        self.frames = []

    def process(self, inputs, outputs, params):
        self.frames.append(self.current_frame)
        assert self.current_time == self.current_frame / RATE
        outputs[0][:] = inputs[0] * params["gain"] * self.factor


def test_a_processor_is_called_as_a_worklet():
    ctx = context(2, 512)
    node = ctx.create_processor(Gain, options={"factor": 3}, parameter_data={"gain": 0.5})
    noise(ctx) >> node >> ctx.destination
    assert np.array_equal(ctx.render(), NOISE[:512] * np.float32(1.5))
    assert node.processor.frames == [0, 128, 256, 384]


def test_an_object_is_a_processor_as_well():
    class Plain:
        def process(self, inputs, outputs, params):
            outputs[0][:] = -inputs[0]

    ctx = context(2, 512)
    node = ps.ProcessorNode(ctx, Plain())
    noise(ctx) >> node >> ctx.destination
    assert np.array_equal(ctx.render(), -NOISE[:512])
    with pytest.raises(ps.ArgumentError, match="options is"):
        ps.ProcessorNode(context(), Plain(), options={"a": 1})
    for wrong in (object(), Gain.process, 3):
        with pytest.raises(ps.ArgumentTypeError, match="processor is"):
            ps.ProcessorNode(context(), wrong)


def test_one_that_may_end_is_called_only_with_sound():
    calls = []

    def until_silent(inputs, outputs, params):
        calls.append(bool(inputs[0].any()))
        outputs[0][:] = inputs[0]
        return False

    ctx = context(1, N)
    source = noise(ctx, 1)
    source.stop(512 / RATE)
    source >> ctx.create_function(until_silent) >> ctx.destination
    ctx.render()
    assert calls == [True] * 4


def test_a_source_that_may_end_ends():
    ended = []
    ctx = context(1, N)
    count = iter(range(100))

    def three_blocks(inputs, outputs, params):
        outputs[0][:] = 1
        return next(count) < 2

    node = ctx.create_function(three_blocks, inputs=0)
    node.on_ended = lambda: ended.append(1)
    node >> ctx.destination
    node.start()
    out = ctx.render()[:, 0]
    assert out.sum() == 3 * 128
    assert next(count) == 3
    assert ended == [1]


# ---- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "options", "text"),
    [
        (3, {}, "function is 3"),
        (lambda: 0, {}, "it must take"),
        (lambda a, b, c, d: 0, {}, "it must take"),
        (lambda *args: 0, {}, "signature= says which"),
        (dict, {}, "create_processor"),
        (max, {}, "signature="),
        (lambda block, *, colour: 0, {}, "wants 'colour' by keyword"),
        (lambda block: 0, {"inputs": 2}, "takes one input"),
        (by_channel, {"output_channels": 2}, "channel by channel"),
        (lambda block: 0, {"signature": "x"}, "signature is 'x'"),
        (lambda block: 0, {"channels": 0}, "channels is 0"),
        (lambda block: 0, {"inputs": 33}, "inputs is 33"),
        (lambda block: 0, {"output_channels": [1, 1]}, "there must be 1"),
        (lambda block: 0, {"block": 0}, "block is 0"),
        (lambda block: 0, {"look_ahead": -1}, "look_ahead is -1"),
        (lambda block: 0, {"look_ahead": "x"}, "look_ahead is 'x'"),
        (lambda block: 0, {"underrun": "x"}, "underrun is 'x'"),
        (lambda block: 0, {"inputs": 0, "underrun": "bypass"}, "nothing to pass"),
        (lambda block: 0, {"parameter_data": {"a": 1}}, "parameter_data has 'a'"),
        (lambda block: 0, {"userdata": bytearray(1)}, "needs a compiled function"),
    ],
)
def test_what_cannot_be_called_is_refused_at_once(function, options, text):
    ctx = context(1)
    with pytest.raises(ps.PastreamError, match=text):
        ctx.create_function(function, **options)
    assert len(ctx._functions) == 0


async def coroutine(block):
    pass


def generator(block):
    yield block


@pytest.mark.parametrize("function", [coroutine, generator])
def test_what_would_not_run_is_refused(function):
    with pytest.raises(ps.ArgumentTypeError, match="must be a plain one"):
        context().create_function(function)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (np.zeros(3), r"shape \(3,\); it must be \(128, 2\)"),
        ("x", "returned 'x' of type str"),
        (1j * NOISE[:128], "array of numbers"),
        (0.5, "shape"),
    ],
)
def test_what_cannot_be_heard_is_an_error(result, text):
    with pytest.raises(ps.PastreamError, match=text):
        heard(lambda block: result)


def test_results_of_other_manners_are_errors():
    with pytest.raises(ps.ArgumentTypeError, match="must change its buffer"):
        heard(lambda channel, buffer: buffer)
    with pytest.raises(ps.ArgumentTypeError, match="write into its outputs"):
        heard(lambda inputs, outputs, params: 3)
    ctx = context()
    noise(ctx) >> ctx.create_function(lambda block: block, channels=2, outputs=0)
    with pytest.raises(ps.ArgumentTypeError, match="has no output"):
        ctx.render()


def test_an_exception_comes_out_of_render_and_all_else_goes_on():
    error = KeyError("mine")

    def fail(block, *, frame):
        if frame == 256:
            raise error

    ctx = context(1, 1024)
    node = ctx.create_function(fail)
    noise(ctx, 1) >> node >> ctx.destination
    with pytest.raises(KeyError) as raised:
        ctx.render()
    assert raised.value is error
    assert node.has_ended
    assert node.stats.blocks == 3
    names = [entry.name for entry in raised.traceback]
    assert names[-1] == "fail"
    # Another context does as if nothing had happened.
    assert np.array_equal(heard(np.tanh), np.tanh(NOISE))


def test_a_handler_gets_the_exception_and_the_rest_is_silent():
    errors = []

    def fail(block, *, frame):
        if frame == 256:
            raise KeyError("mine")

    ctx = context(1, 1024)
    node = ctx.create_function(fail)
    node.on_error = errors.append
    assert node.on_error is not None
    source = noise(ctx, 1)
    source >> node >> ctx.destination
    source >> ctx.create_gain(0.5) >> ctx.destination
    out = ctx.render()[:, 0]
    assert [type(error) for error in errors] == [KeyError]
    half = NOISE[:1024, 0] * np.float32(0.5)
    assert np.array_equal(out[256:], half[256:])
    assert np.allclose(out[:256], 3 * half[:256])
    with pytest.raises(ps.ArgumentTypeError, match="on_error is 3"):
        node.on_error = 3


def test_blocks_and_steps_raise_as_well():
    def fail(block):
        raise KeyError

    ctx = context(1, 1024)
    noise(ctx, 1) >> ctx.create_function(fail) >> ctx.destination
    with pytest.raises(KeyError):
        list(ctx.blocks(100))


def test_an_interrupt_in_a_function_comes_out_of_render():
    def interrupted(block):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heard(interrupted)


def test_a_function_may_change_the_graph():
    ctx = context(1, 1024)
    gain = ctx.create_gain(0)

    def turn_up(block, *, frame):
        if frame == 256:
            gain.gain = 1

    noise(ctx, 1) >> ctx.create_function(turn_up) >> gain >> ctx.destination
    out = ctx.render()[:, 0]
    # It is sent with the next call of the renderer, at the latest.
    assert not out[:256].any()


def test_small_numbers_are_not_flushed_in_a_function():
    seen = []

    def look(block):
        seen.append(float(np.float32(1e-30) * np.float32(1e-12)))

    heard(look, length=128)
    assert seen == [pytest.approx(1e-42, rel=0.01)]


# ---- Life ----------------------------------------------------------------------------------------


class Function:
    def __call__(self, block):
        block *= 2


def test_the_context_keeps_what_can_be_heard_and_nothing_else():
    function = Function()
    alive = weakref.ref(function)
    ctx = context(1, 512)
    noise(ctx, 1) >> ctx.create_function(function) >> ctx.destination
    del function
    gc.collect()
    assert alive() is not None
    assert np.array_equal(ctx.render()[:, 0], NOISE[:512, 0] * 2)
    gc.disable()  # By their counts alone.
    try:
        del ctx
        assert alive() is None
    finally:
        gc.enable()


def test_arrays_outlive_everything():
    kept = []
    heard(lambda block: kept.append(block), length=128)
    gc.collect()
    assert np.array_equal(kept[0], NOISE[:128])
    assert kept[0].base is not None


def test_many_contexts_render_on_many_threads():
    results = {}

    def render(index):
        results[index] = heard(lambda block: block * np.float32(index))

    threads = [threading.Thread(target=render, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, result in results.items():
        assert np.array_equal(result, NOISE * np.float32(index))

"""The fused kernels give what the equations give, forward and backward, and stand aside where they cannot."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from seqlab.recurrent import CELLS, Recurrent, Weights, fused
from seqlab.recurrent.kernels import KERNELS, arrays
from seqlab.recurrent.kernels.product import TERMS
from seqlab.recurrent.scan import reference

D = 5
DOUBLE, SINGLE = torch.float64, torch.float32
FUSED = [name for name, row in CELLS.items() if row.fused_kernel]
SIZES = (1, 7, 70)  # the last panel of a product is partly filled by each of these, whatever the register's width
BATCHES = (1, 2, 3, 6, 13)  # 13 rows are tiles of 5, 4 and 4
each_cell = pytest.mark.parametrize("cell", FUSED)


class Case:
    """Random tensors for a cell: what a layer takes, by name, and what comes from above."""

    def __init__(self, cell, batch, steps, n, *, dtype=DOUBLE, seed=0, one_hot=False):
        draw = torch.Generator().manual_seed(seed)
        randn = lambda *shape: torch.randn(shape, generator=draw, dtype=DOUBLE).to(dtype)  # noqa: E731
        self.row = CELLS[cell]
        self.inputs = torch.randint(D, (batch, steps), generator=draw) if one_hot else randn(batch, steps, D)
        self.state = {f"before {name}": randn(batch, n) for name in self.row.states}
        # Weights of this size neither let the state die out nor saturate the gates.
        self.weights = {name: randn(*shape) / n**0.5 for name, shape in self.row.parameter_shapes(D, n).items()}
        self.cotangents = [randn(batch, steps, n) for _ in self.row.states]

    @property
    def tensors(self):
        """All that can be differentiated."""
        real = {"inputs": self.inputs} if self.inputs.is_floating_point() else {}
        return real | self.state | self.weights

    def of_doubles(self):
        """The same numbers in float64."""
        other = object.__new__(Case)
        other.row, other.inputs = self.row, self.inputs.double() if self.inputs.is_floating_point() else self.inputs
        other.state = {name: part.double() for name, part in self.state.items()}
        other.weights = {name: part.double() for name, part in self.weights.items()}
        other.cotangents = [part.double() for part in self.cotangents]
        return other

    def states(self, run, tensors=None):
        """The states after every step, by `run`."""
        given = self.tensors | (tensors or {})
        inputs, state = given.get("inputs", self.inputs), tuple(given[name] for name in self.state)
        weights = Weights({name: given[name] for name in self.weights})
        return run(self.row, inputs, state, weights)

    def gradients(self, run, wanted=None, above=None):
        """The states, and by name the gradients of the tensors that are `wanted` (all) from the states `above` (all)."""
        wanted = list(self.tensors) if wanted is None else wanted
        leaves = {name: self.tensors[name].detach().clone().requires_grad_() for name in wanted}
        states = self.states(run, leaves)
        reached = range(len(states)) if above is None else above
        loss = sum((states[k] * self.cotangents[k]).sum() for k in reached)
        if not loss.requires_grad:  # nothing of it reads what is wanted
            return states, {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
        found = torch.autograd.grad(loss, [*leaves.values()], materialize_grads=True, allow_unused=True)
        return states, dict(zip(leaves, found, strict=True))


def loop(row, inputs, state, weights):
    return reference(row, row.project(inputs, weights), state, weights)


def distance(got, wanted):
    """The largest difference, by the size of the largest number."""
    assert got.shape == wanted.shape
    return ((got - wanted).abs().max() / wanted.abs().max().clamp(min=1e-3)).item()


def assert_same(got, wanted, outputs=1e-12, gradients=1e-10):
    for value, expected in zip(got[0], wanted[0], strict=True):
        assert distance(value, expected) < outputs
    for name, expected in wanted[1].items():
        assert distance(got[1][name], expected) < gradients, name


def assert_as_the_loop(case, **options):
    wanted = case.gradients(loop, **options)
    assert_same(case.gradients(fused.run, **options), wanted)
    return wanted


@pytest.fixture
def threads():
    """Sets the number of torch's threads for the time of a test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# --- right


def test_the_cells_name_the_kernels_that_there_are():
    assert {CELLS[name].fused_kernel for name in FUSED} == set(KERNELS)


@each_cell
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("steps", [1, 5])
def test_equals_the_loop(cell, steps, n):
    for batch in BATCHES:
        case = Case(cell, batch, steps, n)
        states, found = assert_as_the_loop(case)
        if steps > 1 and n > 1:
            assert all(part.abs().max() > 1e-3 for part in states)
            dead = [name for name, gradient in found.items() if gradient.abs().max() < 1e-3]
            assert dead == (["before h"] if cell == "peephole-cell-x" else [])  # which nothing reads


@each_cell
def test_more_steps_than_a_sum_takes_at_a_time(cell):
    """The gradients of the weights are sums over all rows and steps, taken in blocks; the gates share a panel here."""
    case = Case(cell, 3, 2 * TERMS // 3 + 1, 3)
    case.weights = {name: 0.5 * part for name, part in case.weights.items()}  # no chaos in so many steps
    assert_as_the_loop(case)


@each_cell
@pytest.mark.parametrize("n", SIZES)
def test_in_float32_it_is_as_exact_as_the_loop(cell, n):
    """Both are held against the loop in float64, and the loop has the same products with as many roundings.

    Beside those the kernel's sigmoid and tanh are off by up to 2e-7, which is 2 units of the last place. With the order
    of sums, which is anyone's, that leaves room for 4 times the loop's error and for 16 units where the loop has none.
    """
    unit = torch.finfo(SINGLE).eps
    for batch in (3, 13):
        case = Case(cell, batch, 5, n, dtype=SINGLE)
        exact, single, got = case.of_doubles().gradients(loop), case.gradients(loop), case.gradients(fused.run)
        for k, wanted in enumerate(exact[0]):
            assert got[0][k].dtype == SINGLE
            assert distance(got[0][k], wanted) < 4 * distance(single[0][k], wanted) + 16 * unit
        for name, wanted in exact[1].items():
            assert distance(got[1][name], wanted) < 4 * distance(single[1][name], wanted) + 16 * unit, name


@each_cell
def test_gradients_through_each_state_alone(cell):
    """Through the outputs only, as in most training; through another state only, which the outputs do not hold."""
    case = Case(cell, 3, 5, 7)
    for k in range(len(case.row.states)):
        assert_as_the_loop(case, above=[k])


@each_cell
def test_gradients_through_the_last_state_alone(cell):
    case = Case(cell, 3, 5, 7)
    for cotangent in case.cotangents:
        cotangent[:, :-1] = 0
    for k in range(len(case.row.states)):
        assert_as_the_loop(case, above=[k])


@each_cell
def test_gradients_of_a_part_of_what_goes_in(cell):
    """Inputs that are data, frozen weights, a state that is cut off: each tensor alone, and all but each."""
    case = Case(cell, 3, 4, 7)
    for name in case.tensors:
        assert_as_the_loop(case, wanted=[name])
        assert_as_the_loop(case, wanted=[other for other in case.tensors if other != name])


@each_cell
def test_what_needs_no_gradient_gets_none(cell):
    case = Case(cell, 2, 3, 4)
    assert not any(part.requires_grad for part in case.states(fused.run))
    leaves = {name: part.clone().requires_grad_(name in case.weights) for name, part in case.tensors.items()}
    sum(part.sum() for part in case.states(fused.run, leaves)).backward()
    assert {name for name, leaf in leaves.items() if leaf.grad is not None} == set(case.weights)


@each_cell
def test_one_hot_inputs(cell):
    """Indices give what the rows give that they stand for, and the gradients of the loop."""
    case = Case(cell, 3, 5, 7, one_hot=True)
    assert_as_the_loop(case)
    spelled = Case(cell, 3, 5, 7, one_hot=True)
    spelled.inputs = torch.nn.functional.one_hot(case.inputs, D).to(DOUBLE)
    ours, theirs = case.gradients(fused.run), spelled.gradients(fused.run)
    assert_same(theirs, ours)


@each_cell
def test_tensors_that_do_not_lie_in_a_row(cell):
    """Inputs with the time first, states and weights that are a part of something or transposed, gradients that too."""
    case = Case(cell, 3, 5, 7)
    wanted = case.gradients(loop)
    case.inputs = case.inputs.transpose(0, 1).contiguous().transpose(0, 1)
    case.state = {name: torch.cat([part, part], 1)[:, : part.shape[1]] for name, part in case.state.items()}
    case.weights = {
        name: part.t().contiguous().t() if part.dim() == 2 else part.repeat_interleave(2)[::2]
        for name, part in case.weights.items()
    }
    case.cotangents = [part.transpose(0, 1).contiguous().transpose(0, 1) for part in case.cotangents]
    assert not any(part.is_contiguous() for part in case.tensors.values())
    leaves = {name: part.requires_grad_() for name, part in case.tensors.items()}
    states = case.states(fused.run)
    found = torch.autograd.grad(states, [*leaves.values()], case.cotangents, materialize_grads=True)
    assert_same((states, dict(zip(leaves, found, strict=True))), wanted)


@each_cell
def test_gradients_that_are_one_number_spread_out(cell):
    """What `sum` gives is one number with strides of zero."""
    case = Case(cell, 3, 5, 7)
    case.cotangents = [torch.ones_like(part) for part in case.cotangents]
    wanted = case.gradients(loop)
    leaves = {name: part.clone().requires_grad_() for name, part in case.tensors.items()}
    states = case.states(fused.run, leaves)
    sum(part.sum() for part in states).backward()
    found = {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}
    assert_same((states, found), wanted)


@each_cell
@pytest.mark.parametrize("one_hot", [False, True], ids=["real", "one-hot"])
def test_gradcheck(cell, one_hot):
    case = Case(cell, 2, 3, 3, one_hot=one_hot)
    leaves = {name: part.requires_grad_() for name, part in case.tensors.items()}
    run = lambda *tensors: case.states(fused.run, dict(zip(leaves, tensors, strict=True)))  # noqa: E731
    assert torch.autograd.gradcheck(run, [*leaves.values()])


@pytest.mark.parametrize("cell", ["peephole", "gru", "lstm-layer-norm"])
def test_gradgradcheck(cell):
    """What is differentiated twice goes through the equations."""
    case = Case(cell, 2, 2, 2)
    leaves = {name: part.requires_grad_() for name, part in case.tensors.items()}
    run = lambda *tensors: case.states(fused.run, dict(zip(leaves, tensors, strict=True)))  # noqa: E731
    assert torch.autograd.gradgradcheck(run, [*leaves.values()])


@each_cell
def test_differentiable_gradients_across_two_windows(cell):
    """The state between them depends on the same weights: each window answers for its own part of their gradient."""
    case = Case(cell, 2, 3, 4)

    def penalty(run, create_graph):
        leaves = {name: part.clone().requires_grad_() for name, part in case.tensors.items()}
        first = case.states(run, leaves)
        carried = dict(zip(case.state, (part[:, -1] for part in first), strict=True))
        loss = case.states(run, leaves | carried)[0].square().sum()
        gradients = torch.autograd.grad(
            loss, [*leaves.values()], create_graph=create_graph, allow_unused=True, materialize_grads=True
        )
        second = ()
        if create_graph:
            size = sum(gradient.square().sum() for gradient in gradients)
            second = torch.autograd.grad(size, [*leaves.values()], allow_unused=True, materialize_grads=True)
        return gradients + second

    wanted = penalty(loop, True)
    for found in (penalty(fused.run, True), penalty(fused.run, False)):
        for value, expected in zip(found, wanted, strict=False):
            assert distance(value, expected) < 1e-10


@each_cell
def test_going_back_twice_gives_the_same(cell):
    case = Case(cell, 3, 5, 7)
    leaves = {name: part.clone().requires_grad_() for name, part in case.tensors.items()}
    states = case.states(fused.run, leaves)
    kept = [part.detach().clone() for part in states]
    first, second = (
        torch.autograd.grad(states, [*leaves.values()], case.cotangents, retain_graph=True, materialize_grads=True)
        for _ in range(2)
    )
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(states, kept, strict=True))


@pytest.mark.parametrize("changed", ["weight_hh", "before h", "outputs"])
def test_what_the_way_back_reads_may_not_change_in_between(changed):
    """torch refuses, in place of a wrong gradient."""
    case = Case("peephole", 2, 3, 4)
    leaves = {name: part.clone().requires_grad_() for name, part in case.tensors.items()}
    states = case.states(fused.run, leaves)
    loss = sum((part * 1.0).sum() for part in states)
    with torch.no_grad():
        (states[0] if changed == "outputs" else leaves[changed]).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


# --- threads


@each_cell
def test_the_number_of_threads_changes_nothing(cell, threads):
    for batch in (1, 2, 13):
        case = Case(cell, batch, 5, 70)
        threads(1)
        alone = case.gradients(fused.run)
        threads(2)
        assert_same(case.gradients(fused.run), alone, outputs=1e-14, gradients=1e-13)


def test_several_threads_at_once(threads):
    threads(2)
    cases = [Case(cell, 3, 5, 7, seed=seed) for seed in range(4) for cell in FUSED]
    cases += [Case(cell, 13, 20, 33, seed=seed) for seed in range(4) for cell in FUSED]  # arrays whose memory is kept
    wanted = [case.gradients(loop) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda case: case.gradients(fused.run), cases))
    for ours, theirs in zip(found, wanted, strict=True):
        assert_same(ours, theirs)


# --- numbers at the edge


@each_cell
@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=str)
def test_a_row_that_is_not_a_number_spoils_no_other(cell, dtype):
    case = Case(cell, 5, 4, 7, dtype=dtype)
    whole, gradients = case.gradients(fused.run)
    case.inputs[1, 2, 0] = torch.nan
    states, spoilt = case.gradients(fused.run)
    others = [0, 2, 3, 4]
    for got, expected, equations in zip(states, whole, case.states(loop), strict=True):
        assert torch.equal(got[others], expected[others])
        assert torch.equal(got[1, :2], expected[1, :2])
        assert got[1, 2:].isnan().any()
        assert torch.equal(got.isnan(), equations.isnan())
    assert torch.equal(spoilt["inputs"][others], gradients["inputs"][others])
    assert spoilt["weight_ih"].isnan().any()


@each_cell
@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=str)
def test_saturated_units(cell, dtype):
    """Pre-activations of 1e4 and -1e4: an exponential of either is beyond all numbers of the type."""
    case = Case(cell, 3, 4, 7, dtype=dtype)
    case.inputs = case.inputs.sign()[:, :, :1]
    large = "gain_ih" if "gain_ih" in case.weights else "weight_ih"
    case.weights["weight_ih"] = case.weights["weight_ih"][:, :1].sign()
    case.weights[large] = 1e4 * case.weights[large].sign()
    wanted, got = case.gradients(loop), case.gradients(fused.run)
    assert all(part.isfinite().all() for part in (*got[0], *got[1].values()))
    unit = 16 * torch.finfo(dtype).eps
    assert_same(got, wanted, outputs=unit, gradients=64 * unit)


@pytest.mark.parametrize("x", [torch.inf, -torch.inf, 1e30])
def test_the_rectifier_of_numbers_without_bound(x):
    case = Case("elman-relu", 2, 3, 7)
    case.inputs[0, 1, 0] = x
    for got, wanted in zip(case.states(fused.run), case.states(loop), strict=True):
        assert torch.equal(got.isnan(), wanted.isnan())
        torch.testing.assert_close(got, wanted, equal_nan=True)


# --- what stands around it


class NoDerivative(torch.autograd.Function):
    """The same values; nothing comes back."""

    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, _):
        return None


@pytest.mark.parametrize("create_graph", [False, True])
def test_nothing_comes_from_above(create_graph):
    case = Case("peephole", 2, 3, 4)
    x = case.inputs.requires_grad_()
    loss = NoDerivative.apply(case.states(fused.run)[0]).sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=create_graph, materialize_grads=True, allow_unused=True)
    assert torch.equal(gradient, torch.zeros_like(x))


@pytest.fixture
def unprepared(monkeypatch):
    """As if no kernel had run in this process."""
    monkeypatch.setattr(fused, "_PREPARED", set())


@pytest.mark.usefixtures("unprepared")
def test_the_first_call_stands_inside_of_a_checkpoint():
    case = Case("peephole", 2, 3, 4)
    x = case.inputs.requires_grad_()
    run = lambda values: case.states(fused.run, {"inputs": values})[0]  # noqa: E731
    (wanted,) = torch.autograd.grad(case.states(loop)[0].square().sum(), x)
    (got,) = torch.autograd.grad(checkpoint(run, x, use_reentrant=False).square().sum(), x)
    assert distance(got, wanted) < 1e-10


@pytest.mark.usefixtures("unprepared")
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_module_runs_it_as_it_is():
    torch.manual_seed(1)
    layer, x = Recurrent("gru", D, 4), torch.randn(2, 3, D)
    torch.compiler.reset()
    outputs, _ = torch.compile(layer, backend="eager")(x)
    assert torch.equal(outputs, layer(x)[0])
    outputs.sum().backward()
    assert layer.weight_hh_l0.grad.abs().max() > 0


@pytest.mark.usefixtures("unprepared")
def test_tensors_on_the_cpu_where_new_ones_are_made_elsewhere():
    case = Case("peephole", 13, 20, 70)  # large enough for memory that is kept
    arrays._KEPT.blocks.clear()
    with torch.device("meta"):
        states, gradients = case.gradients(fused.run)
    assert_same((states, gradients), case.gradients(fused.run), 1e-15, 1e-15)


# --- not available


@pytest.fixture
def no_numba(monkeypatch):
    """A process in which numba cannot be found, nor imported."""
    monkeypatch.setitem(sys.modules, "numba", None)
    fused._no_numba.cache_clear()
    yield
    monkeypatch.undo()
    fused._no_numba.cache_clear()


OWN = replace(CELLS["jordan"], fused_kernel=None)


@pytest.mark.parametrize(
    ("row", "dtype", "reason"),
    [
        *((CELLS[cell], dtype, None) for cell in FUSED for dtype in (SINGLE, DOUBLE)),
        (CELLS["peephole"], torch.float16, "fused kernels take float32 and float64, not float16"),
        (CELLS["peephole"], torch.bfloat16, "fused kernels take float32 and float64, not bfloat16"),
        (CELLS["min-gru"], SINGLE, "no fused kernel for this cell"),
        (OWN, SINGLE, "no fused kernel for this cell"),
    ],
)
def test_why_not(row, dtype, reason):
    assert fused.available(row, torch.empty(0, dtype=dtype)) == reason


def test_why_not_on_another_device():
    away = torch.empty(0, device="meta")
    assert fused.available(CELLS["peephole"], away) == "fused kernels run on the CPU, not on meta"


@pytest.mark.usefixtures("no_numba")
def test_why_not_without_numba():
    assert fused.available(CELLS["peephole"], torch.empty(0)) == "numba is not installed"
    assert fused.available(CELLS["min-gru"], torch.empty(0)) == "no fused kernel for this cell"


def run_and_hear(module, inputs, caplog):
    """What it says that runs it, what it logs and gives, and the gradient of its first weight."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "seqlab.recurrent"):
        outputs, _ = module(inputs)
    (gradient,) = torch.autograd.grad(outputs.square().sum(), [module.weight_ih_l0])
    return module.runs_on(0), [record.getMessage() for record in caplog.records], outputs.detach(), gradient


def test_without_numba_the_loop_runs_and_says_so(request, caplog):
    torch.manual_seed(1)
    module, inputs = Recurrent("peephole", D, 7, 2).double(), torch.randn(3, 4, D, dtype=DOUBLE)
    runner, said, *wanted = run_and_hear(module, inputs, caplog)
    assert (runner, said) == ("fused kernel", [])
    request.getfixturevalue("no_numba")
    runner, said, *found = run_and_hear(module, inputs, caplog)
    assert runner == "reference loop (numba is not installed)"
    assert said == ["peephole runs on the reference loop, which is slow: numba is not installed"]
    for value, expected in zip(found, wanted, strict=True):
        assert distance(value, expected) < 1e-10


def test_in_half_precision_the_loop_runs_and_says_so(caplog):
    torch.manual_seed(1)
    module, inputs = Recurrent("peephole", D, 7), torch.randn(3, 4, D)
    wanted = run_and_hear(module, inputs, caplog)[2]
    reason = "fused kernels take float32 and float64, not float16"
    runner, said, found, _ = run_and_hear(module.half(), inputs.half(), caplog)
    assert runner == f"reference loop ({reason})"
    assert said == [f"peephole runs on the reference loop, which is slow: {reason}"]
    assert found.dtype == torch.float16
    assert distance(found.float(), wanted) < 0.01  # 10 bits are left of 23


def test_a_cell_without_a_kernel_runs_on_the_loop(monkeypatch, caplog):
    torch.manual_seed(1)
    module, inputs = Recurrent("jordan", D, 7), torch.randn(3, 4, D)
    wanted = run_and_hear(module, inputs, caplog)[2]
    monkeypatch.setitem(CELLS, "own", OWN)
    own = Recurrent("own", D, 7)
    own.load_state_dict(module.state_dict())
    runner, said, found, _ = run_and_hear(own, inputs, caplog)
    assert (runner, said) == ("reference loop", [])  # it has no faster way, which is no news
    assert distance(found, wanted) < 1e-6

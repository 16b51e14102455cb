"""The conditional random field, held against sums and maxima over all sequences, spelled out."""

import itertools
import math
import warnings

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.models import crf_partition
from seqlab.models.crf import Crf

K, T = 3, 5
LENGTHS = torch.tensor([4, 0, 5, 1, 2, 3])
B = len(LENGTHS)
ALLOWED = torch.tensor([[True, True, False], [False, True, True], [True, False, False]])
START, END = torch.tensor([True, False, True]), torch.tensor([True, True, False])
legal_or_all = pytest.mark.parametrize("legal_only", [False, True], ids=["all", "legal"])


def crf(n_tags=K, seed=1, scale=1.0, **masks):
    """In float64 with random weights."""
    made = Crf(n_tags, **masks).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(scale * torch.randn(weight.shape, generator=generator, dtype=torch.float64))
    return made


def constrained(**options):
    return crf(allowed=ALLOWED, allowed_start=START, allowed_end=END, **options)


def some_emissions(n_rows=B, n_steps=T, n_tags=K, seed=2, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n_rows, n_steps, n_tags, generator=generator, dtype=torch.float64)


def some_tags(n_rows=B, n_steps=T, n_tags=K, seed=3):
    return torch.randint(n_tags, (n_rows, n_steps), generator=torch.Generator().manual_seed(seed))


def is_legal(made, path):
    if not path:
        return True
    pairs = all(made.allowed[i, j] for i, j in itertools.pairwise(path))
    return bool(made.allowed_start[path[0]] and made.allowed_end[path[-1]] and pairs)


def spelled_out(made, emissions, length, *, legal_only):
    """(sum, path) of all sequences of one row, the best first, added up number by number."""
    found = []
    emissions, transitions = emissions.tolist(), made.transitions.tolist()
    start, end = made.start.tolist(), made.end.tolist()
    for path in itertools.product(range(made.n_tags), repeat=int(length)):
        if legal_only and not is_legal(made, path):
            continue
        total = math.fsum(emissions[t][tag] for t, tag in enumerate(path))
        total += math.fsum(transitions[i][j] for i, j in itertools.pairwise(path))
        if path:
            total += start[path[0]] + end[path[-1]]
        found.append((total, list(path)))
    return sorted(found, reverse=True)


def log_sum(values):
    highest = max(values, default=-math.inf)
    return highest + math.log(math.fsum(math.exp(value - highest) for value in values)) if values else -math.inf


def close(got, wanted, tolerance=1e-11):
    torch.testing.assert_close(got, torch.as_tensor(wanted, dtype=got.dtype), rtol=0, atol=tolerance)


@legal_or_all
def test_log_partition_is_the_sum_over_all_sequences(legal_only):
    made, emissions = constrained(), some_emissions()
    wanted = [
        log_sum([total for total, _ in spelled_out(made, row, length, legal_only=legal_only)])
        for row, length in zip(emissions, LENGTHS, strict=True)
    ]
    got = made.log_partition(emissions, LENGTHS, legal_only=legal_only)
    assert got.shape == (B,)
    close(got, wanted)
    rows = made._rows(emissions, LENGTHS)
    close(crf_partition.by_logarithms(emissions, made._weights(legal_only), rows), wanted)


@legal_or_all
def test_marginals_are_sums_over_the_sequences_with_a_tag(legal_only):
    made, emissions = constrained(), some_emissions()
    got = made.marginals(emissions, LENGTHS, legal_only=legal_only)
    assert got.shape == (B, T, K)
    assert not got.requires_grad
    for row, length in enumerate(LENGTHS.tolist()):
        ways = spelled_out(made, emissions[row], length, legal_only=legal_only)
        norm = log_sum([total for total, _ in ways])
        for t, tag in itertools.product(range(T), range(K)):
            with_tag = [total for total, path in ways if t < length and path[t] == tag]
            close(got[row, t, tag], math.exp(log_sum(with_tag) - norm) if with_tag else 0.0)
    inside = torch.arange(T) < LENGTHS[:, None]
    close(got.sum(2), inside.double())


def test_probabilities_of_all_sequences_sum_to_one():
    made, emissions = crf(), some_emissions(1)
    paths = torch.tensor(list(itertools.product(range(K), repeat=T)))
    many = emissions.expand(len(paths), T, K)
    log_probs = made.score(many, paths) - made.log_partition(many)
    close(log_probs.logsumexp(0), 0.0)
    close(made.nll(many, paths), -log_probs.sum(), 1e-9)


@legal_or_all
def test_score_adds_up_what_a_sequence_passes(legal_only):
    made, emissions, tags = constrained(), some_emissions(), some_tags()
    got = made.score(emissions, tags, LENGTHS, legal_only=legal_only)
    for row, length in enumerate(LENGTHS.tolist()):
        path = tags[row, :length].tolist()
        by_path = {tuple(way): total for total, way in spelled_out(made, emissions[row], length, legal_only=False)}
        close(got[row], -math.inf if legal_only and not is_legal(made, path) else by_path[tuple(path)])


@pytest.mark.parametrize("k", [1, 2, 7, 300])
def test_the_k_best_are_those_of_all_legal_sequences(k):
    made, emissions = constrained(), some_emissions(seed=k)
    paths, scores = made.k_best(emissions, LENGTHS, k)
    assert paths.shape == (B, k, T)
    assert paths.dtype == torch.int64
    for row, length in enumerate(LENGTHS.tolist()):
        wanted = spelled_out(made, emissions[row], length, legal_only=True)[:k]
        missing = k - len(wanted)
        close(scores[row], [total for total, _ in wanted] + [-math.inf] * missing)
        padding = [0] * (T - length)
        assert paths[row].tolist() == [path + padding for _, path in wanted] + [[0] * T] * missing


@pytest.mark.parametrize("seed", range(20))
def test_k_best_without_constraints_and_larger_batches(seed):
    made, emissions = crf(4, seed=seed), some_emissions(5, 4, 4, seed=seed)
    paths, scores = made.k_best(emissions, k=9)
    for row in range(5):
        wanted = spelled_out(made, emissions[row], 4, legal_only=False)[:9]
        assert paths[row].tolist() == [path for _, path in wanted]
        close(scores[row], [total for total, _ in wanted])
    close(made.score(emissions, paths[:, 8]), scores[:, 8])


def test_viterbi_is_the_first_of_the_k_best():
    made, emissions = constrained(), some_emissions()
    paths, scores = made.viterbi(emissions, LENGTHS)
    best, best_scores = made.k_best(emissions, LENGTHS, 4)
    assert torch.equal(paths, best[:, 0])
    close(scores, best_scores[:, 0])
    close(scores, made.score(emissions, paths, LENGTHS, legal_only=True))


def test_decoding_never_yields_what_is_not_allowed():
    """Emissions that shout for illegal sequences: tag 1 first, then 0 after it."""
    made = constrained(scale=0.1)
    emissions = torch.zeros(4, T, K, dtype=torch.float64)
    emissions[:, 0, 1], emissions[:, 1:, 0], emissions[:, -1, 2] = 1000, 500, 1000
    free = crf(scale=0.1)
    assert not is_legal(made, free.viterbi(emissions)[0][0].tolist())
    lengths = [5, 4, 3, 2]
    for row, path in enumerate(made.viterbi(emissions, lengths)[0].tolist()):
        assert is_legal(made, path[: lengths[row]])
    paths, scores = made.k_best(emissions, lengths, 3)
    for row, which in (scores > -math.inf).nonzero().tolist():
        assert is_legal(made, paths[row, which, : lengths[row]].tolist())


def test_where_nothing_is_legal_the_score_says_so():
    """Tag 0 has to come first and tag 1 last, so a row of one step has no sequence."""
    made = crf(2, allowed_start=[True, False], allowed_end=[False, True])
    emissions = some_emissions(3, 3, 2)
    paths, scores = made.viterbi(emissions, [1, 3, 2])
    assert scores[0] == -math.inf
    assert paths[0].tolist() == [0, 0, 0]
    assert scores[1:].isfinite().all()
    total = made.log_partition(emissions, [1, 3, 2], legal_only=True)
    assert total[0] == -math.inf
    assert total[1:].isfinite().all()
    assert made.log_partition(emissions, [1, 3, 2]).isfinite().all()
    marginals = made.marginals(emissions, [1, 3, 2], legal_only=True)
    assert not marginals[0].any()
    close(marginals[1, :3].sum(1), [1.0, 1.0, 1.0])
    assert made.nll(emissions, torch.tensor([[0, 0, 1], [0, 0, 1], [1, 0, 0]]), legal_only=True) == math.inf


@legal_or_all
@pytest.mark.parametrize("lengths", [LENGTHS, torch.full((B,), T), torch.tensor([1, 1, 0, 2, 1, 0])])
def test_gradients_are_those_of_the_equation(lengths, legal_only):
    """gradcheck differs by small steps; the weights of the rows differ, so that none can stand for another."""
    made, emissions = constrained(), some_emissions().requires_grad_()
    weights = list(made.parameters())

    def total(emissions, transitions, start, end):
        values = {"transitions": transitions, "start": start, "end": end}
        options = {"lengths": lengths, "legal_only": legal_only}
        return torch.func.functional_call(_Method(made, "log_partition"), _of_inner(values), (emissions,), options)

    given = (emissions, *(weight.detach().requires_grad_() for weight in weights))
    assert torch.autograd.gradcheck(total, given)
    share = torch.linspace(0.5, 2, B, dtype=torch.float64)
    rows = made._rows(emissions, lengths)
    slow = crf_partition.by_logarithms(emissions, made._weights(legal_only), rows)
    wanted = torch.autograd.grad((slow * share).sum(), [emissions, *weights])
    fast = made.log_partition(emissions, lengths, legal_only=legal_only)
    found = torch.autograd.grad((fast * share).sum(), [emissions, *weights])
    for got, expected in zip(found, wanted, strict=True):
        close(got, expected)


class _Method(torch.nn.Module):
    """Calls a method of a module by the name of `forward`."""

    def __init__(self, inner, name):
        super().__init__()
        self.inner, self.name = inner, name

    def forward(self, *arguments, **options):
        return getattr(self.inner, self.name)(*arguments, **options)


def _of_inner(values):
    return {f"inner.{name}": value for name, value in values.items()}


def test_gradients_of_a_score():
    made, tags = crf(), some_tags()

    def total(emissions, transitions, start, end):
        values = _of_inner({"transitions": transitions, "start": start, "end": end})
        return torch.func.functional_call(_Method(made, "score"), values, (emissions, tags, LENGTHS))

    weights = [weight.detach().clone().requires_grad_() for weight in made.parameters()]
    assert torch.autograd.gradcheck(total, (some_emissions().requires_grad_(), *weights))


def test_loss_of_rows_is_the_sum_of_their_losses():
    made, emissions, tags = crf(), some_emissions(), some_tags()
    each = [
        made.nll(emissions[row : row + 1, :length], tags[row : row + 1, :length])
        for row, length in enumerate(LENGTHS.tolist())
    ]
    close(made.nll(emissions, tags, LENGTHS), torch.stack(each).sum())
    assert each[1] == 0, "a row without steps has one sequence"


def answers(made, emissions, tags, lengths):
    """Everything that there is to ask, per row."""
    emissions = emissions.clone().requires_grad_()
    total = made.log_partition(emissions, lengths)
    (slope,) = torch.autograd.grad(made.nll(emissions, tags, lengths), emissions)
    found = (made.score(emissions, tags, lengths), made.marginals(emissions, lengths), slope)
    return [total, *found, *made.viterbi(emissions, lengths), *made.k_best(emissions, lengths, 3)]


@pytest.mark.parametrize("filling", [0.0, 1e30, math.nan, -math.inf])
def test_padding_changes_nothing(filling, monkeypatch):
    monkeypatch.delattr(crf_partition, "by_logarithms")  # it must not be needed, either
    made, emissions, tags = constrained(), some_emissions(), some_tags()
    padding = torch.arange(T + 3) >= LENGTHS[:, None]
    longer, more_tags = some_emissions(n_steps=T + 3), some_tags(n_steps=T + 3)
    longer[:, :T], more_tags[:, :T] = emissions, tags
    longer, more_tags = longer.masked_fill(padding[..., None], filling), more_tags.masked_fill(padding, -100)
    found = answers(made, longer, more_tags, LENGTHS)
    for got, wanted in zip(found, answers(made, emissions, tags, LENGTHS), strict=True):
        steps = {3: 1 if got.dtype == torch.float64 else 2, 2: 1}.get(got.dim())  # where time stands, if anywhere
        if steps is None or got.shape[steps] != T + 3:
            close(got, wanted, 1e-12)
        else:
            close(got.narrow(steps, 0, T), wanted, 1e-12)
            assert not got.narrow(steps, T, 3).any()


def test_permuting_rows_permutes_answers():
    made, emissions, tags = constrained(), some_emissions(), some_tags()
    order = torch.tensor([3, 5, 0, 2, 4, 1])
    for got, wanted in zip(
        answers(made, emissions[order], tags[order], LENGTHS[order]),
        answers(made, emissions, tags, LENGTHS),
        strict=True,
    ):
        close(got, wanted[order], 1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_against_pytorch_crf(dtype):
    """An implementation nobody here wrote; it knows neither rows without steps nor constraints."""
    torchcrf = pytest.importorskip("torchcrf")
    torch.manual_seed(4)
    n_tags, n_steps, lengths = 6, 20, torch.tensor([20, 3, 11, 1, 17])
    theirs = torchcrf.CRF(n_tags, batch_first=True).to(dtype)
    torch.nn.init.normal_(theirs.transitions)
    ours = Crf(n_tags).to(dtype)
    names = {"transitions": "transitions", "start": "start_transitions", "end": "end_transitions"}
    ours.load_state_dict({name: theirs.state_dict()[other] for name, other in names.items()})
    emissions = some_emissions(5, n_steps, n_tags).to(dtype).requires_grad_()
    tags, mask = some_tags(5, n_steps, n_tags), torch.arange(n_steps) < lengths[:, None]
    tolerance = 1e-11 if dtype == torch.float64 else 3e-4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss, wanted_paths = -theirs(emissions, tags, mask), theirs.decode(emissions, mask)
    (wanted,) = torch.autograd.grad(loss, emissions, retain_graph=True)
    loss.backward()
    ours_loss = ours.nll(emissions, tags, lengths)
    close(ours_loss, loss.detach(), tolerance)
    (found,) = torch.autograd.grad(ours_loss, emissions, retain_graph=True)
    close(found, wanted, tolerance)
    ours_loss.backward()
    for name, other in names.items():
        close(getattr(ours, name).grad, getattr(theirs, other).grad, tolerance)
    paths, _ = ours.viterbi(emissions, lengths)
    assert [path[:length] for path, length in zip(paths.tolist(), lengths, strict=True)] == wanted_paths


def test_at_first_each_tag_goes_by_its_own_emissions():
    made, emissions = Crf(K).double(), some_emissions()
    close(made.log_partition(emissions), emissions.logsumexp(2).sum(1))
    close(made.marginals(emissions), emissions.softmax(2))
    assert torch.equal(made.viterbi(emissions)[0], emissions.argmax(2))


@pytest.mark.parametrize("scale", [30.0, 300.0, 3000.0])
def test_numbers_far_apart(scale):
    """Beyond what exponentials can hold the logarithms take over, and the answers stay exact."""
    made, emissions = constrained(scale=scale), some_emissions(scale=scale)
    for legal_only in (False, True):
        wanted = [
            log_sum([total for total, _ in spelled_out(made, row, length, legal_only=legal_only)])
            for row, length in zip(emissions, LENGTHS, strict=True)
        ]
        got = made.log_partition(emissions, LENGTHS, legal_only=legal_only)
        torch.testing.assert_close(got, torch.tensor(wanted, dtype=torch.float64), rtol=1e-13, atol=1e-9)
        close(made.marginals(emissions, LENGTHS, legal_only=legal_only).sum(2)[0, :4], [1.0] * 4)


def drifting():
    """Tag 1 falls behind by far more than float64 holds and makes up for it, 40 nats at a step: (0, -1200 + 1201)."""
    emissions = torch.zeros(1, 60, 2, dtype=torch.float64)
    emissions[0, :30, 1], emissions[0, 30:, 1] = -40.0, 40.0
    emissions[0, -1, 1] += 1.0
    return emissions, [0.0, 1.0]


def vanishing():
    """Tag 0 vanishes at both ends, in a single step each; tag 1 loses more, a little at each step between them."""
    emissions = torch.zeros(1, 62, 2, dtype=torch.float64)
    emissions[0, [0, -1], 0] = -1000.0
    emissions[0, 1:-1, 1] = -2000.0 / 60
    return emissions, [-2000.0, -2000.0]


@pytest.mark.parametrize("case", [drifting, vanishing])
def test_what_looks_impossible_on_the_way_is_not_lost(case):
    """Two tags that never change into one another, so there are two sequences; each looks like nothing at some step."""
    made = crf(2, scale=0.0, allowed=[[True, False], [False, True]])
    emissions, totals = case()
    wanted = log_sum(totals)
    close(made.log_partition(emissions, legal_only=True), [wanted], 1e-9)
    close(crf_partition.by_logarithms(emissions, made._weights(True), made._rows(emissions, None)), [wanted], 1e-9)
    shares = [math.exp(total - wanted) for total in totals]
    close(made.marginals(emissions, legal_only=True)[0], [shares] * emissions.shape[1], 1e-9)


def test_what_is_impossible_may_look_likely_from_behind():
    """Tag 1 would be much the better at each step, but no sequence begins with it, and it follows no other."""
    made = crf(2, scale=0.0, allowed=[[True, False], [False, True]], allowed_start=[True, False])
    emissions = torch.zeros(1, 60, 2, dtype=torch.float64)
    emissions[..., 1] = 40.0
    close(made.log_partition(emissions, legal_only=True), [0.0])
    close(made.marginals(emissions, legal_only=True)[0], [[1.0, 0.0]] * 60)
    assert not made.viterbi(emissions)[0].any()


@pytest.mark.parametrize("n_steps", [2, 3, 4, 5, 9])
def test_a_chain_that_ends_by_itself(n_steps):
    """Only tag 1 follows tag 0 and nothing follows tag 1, so padding stands where no tag could."""
    made = crf(2, allowed=[[False, True], [False, False]])
    marginals = made.marginals(some_emissions(3, n_steps, 2), [2, 0, 2], legal_only=True)
    wanted = torch.zeros(3, n_steps, 2, dtype=torch.float64)
    wanted[::2, 0, 0] = wanted[::2, 1, 1] = 1.0
    close(marginals, wanted)


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4, 5, 8, 9, 400])
def test_exponentials_equal_logarithms_at_any_number_of_steps(n_steps):
    made, emissions = constrained(), some_emissions(3, n_steps, scale=5.0)
    lengths = torch.tensor([n_steps, 1, (n_steps + 1) // 2])
    rows = made._rows(emissions, lengths)
    for legal_only in (False, True):
        fast = crf_partition._LogPartition.apply(emissions, *made._weights(legal_only), rows)
        assert not fast.isnan().any(), "the fast way answers"
        slow = crf_partition.by_logarithms(emissions, made._weights(legal_only), rows)
        torch.testing.assert_close(fast, slow, rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sums_are_taken_in_float64(dtype):
    made = crf().float()
    emissions, tags = some_emissions(n_steps=500).to(dtype), some_tags(n_steps=500)
    in_full = crf().float().double()
    got = made.nll(emissions, tags)
    assert got.dtype == dtype
    assert got == in_full.nll(emissions.double(), tags).to(dtype)
    assert made.marginals(emissions).dtype == dtype
    paths, scores = made.viterbi(emissions)
    assert scores.dtype == dtype
    assert torch.equal(paths, in_full.viterbi(emissions.double())[0])
    with torch.autocast("cpu", torch.bfloat16):
        assert made.nll(emissions, tags) == got


def test_marginals_inside_inference_mode_and_without_gradients():
    made = constrained()
    wanted = made.marginals(some_emissions(), LENGTHS)
    with torch.inference_mode():
        close(made.marginals(some_emissions(), LENGTHS), wanted)
        made.nll(some_emissions(), some_tags(), LENGTHS)
        made.viterbi(some_emissions(), LENGTHS)
    with torch.no_grad():
        close(made.marginals(some_emissions(), LENGTHS), wanted)
    assert all(weight.grad is None for weight in made.parameters())


@pytest.mark.parametrize("shape", [(0, 4, K), (3, 0, K), (0, 0, K)])
def test_nothing_to_tag(shape):
    made, emissions = crf(), torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    tags = torch.zeros(shape[:2], dtype=torch.int64)
    assert made.log_partition(emissions).tolist() == [0.0] * shape[0]
    loss = made.nll(emissions, tags)
    loss.backward()
    assert loss == 0
    assert made.marginals(emissions).shape == shape
    paths, scores = made.k_best(emissions, k=2)
    assert paths.shape == (shape[0], 2, shape[1])
    assert scores.tolist() == [[0.0, -math.inf]] * shape[0]


def test_one_tag():
    made, emissions = crf(1), some_emissions(n_tags=1)
    tags = torch.zeros(B, T, dtype=torch.int64)
    close(made.nll(emissions, tags, LENGTHS), 0.0)
    close(made.viterbi(emissions, LENGTHS)[1], made.score(emissions, tags, LENGTHS))


def test_it_learns_a_rule_that_emissions_do_not_show():
    """Tag 1 always follows tag 0 and the other way round; emissions say nothing but the first tag."""
    made = Crf(2)
    tags = torch.tensor([[0, 1] * 4, [1, 0] * 4])
    emissions = torch.zeros(2, 8, 2)
    emissions[0, 0, 0] = emissions[1, 0, 1] = 2.0
    optimizer = torch.optim.Adam(made.parameters(), 0.1)
    for _ in range(60):
        optimizer.zero_grad()
        made.nll(emissions, tags).backward()
        optimizer.step()
    assert torch.equal(made.viterbi(emissions)[0], tags)


def test_only_weights_are_saved_and_the_masks_are_shown():
    made = constrained()
    assert set(made.state_dict()) == {"transitions", "start", "end"}
    assert str(made) == "Crf(3, 4 illegal transitions)"
    assert str(Crf(4)) == "Crf(4)"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_tags": 0}, "at least 1 tag"),
        ({"n_tags": 3, "allowed": [[True, False]]}, r"allowed is a mask of True and False \(3, 3\); given: \(1, 2\)"),
        ({"n_tags": 2, "allowed_end": [0.0, 1.0]}, "given: .* in float32"),
        ({"n_tags": 2, "allowed_start": [False, False]}, "allowed_start is False for every tag"),
    ],
)
def test_settings_that_cannot_be(options, says):
    with pytest.raises(ConfigError, match=says):
        Crf(**options)


def test_tensors_that_do_not_fit():
    made, emissions, tags = crf(), some_emissions(), some_tags()
    with pytest.raises(ValueError, match=r"emissions are real numbers \(B, T, 3\); given: \(6, 5, 2\) in float64"):
        made.viterbi(emissions[..., :2])
    with pytest.raises(ValueError, match="in int64"):
        made.log_partition(tags.unsqueeze(2).expand(B, T, K))
    with pytest.raises(ValueError, match=r"tags are whole numbers \(6, 5\); given: \(6, 4\)"):
        made.nll(emissions, tags[:, :4])
    with pytest.raises(ValueError, match=r"given: .* in float64"):
        made.score(emissions, tags.double())
    with pytest.raises(ValueError, match=r"tags\[2, 4\] is 3; tags are 0 to 2"):
        made.score(emissions, tags.index_put((torch.tensor(2), torch.tensor(4)), torch.tensor(3)))
    with pytest.raises(ValueError, match=r"lengths\[1\] is 6"):
        made.marginals(emissions, [1, 6, 1, 1, 1, 1])
    with pytest.raises(ValueError, match="at least 1; given: 0"):
        made.k_best(emissions, k=0)

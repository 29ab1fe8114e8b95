"""Generation: what a plain loop would give, the same for every model and backend, and compiled few times."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from zoo.errors import BadInput
from zoo.generation.tokens import Generator, sample_token
from zoo.runtime import numpy_ops

pytestmark = pytest.mark.backends

V = 7  # tokens that there are
LONGEST = 20  # tokens of a text in these tests, where it is compared with what the whole model says
PROMPTS = [[1, 2, 3], [4], [5, 6, 0, 1, 2, 3, 4]]


def build(name, context=64):
    keras.utils.set_random_seed(5)
    if name == "rnn":
        model = zoo.RNN(vocabulary=V, units=9, activation="tanh")
    elif name == "lstm":
        model = zoo.LSTM(vocabulary=V, embedding=4, units=8, depth=2, peepholes=True)
    else:
        model = zoo.GPT(version=int(name[-1]), vocabulary=V, context=context, width=12, depth=2, heads=3, dropout=0.5)
    random = np.random.RandomState(2)  # initial weights are too small for answers that differ
    for variable in model.trainable_variables:
        variable.assign(variable + 0.4 * random.normal(size=variable.shape))
    return model


MODELS = ["rnn", "lstm", "gpt1", "gpt2"]


@pytest.fixture(scope="module")
def generators():
    return {name: Generator(build(name), chunk=5) for name in MODELS}


def logits_after(model, text):
    """By the whole model. Padded at the end, which no earlier token attends to: JAX compiles for each length."""
    length = min(model.context or LONGEST, LONGEST)
    padded = np.array([[*text, *[0] * (length - len(text))]], "int32")
    return ops.convert_to_numpy(model(padded))[0, len(text) - 1]


@pytest.mark.parametrize("name", MODELS)
def test_greedy_takes_the_likeliest_as_a_plain_loop_does(generators, name):
    found = generators[name](PROMPTS, new_tokens=12, temperature=0)
    for prompt, tokens in zip(PROMPTS, found, strict=True):
        text = list(prompt)
        for _ in range(12):
            text.append(int(logits_after(generators[name].model, text).argmax()))
        assert tokens == text[len(prompt) :]


def test_prompts_side_by_side_get_what_they_get_alone(generators):
    together = generators["gpt2"](PROMPTS, new_tokens=9, temperature=0)
    assert together == [generators["gpt2"]([prompt], new_tokens=9, temperature=0)[0] for prompt in PROMPTS]


def test_a_stream_is_the_same_text_in_pieces(generators):
    pieces = list(generators["gpt2"].stream(PROMPTS, new_tokens=12, seed=4))
    assert [len(piece[0]) for piece in pieces] == [5, 5, 2]
    joined = [list(itertools.chain.from_iterable(rows)) for rows in zip(*pieces, strict=True)]
    assert joined == generators["gpt2"](PROMPTS, new_tokens=12, seed=4)
    assert joined != generators["gpt2"](PROMPTS, new_tokens=12, seed=5)


def test_a_stop_token_ends_its_own_sequence_and_is_left_out(generators):
    free = generators["lstm"](PROMPTS, new_tokens=12, seed=1)
    stop = free[0][3]
    stopped = generators["lstm"](PROMPTS, new_tokens=12, seed=1, stop=[stop])
    for all_of_it, up_to in zip(free, stopped, strict=True):
        end = all_of_it.index(stop) if stop in all_of_it else len(all_of_it)
        assert up_to == all_of_it[:end]


@pytest.mark.parametrize("kind", [ops, numpy_ops], ids=["keras", "numpy"])
def test_sampled_fractions_are_those_of_the_softmax(kind):
    logits = np.log(np.array([[0.1, 0.2, 0.3, 0.4]], "float32"))
    uniform = np.linspace(0, 1, 1000, endpoint=False, dtype="float32")
    many = kind.convert_to_tensor(np.repeat(logits, len(uniform), axis=0))

    def fractions(temperature=1.0, top_p=1.0, top_k=None):
        numbers = kind.convert_to_tensor(uniform)
        tokens = kind.convert_to_numpy(sample_token(many, numbers, temperature, top_p, top_k, kind))
        return np.bincount(tokens, minlength=4) / len(uniform)

    np.testing.assert_allclose(fractions(), [0.1, 0.2, 0.3, 0.4], atol=0.002)
    np.testing.assert_allclose(fractions(top_k=2), [0, 0, 3 / 7, 4 / 7], atol=0.002)
    np.testing.assert_allclose(fractions(top_p=0.65), [0, 0, 3 / 7, 4 / 7], atol=0.002)
    np.testing.assert_allclose(fractions(top_p=0.75), [0, 2 / 9, 3 / 9, 4 / 9], atol=0.002)
    np.testing.assert_allclose(fractions(top_p=1e-6), [0, 0, 0, 1], atol=0.002)
    squared = np.array([0.1, 0.2, 0.3, 0.4]) ** 2
    np.testing.assert_allclose(fractions(temperature=0.5), squared / squared.sum(), atol=0.002)
    np.testing.assert_array_equal(fractions(top_k=1), [0, 0, 0, 1])


@pytest.mark.parametrize("kind", [ops, numpy_ops], ids=["keras", "numpy"])
def test_a_uniform_number_of_one_still_takes_a_token(kind):
    logits, end = (kind.convert_to_tensor(each, "float32") for each in ([[0.0, -200.0, 3.0]], [1.0]))
    assert kind.convert_to_numpy(sample_token(logits, end, 1.0, 1.0, None, kind)) == [0]


@pytest.mark.parametrize("name", MODELS)
def test_beams_wide_enough_find_the_likeliest_continuation_of_all(generators, name):
    model, stop, longest = generators[name].model, 0, 3
    for penalty in (0.0, 1.0):
        scores = {}
        for length in range(longest + 1):
            for tokens in itertools.product(range(1, V), repeat=length):
                ended = [*tokens, stop] if length < longest else list(tokens)
                text, total = list(PROMPTS[0]), 0.0
                for token in ended:
                    logits = logits_after(model, text) if (key := tuple(text)) not in KNOWN else KNOWN[key]
                    KNOWN[key] = logits
                    total += logits[token] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
                    text.append(token)
                scores[tokens] = total / ((5 + len(ended)) / 6) ** penalty
        KNOWN.clear()
        [found] = generators[name].beam(PROMPTS[:1], new_tokens=longest, stop=stop, beams=V**2, length_penalty=penalty)
        assert tuple(found) == max(scores, key=scores.get)


KNOWN = {}  # what a model answered, so that it need not answer again


def test_one_beam_is_greedy_until_the_stop(generators):
    generator, options = generators["rnn"], {"new_tokens": 8}
    free = generator(PROMPTS, temperature=0, **options)
    stop = next(token for row in free for token in row if token != row[0])
    greedy = generator(PROMPTS, temperature=0, stop=[stop], **options)
    assert any(0 < len(tokens) < 8 for tokens in greedy)
    assert generator.beam(PROMPTS, stop=stop, beams=1, length_penalty=0.0, **options) == greedy


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch compiles nothing here")
def test_other_prompts_and_lengths_need_no_other_compilation():
    generator = Generator(build("gpt2"), chunk=4)
    generator([[1, 2, 3]], new_tokens=10, seed=1)
    before = generator.traces
    assert before == 2  # one reads, one generates
    for length in (1, 5, 16):
        generator([[1] * length], new_tokens=9 + length % 3, temperature=0.5 + 0.1 * length, top_p=0.9, seed=length)
    assert generator.traces == before
    generator([[1] * 17], new_tokens=10, seed=1)  # the next bucket
    assert generator.traces == before + 2


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch compiles nothing here")
def test_prompts_of_one_bucket_share_what_is_compiled_though_they_fill_the_context():
    generator = Generator(build("gpt2", context=64))
    generator([[1] * 20], new_tokens=100, seed=1)
    before = generator.traces
    generator([[1] * 32], new_tokens=100, seed=1)
    assert generator.traces == before


@pytest.mark.parametrize("chunk", [4, 16])
def test_a_text_may_outgrow_the_context(chunk):
    generator = Generator(build("gpt2", context=12), chunk=chunk)
    assert generator.chunk == min(chunk, 6)
    tokens = generator([[1, 2, 3], [4]], new_tokens=40, temperature=0)
    assert [len(row) for row in tokens] == [40, 40]
    # Each token follows from what was read: all of the text, until the last half of the context is read again.
    text, kept = [1, 2, 3], 0
    for token in tokens[0]:
        if (len(text) - 3) % generator.chunk == 0 and len(text) - kept + generator.chunk > 12:
            kept = len(text) - 6
        assert token == logits_after(generator.model, text[kept:]).argmax()
        text.append(token)
    # A prompt longer than that is read from its end.
    long = list(np.random.RandomState(0).randint(0, V, 50))
    [first] = generator([long], new_tokens=4, temperature=0)
    assert first[0] == logits_after(generator.model, long[-6:]).argmax()


def test_rnns_continue_without_end(generators):
    assert len(generators["lstm"]([[1] * 100], new_tokens=100, seed=1)[0]) == 100


@pytest.mark.parametrize(
    "prompts, options, line",
    [
        ([], {}, "an empty prompt"),
        ([[1], []], {}, "an empty prompt"),
        ([[1, V]], {}, "token 7; give numbers from 0 to 6"),
        ([[-2]], {}, "token -2; give"),
        ([[-2, 5]], {}, "token -2; give"),
        ([[1]], {"source": [[1]]}, "gpt takes no source"),
        ([[1]], {"new_tokens": 0}, "0 new tokens are none"),
        ([[1]], {"temperature": -1}, "temperature is -1"),
        ([[1]], {"temperature": float("nan")}, "temperature is nan"),
        ([[1]], {"top_k": 0}, "give 1 to 7"),
        ([[1]], {"top_p": 0}, "top_p is 0"),
    ],
)
def test_what_cannot_be_continued_is_refused_in_one_line(generators, prompts, options, line):
    with pytest.raises(BadInput, match=line):
        generators["gpt2"](prompts, **{"new_tokens": 3} | options)


def test_beams_cannot_stop_at_no_token_or_be_rewarded_for_length(generators):
    for options in ({"stop": -1}, {"stop": V}, {"stop": 0, "length_penalty": -0.5}):
        with pytest.raises(BadInput, match="give a token from 0 to 6 and a penalty of 0 or more"):
            generators["gpt2"].beam([[1]], new_tokens=3, **options)


def test_beams_cannot_outgrow_the_context(generators):
    with pytest.raises(BadInput, match="3 tokens and 70 new ones are more than the 64"):
        generators["gpt2"].beam([[1, 2, 3]], new_tokens=70, stop=0)

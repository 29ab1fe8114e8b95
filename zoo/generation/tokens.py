"""Generation: the next tokens of sequences, greedy, sampled (temperature, top-k, top-p) or found by beam search.

    generator = Generator(zoo.load("gpt.shakespeare"))
    [tokens] = generator([prompt], new_tokens=200, temperature=0.8, top_k=40, seed=7)
    for piece in generator.stream([prompt], new_tokens=200, seed=7):  # the same, chunk by chunk

A model provides three attributes:
- `cache(batch, capacity)`: arrays, batch first, for what it computes of up to `capacity` tokens and needs again; an
  encoder-decoder takes a third argument, the source (B, S), padded at the end with zeros;
- `decode(tokens, cache, index, pad)`: reads tokens (B, T), returns logits (B, V) of the next token and the new cache;
- `context`: how many tokens it can attend to, or None for any number.

Of a Keras model the loop over tokens and the cache are inside one function compiled by the backend, of which a call
makes a chunk of tokens. Prompts are padded at the front to a power of two, and so is the room for tokens: a function
compiled once serves prompts of many lengths. A model of `zoo.runtime.onnx_generator` has `ops`, the same functions in
NumPy: then Python runs the same loop, and no framework is imported.

Shapes: B sequences, T tokens of a prompt, V tokens of the vocabulary, N tokens of a chunk, K beams.
"""

import math

import numpy as np

from zoo.errors import BadInput
from zoo.runtime import backend

CHUNK = 16  # tokens that one call makes
SMALLEST = 16  # tokens to which a prompt is padded, at least
UNLIKELY = -1e9  # the logit of a token that must not be taken


def _bucket(length: int) -> int:
    """The next power of two."""
    return max(SMALLEST, 1 << (length - 1).bit_length())


class Generator:
    """Generates with one model. It keeps what it compiles: make it once and call it often.

    model: one with `cache`, `decode` and `context`, see above. chunk: tokens made by a call of the compiled function.
    """

    def __init__(self, model, *, chunk: int = CHUNK):
        # Half of the context is read again when a text outgrows it; a chunk must fit behind that.
        self.model, self.chunk = model, chunk if model.context is None else max(1, min(chunk, model.context // 2))
        self.longest = math.inf if model.context is None else model.context
        self.traces = 0  # how often a function was compiled; a new batch size or a longer text does it
        if hasattr(model, "ops"):
            self.ops, self.vocabulary, self.has_source = model.ops, model.vocabulary, model.has_source
            self._read, self._extend, self._search = self._read_prompt, self._make_chunk, self._beam_search
            self._reorder, self._round_up = model.reorder, int  # nothing is compiled, so beams take any length
            return
        from keras import ops

        self.ops, self.vocabulary = ops, model.output.shape[-1]
        self.has_source = isinstance(model.input, dict) and "source" in model.input
        self._read = self._compiled(self._read_prompt, "capacity")
        self._extend = self._compiled(self._make_chunk, "top_k")
        self._search = self._compiled(self._beam_search, "new_tokens", "stop")
        self._reorder = lambda cache, rows: [ops.take(each, rows, axis=0) for each in cache]
        self._round_up = _bucket

    def __call__(self, prompts, *, new_tokens: int, stop=(), **options) -> list[list[int]]:
        """New tokens for each prompt, without the token that stopped it. Arguments as in `stream`."""
        made = [[] for _ in prompts]
        for pieces in self.stream(prompts, new_tokens=new_tokens, stop=stop, **options):
            for tokens, piece in zip(made, pieces, strict=True):
                tokens += piece
        return made

    def stream(
        self,
        prompts,
        *,
        new_tokens: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        stop=(),
        seed: int | None = None,
        source=None,
        first=None,
    ):
        """Yields, chunk after chunk, the next tokens of each prompt: a list of B lists of ints.

        Args:
            prompts: B lists of token numbers, of any lengths from 1 up. Of one longer than the context the model reads
                the end; where a text outgrows the context, the last half of it is read again. What one prompt leaves
                no room for is cut from all, so one by itself may be read further back.
            new_tokens: at most, for each prompt.
            temperature: above 1 flattens the distribution, below 1 sharpens it; 0 always takes the likeliest token.
            top_k: sample from this many likeliest tokens; None from all.
            top_p: sample from the likeliest tokens that together have this probability (nucleus sampling).
            stop: tokens that end a sequence; they are left out.
            seed: the same seed gives the same tokens on every backend, but for rounding; None others each time.
            source: for an encoder-decoder, B lists of token numbers.
            first: the tokens that the first new one may be; None for any.
        Raises:
            BadInput: in one line, for arguments out of these ranges.
        """
        prompts = _checked(prompts, self.vocabulary)
        _check_options(new_tokens, temperature, top_k, top_p, self.vocabulary)
        source = self._checked_source(source, len(prompts))
        rng = np.random.default_rng(seed)
        stop = np.array(sorted({-1, *stop}), "int32")  # -1 is no token: an array of none would be another shape
        texts = [list(prompt) for prompt in prompts]
        done = np.zeros(len(texts), bool)
        state, made = None, 0
        while made < new_tokens and not done.all():
            count = min(self.chunk, new_tokens - made)
            if state is None or not self._fits(state, count):
                state = self._start(texts, new_tokens - made, source)
            if first is not None and made == 0:
                allowed = np.isin(np.arange(self.vocabulary), list(first))
                state["logits"] = np.where(allowed, self.ops.convert_to_numpy(state["logits"]), np.float32(UNLIKELY))
            tokens, done, state["logits"], state["cache"] = self._extend(
                state["logits"],
                state["cache"],
                np.int32(state["index"]),
                state["pad"],
                done,
                np.int32(count),
                rng.random((self.chunk, len(texts)), "float32"),
                np.float32(temperature),
                np.float32(top_p),
                stop,
                top_k=1 if temperature == 0 else top_k,
            )
            state["index"] += count
            done = self.ops.convert_to_numpy(done)
            made += count
            pieces = []
            for text, row in zip(texts, self.ops.convert_to_numpy(tokens)[:, :count], strict=True):
                piece = [int(token) for token in row if token >= 0]
                text += piece
                pieces.append(piece)
            yield pieces

    def beam(self, prompts, **options) -> list[list[int]]:
        """The tokens that `scored_beam` finds, without their scores."""
        return [tokens for tokens, _ in self.scored_beam(prompts, **options)]

    def scored_beam(
        self, prompts, *, new_tokens: int, stop: int, beams: int = 4, length_penalty: float = 0.6, source=None
    ) -> list[tuple[list[int], float]]:
        """The continuation that is likeliest as a whole, as far as `beams` at a time can find it; and its score.

        The score is its log-probability, the end's included, divided by ((5 + n) / 6) ** a for n tokens (Y. Wu and
        others 2016, eq. 14, https://arxiv.org/abs/1609.08144).

        Args:
            prompts, source: as in `stream`; prompt and new tokens together must fit the model's context.
            new_tokens: at most. stop: the token that ends a sequence; it is left out.
            length_penalty: a above; 0 favours short continuations, 1 long ones.
        """
        prompts = _checked(prompts, self.vocabulary)
        if min(new_tokens, beams) < 1:
            raise BadInput(f"{new_tokens} new tokens by {beams} beams are none; give 1 or more of each")
        if (longest := max(map(len, prompts))) + new_tokens > self.longest:
            raise BadInput(
                f"a prompt of {longest} tokens and {new_tokens} new ones are more than the {self.longest} of the "
                "model's context"
            )
        if not 0 <= stop < self.vocabulary or length_penalty < 0:
            raise BadInput(
                f"beams can't stop at token {stop} with a length penalty of {length_penalty}; give a token from 0 to "
                f"{self.vocabulary - 1} and a penalty of 0 or more"
            )
        source = self._checked_source(source, len(prompts))
        # All beams of a prompt lie side by side in the batch.
        source = None if source is None else [each for each in source for _ in range(beams)]
        state = self._start([prompt for prompt in prompts for _ in range(beams)], new_tokens, source, self._round_up)
        tokens, scores = self._search(
            state["logits"],
            state["cache"],
            np.int32(state["index"]),
            state["pad"],
            np.float32(length_penalty),
            np.zeros(beams, "int32"),
            new_tokens=new_tokens,
            stop=int(stop),
        )
        found = zip(*map(self.ops.convert_to_numpy, (tokens, scores)), strict=True)
        return [([int(token) for token in row if token >= 0], float(score)) for row, score in found]

    # --- outside the compiled functions -------------------------------------------------------------------------------

    def _compiled(self, function, *static):
        """`function`, traced once for each version that is compiled (by PyTorch, which compiles none, always)."""

        def counted(*args, **kwargs):
            self.traces += 1
            return function(*args, **kwargs)

        return backend.compiled(counted, self.model.variables, static=static)

    def _checked_source(self, source, count: int) -> list[list[int]] | None:
        if self.has_source != (source is not None):
            raise BadInput(f"{self.model.name} {'needs a' if self.has_source else 'takes no'} source")
        if source is None:
            return None
        if len(source) != count:
            raise BadInput(f"{len(source)} sources don't fit {count} prompts; give one for each")
        source = _checked(source, self.vocabulary, "source")
        if (longest := max(map(len, source))) > self.longest:
            raise BadInput(f"a source of {longest} tokens is more than the {self.longest} of the model's context")
        return source

    def _fits(self, state, count: int) -> bool:
        """Whether `count` more tokens fit, both into the cache and into the context."""
        read = state["index"] - int(state["pad"].min()) + count
        return state["index"] + count <= state["capacity"] and read <= self.longest

    def _start(self, texts, new_tokens, source=None, round_up=_bucket) -> dict:
        """Read the texts, or as much of their ends as leaves room for new tokens."""
        longest = max(map(len, texts))
        if longest + min(new_tokens, self.chunk) > self.longest:
            longest = max(1, min(longest, self.longest // 2))
        texts = [text[-longest:] for text in texts]
        length = round_up(longest)
        pad = np.array([length - len(text) for text in texts], "int32")
        tokens = np.array([[0] * (length - len(text)) + text for text in texts], "int32")
        # Room for the new tokens, though no more than the context; then the text's end is read again.
        room = max(self.longest - length, self.chunk)
        capacity = round_up(length + int(min(new_tokens, room)))
        sources = () if source is None else (_padded(source, self.longest),)
        logits, cache = self._read(tokens, pad, *sources, capacity=capacity)
        return {"logits": logits, "cache": cache, "index": length, "pad": pad, "capacity": capacity}

    # --- inside the compiled functions --------------------------------------------------------------------------------

    def _read_prompt(self, tokens, pad, *source, capacity):
        """tokens (B, T), and (B, S) where there is a source -> logits (B, V) of the next, and the cache."""
        cache = self.model.cache(tokens.shape[0], capacity, *source)
        logits, cache = self.model.decode(tokens, cache, 0, pad)
        return self.ops.cast(logits, "float32"), cache

    def _make_chunk(self, logits, cache, index, pad, done, count, uniform, temperature, top_p, stop, top_k):
        """Take `count` tokens, one after the other; uniform (N, B): the random numbers that decide.

        Returns tokens (B, N), -1 where a sequence is done, and the new done, logits and cache.
        """
        ops, length = self.ops, uniform.shape[0]

        def unfinished(i, tokens, done, logits, *cache):
            return ops.logical_and(i < count, ops.logical_not(ops.all(done)))

        def one_more(i, tokens, done, logits, *cache):
            token = sample_token(logits, ops.take(uniform, i, axis=0), temperature, top_p, top_k, ops)  # (B,)
            done = ops.logical_or(done, ops.any(token[:, None] == stop, axis=1))
            tokens = ops.where(ops.arange(length) == i, ops.where(done, -1, token)[:, None], tokens)  # (B, N)
            logits, cache = self.model.decode(token[:, None], list(cache), index + i, pad)
            return (i + 1, tokens, done, ops.cast(logits, "float32"), *cache)

        tokens = ops.full((logits.shape[0], length), -1, dtype="int32")
        state = (ops.convert_to_tensor(0, "int32"), tokens, ops.convert_to_tensor(done), logits, *cache)
        _, tokens, done, logits, *cache = ops.while_loop(unfinished, one_more, state)
        return tokens, done, logits, cache

    def _beam_search(self, logits, cache, index, pad, length_penalty, beams, new_tokens, stop):
        """logits (B K, V), the K beams of a prompt side by side -> the best: tokens (B, N), -1 after the end; score."""
        ops, width, vocabulary = self.ops, beams.shape[0], logits.shape[-1]
        batch = logits.shape[0] // width
        offset = ops.arange(batch, dtype="int32")[:, None] * width  # (B, 1): where a prompt's beams begin in the batch

        def penalty(length):
            return ops.power((5.0 + ops.cast(length, "float32")) / 6.0, length_penalty)

        def unfinished(i, tokens, scores, best, best_score, logits, *cache):
            # A longer continuation can only become less likely, and its penalty is at most that of the full length.
            reachable = ops.max(scores, axis=1) / penalty(new_tokens)
            return ops.logical_and(i < new_tokens, ops.any(reachable > best_score))

        def one_more(i, tokens, scores, best, best_score, logits, *cache):
            step = ops.reshape(ops.log_softmax(logits, axis=-1), (batch, width, vocabulary))
            total = scores[:, :, None] + step  # (B, K, V)
            # The K best steps that don't end a beam are among these, since at most K others end one.
            totals, flat = ops.top_k(ops.reshape(total, (batch, width * vocabulary)), 2 * width)  # (B, 2 K)
            # The best that ends here. Ending must be among the K best steps: else each beam would end at each step, and
            # short, unlikely ends would win.
            ends = total[:, :, stop]  # (B, K)
            ended = ops.where(ends >= totals[:, width - 1 : width], ends / penalty(i + 1), UNLIKELY)
            beam = ops.argmax(ended, axis=1)  # (B,)
            score = ops.max(ended, axis=1)
            chosen = ops.take_along_axis(tokens, beam[:, None, None], axis=1)[:, 0]  # (B, N)
            best = ops.where((score > best_score)[:, None], chosen, best)
            best_score = ops.maximum(score, best_score)
            scores, rank = ops.top_k(ops.where(flat % vocabulary == stop, UNLIKELY, totals), width)  # (B, K)
            flat = ops.take_along_axis(flat, rank, axis=1)
            beam, token = flat // vocabulary, ops.cast(flat % vocabulary, "int32")
            tokens = ops.take_along_axis(tokens, beam[:, :, None], axis=1)  # (B, K, N)
            tokens = ops.where(ops.arange(new_tokens) == i, token[:, :, None], tokens)
            rows = ops.reshape(offset + ops.cast(beam, "int32"), (-1,))  # (B K,)
            cache = self._reorder(cache, rows)
            logits, cache = self.model.decode(ops.reshape(token, (-1, 1)), cache, index + i, pad)
            return (i + 1, tokens, scores, best, best_score, ops.cast(logits, "float32"), *cache)

        i, tokens = ops.convert_to_tensor(0, "int32"), ops.full((batch, width, new_tokens), -1, dtype="int32")
        # At first all beams are alike, so only the first may be continued.
        scores = ops.where(ops.arange(width) == 0, 0.0, UNLIKELY) + ops.zeros((batch, width))
        best, best_score = tokens[:, 0], ops.full((batch,), UNLIKELY)  # of those that ended
        state = (i, tokens, scores, best, best_score, logits, *cache)
        _, tokens, scores, best, best_score, *_ = ops.while_loop(unfinished, one_more, state)
        # The best of those cut off may still be better than all that have ended.
        scores = scores / penalty(new_tokens)
        cut_off = ops.take_along_axis(tokens, ops.argmax(scores, axis=1)[:, None, None], axis=1)[:, 0]
        score = ops.max(scores, axis=1)
        return ops.where((score > best_score)[:, None], cut_off, best), ops.maximum(score, best_score)


def sample_token(logits, uniform, temperature, top_p, top_k, ops):
    """One token for each row, by inverse transform sampling: logits (B, V), uniform (B,) in [0, 1) -> int32 (B,).

    The probabilities of the tokens, likeliest first, are summed up; the first sum above `uniform` decides.
    """
    if top_k == 1:
        return ops.cast(ops.argmax(logits, axis=-1), "int32")
    likeliest, tokens = ops.top_k(logits, logits.shape[-1] if top_k is None else top_k)  # (B, k), in order
    probability = ops.softmax(likeliest / ops.maximum(temperature, 1e-6), axis=-1)
    before = ops.cumsum(probability, axis=-1) - probability  # of all likelier ones
    nucleus = ops.where(before < top_p, probability, 0.0)
    cumulative = ops.cumsum(nucleus, axis=-1)  # (B, k)
    rank = ops.sum(ops.cast(cumulative <= uniform[:, None] * cumulative[:, -1:], "int32"), axis=-1)
    rank = ops.minimum(rank, ops.sum(ops.cast(nucleus > 0, "int32"), axis=-1) - 1)  # not past the end by rounding
    return ops.cast(ops.take_along_axis(tokens, rank[:, None], axis=-1)[:, 0], "int32")


def _padded(source, longest: float) -> np.ndarray:
    """Sequences of any lengths as one array, int32 (B, S), with zeros at the end; S is `longest` at most."""
    length = max(map(len, source))
    length = max(length, int(min(_bucket(length), longest)))
    return np.array([[*each, *[0] * (length - len(each))] for each in source], "int32")


def _checked(texts, vocabulary: int, what: str = "prompt") -> list[list[int]]:
    texts = [[int(token) for token in text] for text in texts]
    if not texts or not all(texts):
        raise BadInput(f"an empty {what} can't be continued; give it at least one token")
    for text in texts:
        if unknown := [token for token in text if not 0 <= token < vocabulary]:
            raise BadInput(f"a {what} has token {unknown[0]}; give numbers from 0 to {vocabulary - 1}")
    return texts


def _check_options(new_tokens, temperature, top_k, top_p, vocabulary) -> None:
    if new_tokens < 1:
        raise BadInput(f"{new_tokens} new tokens are none; give 1 or more")
    if not 0 <= temperature < math.inf:
        raise BadInput(f"temperature is {temperature}; give 0 or more")
    if top_k is not None and not 1 <= top_k <= vocabulary:
        raise BadInput(f"there are no {top_k} likeliest tokens; give 1 to {vocabulary}")
    if not 0 < top_p <= 1:
        raise BadInput(f"top_p is {top_p}; give a probability above 0 and up to 1")

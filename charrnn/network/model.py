"""The model: characters in, recurrent layers, and a score for every possible next character.

h_t = cell(Wxh x_t, Whh h_{t-1})    for each layer, x_t one-hot below, the layer under it above
y_t = Why h_t + by                  logits
p_t = softmax(y_t)                  what the next character may be
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network import recurrent
from charrnn.network.cells import CELLS, Cell, State
from charrnn.network.initialization import INITIALIZATIONS
from charrnn.network.loss import cross_entropy, surprise
from charrnn.network.parameters import Array, Parameters
from charrnn.network.recurrent import LayerTape
from charrnn.settings import setting, validate
from charrnn.vocabulary import Vocabulary

ModelState: TypeAlias = tuple[State, ...]
"""What a model remembers between two windows: for each layer a tuple of (H, N) arrays."""

SCORE_WINDOW = 256
"""Characters scored at once: memory for one window, however long the text."""
SCORE_LOGITS = 1 << 21
"""Logits made at once while scoring, which cuts the window where the vocabulary is large: 8,000
words on 32 streams took 730 MB without it."""


@dataclass(frozen=True)
class ModelConfig:
    """The architecture of a model; the vocabulary gives the rest. Raises ValueError."""

    cell: str = setting(
        "lstm",
        "How the network remembers: LSTM and GRU have gates, RNN has none.",
        choices=CELLS,
        title=str.upper,
        label="Network type",
        advanced=False,
    )
    hidden_size: int = setting(
        128,
        "Size of its memory. Bigger learns more but trains more slowly.",
        minimum=1,
        maximum=4096,
        step=1,
        advanced=False,
    )
    layers: int = setting(
        1,
        "Recurrent layers, one on top of the other. One is a good start.",
        minimum=1,
        maximum=8,
        step=1,
    )
    dropout: float = setting(
        0.0, "Share of each layer's outputs left out at random while training.", minimum=0, below=1
    )
    initialization: str = setting(
        "orthogonal", "How the first weights are drawn.", choices=INITIALIZATIONS
    )

    def __post_init__(self) -> None:
        validate(self)


class RandomNumbers(Protocol):
    """What dropout draws from: np.random.Generator, or a part of what one would draw."""

    def random(self, size: tuple[int, ...], dtype: type[np.float32], /) -> Array:
        """Uniform in [0, 1)."""


class ModelTape(NamedTuple):
    """What a model's forward pass leaves for its backward pass."""

    layers: list[LayerTape]
    masks: list[Array | None]  # (H, T, N) each; None without dropout
    top: Array  # (H, T, N), what the output layer read


def parameter_shapes(config: ModelConfig, vocab_size: int) -> dict[str, tuple[int, ...]]:
    """The name and shape of every array of a model, in the order of the flat vector."""
    cell, H = CELLS[config.cell], config.hidden_size
    G = len(cell.gates)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(config.layers):
        shapes[f"Wxh{layer}"] = (G * H, H if layer else vocab_size)
        shapes[f"Whh{layer}"] = (G * H, H)
        shapes[f"bh{layer}"] = (G * H,)
        if cell.separate_bias:
            shapes[f"bhh{layer}"] = (G * H,)
    return shapes | {"Why": (vocab_size, H), "by": (vocab_size,)}


class CharRNN:
    """A character-level recurrent network: a vocabulary, an architecture, and its weights.

    It keeps nothing between two calls. State goes in and comes out, so one model may serve
    many callers at once.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: ModelConfig | None = None,
        parameters: Parameters | None = None,
        random_seed: int = 0,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.config = config or ModelConfig()
        if parameters is None:
            parameters = Parameters(parameter_shapes(self.config, len(vocabulary)))
            rng = np.random.default_rng(random_seed)
            INITIALIZATIONS[self.config.initialization](parameters, self.cell, rng)
        self.parameters = parameters
        self.metadata: dict[str, Any] = dict(metadata or {})
        """Facts about the training, kept in the file: steps, losses, the corpus's name."""

    @property
    def cell(self) -> Cell:
        """The kind of cell in every layer."""
        return CELLS[self.config.cell]

    def with_vector(self, vector: Array) -> CharRNN:
        """The same model with other weights, given as one flat vector (P,)."""
        parameters = self.parameters.like(vector)
        return CharRNN(self.vocabulary, self.config, parameters, metadata=self.metadata)

    def astype(self, dtype: DTypeLike) -> CharRNN:
        """A copy in another precision: float64 or complex128 for gradient checks."""
        return self.with_vector(self.parameters.vector.astype(dtype))

    def initial_state(self, N: int = 1) -> ModelState:
        """The state before any text: zeros, (H, N) each."""
        zeros = np.zeros_like(self.parameters.vector, shape=(self.config.hidden_size, N))
        return ((zeros,) * len(self.cell.state),) * self.config.layers

    def forward(
        self,
        ids: Array,
        state: ModelState | None = None,
        dropout_rng: RandomNumbers | None = None,
    ) -> tuple[Array, ModelState, ModelTape]:
        """Read a window of text: ids (T, N) to logits (V, T, N).

        Also returns the state after the window and the tape for `backward`. Dropout happens
        only where a generator is given: on every layer's outputs, never on the way through
        time (Zaremba et al. 2014).
        """
        inputs, p = ids, self.parameters
        states, tapes, masks = [], [], []
        for layer, before in enumerate(state or self.initial_state(ids.shape[1])):
            outputs, after, tape = recurrent.forward(self.cell, p, layer, inputs, before)
            mask = self._dropout_mask(outputs, dropout_rng)
            inputs = outputs if mask is None else outputs * mask
            states.append(after)
            tapes.append(tape)
            masks.append(mask)
        logits = recurrent.project(p["Why"], p["by"], inputs)
        return logits, tuple(states), ModelTape(tapes, masks, inputs)

    def backward(
        self, dlogits: Array, tape: ModelTape, gradient: Parameters | None = None
    ) -> Parameters:
        """The gradient of every parameter, given the gradient of the logits (V, T, N).

        It is written into `gradient` if that is given.
        """
        p = self.parameters
        if gradient is None:
            gradient = p.like(np.empty_like(p.vector))
        gradient["by"][:] = dlogits.sum(axis=(1, 2))
        d = recurrent.project_backward(dlogits, p["Why"], tape.top, gradient["Why"])
        for layer in reversed(range(self.config.layers)):
            assert d is not None
            mask = tape.masks[layer]
            d = d if mask is None else d * mask
            d = recurrent.backward(self.cell, p, layer, d, tape.layers[layer], gradient)
        return gradient

    def loss_and_gradient(
        self,
        x: Array,
        y: Array,
        state: ModelState | None = None,
        dropout_rng: RandomNumbers | None = None,
        *,
        count: int | None = None,
        gradient: Parameters | None = None,
    ) -> tuple[Array, Parameters, ModelState]:
        """The loss in nats per character over one window, its gradient, and the state after it.

        x, y: ids (T, N), the text and the same text one character ahead. Training and
        `gradient_check` both run this. Where the ids are part of a larger window, `count` is its
        number of characters (see `cross_entropy`). Writes into `gradient` if that is given.
        """
        logits, state, tape = self.forward(x, state, dropout_rng)
        loss, dlogits = cross_entropy(logits, y, count)
        return loss, self.backward(dlogits, tape, gradient), state

    def step(self, ids: Array, state: ModelState) -> tuple[Array, ModelState]:
        """Read one character of each sequence: ids (N,) to logits (V, N) and the new state."""
        logits, state, _ = self.forward(ids[None], state)
        return logits[:, 0], state

    def _dropout_mask(self, like: Array, rng: RandomNumbers | None) -> Array | None:
        """Zeros at the dropped places, 1 / (1 - dropout) elsewhere: the mean stays the same."""
        if rng is None or self.config.dropout == 0:
            return None
        kept = rng.random(like.shape, np.float32) >= self.config.dropout
        return (kept / (1 - self.config.dropout)).astype(like.dtype)


def score(model: CharRNN, text: str, *, cold: int = 0) -> float:
    """How surprised a model is by a text, in nats per character.

    The text is read once, in one piece, with the state carried; or with `cold` in windows of so
    many characters, the state reset to zeros at the start of each, as nanoGPT measures. Either
    way each character but the first is scored once. Raises ValueError for fewer than two
    characters or a negative window, UnknownSymbolError for symbols the model never saw.
    """
    ids = model.vocabulary.encode(text)
    return score_cold(model, ids, cold) if cold else score_ids(model, ids)


def score_ids(model: CharRNN, ids: Array, streams: int = 1) -> float:
    """`score` for ids (L,), or an estimate of it from `streams` parts read side by side.

    Each part starts cold, which costs a little: the whole text as one stream is exact.
    """
    if len(ids) < 2:
        raise ValueError("A score needs a text of at least 2 characters.")
    streams = max(1, min(streams, (len(ids) - 1) // SCORE_WINDOW))
    length = (len(ids) - 1) // streams
    return _total(model, ids[: streams * length + 1], length) / (streams * length)


def score_cold(model: CharRNN, ids: Array, window: int) -> float:
    """`score` for ids (L,) in windows of `window` symbols from a state of zeros, the last shorter.

    Windows are read side by side: tinyshakespeare's last tenth in 256 takes 3 s, one by one 60.
    """
    if len(ids) < 2:
        raise ValueError("A score needs a text of at least 2 characters.")
    if window < 1:
        raise ValueError("A cold window must have at least 1 character.")
    scored = len(ids) - 1
    window = min(window, scored)
    at_once = max(1, SCORE_LOGITS // (min(window, SCORE_WINDOW) * len(model.vocabulary)))
    whole = scored // window * window
    total = 0.0
    for start in range(0, whole, at_once * window):
        stop = min(start + at_once * window, whole)
        total += _total(model, ids[start : stop + 1], window)
    if whole < scored:
        total += _total(model, ids[whole:], scored - whole)
    return total / scored


def _total(model: CharRNN, ids: Array, length: int) -> float:
    """The nats of all ids but the first, read side by side in parts of `length` from zeros."""
    x, y = ids[:-1].reshape(-1, length).T, ids[1:].reshape(-1, length).T  # (length, N)
    N = x.shape[1]
    state, total = model.initial_state(N), 0.0
    T = max(1, min(SCORE_WINDOW, SCORE_LOGITS // (N * len(model.vocabulary))))
    for t in range(0, length, T):
        logits, state, _ = model.forward(x[t : t + T], state)
        total += float(surprise(logits, y[t : t + T]).sum(dtype=np.float64))
    return total

"""The character-level model: recurrent layers that read characters and predict the next one.

h_t = cell(Wxh x_t, Whh h_{t-1})    in each layer; x_t is one-hot, or the output of the layer below
y_t = Why h_t + by                  logits
p_t = softmax(y_t)                  probabilities of the next character
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from charrnn.config_fields import setting, validate
from charrnn.network import recurrent
from charrnn.network.arrays import to_device_of
from charrnn.network.cells import CELLS, Cell, State
from charrnn.network.initialization import INITIALIZATIONS
from charrnn.network.loss import cross_entropy, surprise
from charrnn.network.parameters import Array, Parameters
from charrnn.network.recurrent import LayerTape
from charrnn.network.shareable import Shareable
from charrnn.vocabulary import Vocabulary

ModelState: TypeAlias = tuple[State, ...]
"""What a model carries from one window to the next: for each layer a tuple of (H, N) arrays."""

SCORE_WINDOW = 256
"""Characters scored at a time, so a long text takes no more memory than one window."""
SCORE_LOGITS = 1 << 21
"""Most logits computed at a time while scoring. It shortens the window for large vocabularies:
8,000 words on 32 streams took 730 MB without it."""


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
    """What dropout draws from: np.random.Generator, or a source of some of its columns."""

    def random(self, size: tuple[int, ...], dtype: type[np.float32], /) -> Array:
        """Uniform in [0, 1)."""


class ModelTape(NamedTuple):
    """What a model's forward pass saves for its backward pass."""

    layers: list[LayerTape]
    masks: list[Array | None]  # (H, T, N) each; None without dropout
    top: Array  # (H, T, N), the input of the output layer


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


class CharRNN(Shareable):
    """A character-level recurrent network: a vocabulary, an architecture and weights.

    It remembers nothing between calls: the state is passed in and returned. One model can
    therefore serve many callers at once.
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
        """How it was trained, saved in its file: steps, losses, the name of the corpus."""

    @property
    def cell(self) -> Cell:
        """The kind of cell in every layer."""
        return CELLS[self.config.cell]

    def with_vector(self, vector: Array) -> CharRNN:
        """The same model with other weights, as one flat vector (P,)."""
        parameters = self.parameters.like(vector)
        return CharRNN(self.vocabulary, self.config, parameters, metadata=self.metadata)

    def astype(self, dtype: DTypeLike) -> CharRNN:
        """A copy in another precision: float64 and complex128 are for gradient checks."""
        return self.with_vector(self.parameters.vector.astype(dtype))

    def initial_state(self, N: int = 1) -> ModelState:
        """The state before any text is read: zeros, (H, N) each."""
        zeros = np.zeros_like(self.parameters.vector, shape=(self.config.hidden_size, N))
        return ((zeros,) * len(self.cell.state),) * self.config.layers

    def forward(
        self,
        ids: Array,
        state: ModelState | None = None,
        dropout_rng: RandomNumbers | None = None,
    ) -> tuple[Array, ModelState, ModelTape]:
        """Read a window of text: ids (T, N) to logits (V, T, N).

        Also returns the state after the window and the tape for `backward`. Dropout applies only
        if `dropout_rng` is given: to every layer's outputs, never to the recurrent connections
        (Zaremba et al. 2014).
        """
        p = self.parameters
        inputs = to_device_of(p.vector, ids)
        states, tapes, masks = [], [], []
        for layer, initial in enumerate(state or self.initial_state(ids.shape[1])):
            outputs, final, tape = recurrent.forward(self.cell, p, layer, inputs, initial)
            mask = self._dropout_mask(outputs, dropout_rng)
            inputs = outputs if mask is None else outputs * mask
            states.append(final)
            tapes.append(tape)
            masks.append(mask)
        logits = recurrent.project(p["Why"], p["by"], inputs)
        return logits, tuple(states), ModelTape(tapes, masks, inputs)

    def backward(
        self, dlogits: Array, tape: ModelTape, gradient: Parameters | None = None
    ) -> Parameters:
        """The gradient of every parameter, from the gradient of the logits (V, T, N).

        Written into `gradient` if that is given.
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
        """0 where an output is dropped, 1 / (1 - dropout) elsewhere, so the mean stays the same."""
        if rng is None or self.config.dropout == 0:
            return None
        kept = rng.random(like.shape, np.float32) >= self.config.dropout
        return to_device_of(like, (kept / (1 - self.config.dropout)).astype(like.dtype))


def score(model: CharRNN, text: str, *, cold: int = 0) -> float:
    """How surprised a model is by a text, in nats per character.

    The text is read once, in one piece, with the state carried through. With `cold` it is read in
    windows of that many characters, and the state is reset to zeros at the start of each, as
    nanoGPT measures. Either way every character but the first is scored once. Raises ValueError
    for fewer than two characters or a negative window, UnknownSymbolError for unknown symbols.
    """
    ids = model.vocabulary.encode(text)
    return score_cold(model, ids, cold) if cold else score_ids(model, ids)


def score_ids(model: CharRNN, ids: Array, streams: int = 1) -> float:
    """`score` for ids (L,), or an estimate from `streams` parts of them read side by side.

    Each part starts from a state of zeros, which costs a little; a single stream is exact.
    """
    if len(ids) < 2:
        raise ValueError("A score needs a text of at least 2 characters.")
    streams = max(1, min(streams, (len(ids) - 1) // SCORE_WINDOW))
    length = (len(ids) - 1) // streams
    return _total(model, ids[: streams * length + 1], length) / (streams * length)


def score_cold(model: CharRNN, ids: Array, window: int) -> float:
    """`score` for ids (L,) in windows of `window` symbols, each from a state of zeros.

    The last window may be shorter. Windows are read side by side: the last tenth of tinyshakespeare
    in windows of 256 takes 3 s, one by one 60.
    """
    if len(ids) < 2:
        raise ValueError("A score needs a text of at least 2 characters.")
    if window < 1:
        raise ValueError("A cold window must have at least 1 character.")
    scored = len(ids) - 1
    window = min(window, scored)
    at_once = max(1, SCORE_LOGITS // (min(window, SCORE_WINDOW) * len(model.vocabulary)))
    full = scored // window * window  # characters in windows of full length
    total = 0.0
    for start in range(0, full, at_once * window):
        stop = min(start + at_once * window, full)
        total += _total(model, ids[start : stop + 1], window)
    if full < scored:
        total += _total(model, ids[full:], scored - full)
    return total / scored


def _total(model: CharRNN, ids: Array, length: int) -> float:
    """Total nats of all ids but the first, in parts of `length` read side by side from zeros."""
    x, y = ids[:-1].reshape(-1, length).T, ids[1:].reshape(-1, length).T  # (length, N)
    N = x.shape[1]
    state, total = model.initial_state(N), 0.0
    T = max(1, min(SCORE_WINDOW, SCORE_LOGITS // (N * len(model.vocabulary))))
    for t in range(0, length, T):
        logits, state, _ = model.forward(x[t : t + T], state)
        total += float(surprise(logits, y[t : t + T]).sum(dtype=np.float64))
    return total

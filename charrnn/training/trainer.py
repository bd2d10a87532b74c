"""Trains one model on one text, a step at a time.

`Trainer.run` is a generator that yields a Progress after every step. The caller may draw, sample,
save or stop between two steps; the trainer itself prints nothing and calls nothing back.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from charrnn.config_fields import whole
from charrnn.corpora import text_sha256
from charrnn.held_out import split
from charrnn.network.arrays import to_device_of, to_host
from charrnn.network.model import CharRNN, ModelConfig, score_ids
from charrnn.network.parameters import Array
from charrnn.training.batches import batches_for
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.config import TrainConfig
from charrnn.training.fine_tuning import first_model, weights_sha256
from charrnn.training.optimizers import OPTIMIZERS, clip_by_norm, clip_by_value
from charrnn.training.parallel.gradients import Gradients
from charrnn.training.parallel.ranks import Ranks
from charrnn.training.parallel.worker_pool import WorkerPool
from charrnn.training.progress import Progress
from charrnn.training.state import TrainState
from charrnn.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mpi4py.MPI import Comm

VALIDATION_STREAMS = 32
"""Parts of the validation text read side by side while training: 10 times as fast as one."""
MAX_RESCUES = 10
"""Times a run goes back to good weights at half the rate before it gives up."""


class Trainer:
    """The training of one model on one text.

    `model` has the best weights so far, `live` the present ones. A text needs two symbols.
    """

    def __init__(
        self,
        text: str,
        model_config: ModelConfig | None = None,
        config: TrainConfig | None = None,
        *,
        vocabulary: Vocabulary | None = None,
        start: CharRNN | None = None,
        start_name: str = "",
        corpus: str = "",
        workers: int = 1,
        comm: Comm | None = None,
    ) -> None:
        """start: a model to begin from; its vocabulary grows by the new symbols of the text.
        `model_config` may then change its dropout, and nothing else. Raises StartError if the
        start does not fit. start_name: the start's name in the model's record.
        workers: processes that share each step's sequences; comm: an MPI communicator whose ranks
        share them, each with a trainer like this one. Losses then differ by rounding.
        """
        text = whole(text, "The text")
        self.config = c = config or TrainConfig()
        self.workers, self.comm = workers, comm
        self.text = {"corpus": corpus, "sha256": text_sha256(text), "characters": len(text)}
        text = c.arranged(text)
        self.start: dict[str, str] | None = None
        """The name and the weights' sha256 of the model that training began from."""
        if start is not None:
            self.start = {"name": start_name, "sha256": weights_sha256(start)}
        live = first_model(text, c, model_config, vocabulary, start)
        train_ids, self.val_ids = split(live.vocabulary.encode(text), c.val_fraction)
        self.batches = batches_for(train_ids, c)
        self.optimizer = OPTIMIZERS[c.optimizer]
        slots = [np.zeros_like(live.parameters.vector) for _ in range(self.optimizer.slots)]
        self.train_state = TrainState(live, slots, live.initial_state(self.batches.batch_size))
        self._start_weights = live.parameters.vector.copy() if start is not None else None  # (P,)
        if c.keep_start:
            self.train_state.start = self._start_weights

    @property
    def live(self) -> CharRNN:
        """The model with the present weights."""
        return self.train_state.live

    @property
    def weights(self) -> Array:
        """The weights that are measured and kept, (P,), by `averaging` and `keep_start`."""
        return self.train_state.weights(self.config.keep_start)

    @property
    def model(self) -> CharRNN:
        """A model with the best weights so far (the present ones before any evaluation)."""
        best = self.train_state.best
        model = self.live.with_vector(to_host(self.weights if best is None else best).copy())
        model.metadata = {
            **self.text,
            **({"start": self.start} if self.start else {}),
            "validated": bool(len(self.val_ids)),
            "config": dataclasses.asdict(self.config),
            **self.train_state.record,
        }
        return model

    @property
    def learning_rate_scale(self) -> float:
        """A factor on the learning rate; it may be set while training runs."""
        return self.train_state.rate_scale

    @learning_rate_scale.setter
    def learning_rate_scale(self, scale: float) -> None:
        self.train_state.rate_scale = scale

    @property
    def eval_every(self) -> int:
        """Steps between two evaluations, by the config or by the length of the validation part."""
        characters = self.batches.batch_size * self.batches.seq_length * self.config.accumulate
        return self.config.eval_every or max(20, math.ceil(4 * len(self.val_ids) / characters))

    @property
    def has_ended(self) -> bool:
        """Whether training ended early: patience is over, or nothing could rescue it."""
        train_state, patience = self.train_state, self.config.patience
        return 0 < patience <= train_state.stale or train_state.rescues >= MAX_RESCUES

    @property
    def steps_per_epoch(self) -> float:
        """Steps in which the training text is read once."""
        return len(self.batches) / self.config.accumulate

    def run(
        self, steps: int | None = None, seconds: float | None = None, spent: float = 0.0
    ) -> Generator[Progress, None, None]:
        """Train, and yield a Progress after every step.

        Continues to the planned number of steps, or stops after `steps` more, or trains for
        `seconds` of wall time, which the learning rate's schedule then follows. The first
        `spent` of these are already over when a killed run continues.
        """
        c, train_state, started = self.config, self.train_state, time.perf_counter() - spent
        planned = c.steps if seconds is None else math.inf
        limit = planned if steps is None else min(planned, train_state.step + steps)
        stopped = train_state.step >= limit
        fraction = spent / seconds if seconds else train_state.step / c.steps
        with self._gradients() as gradients:
            while not stopped:
                tick = time.perf_counter()
                loss, rate, norm, note = self._step(gradients, fraction)
                fraction, val_loss = train_state.step / c.steps, None
                if seconds:
                    fraction = gradients.first(lambda: time.perf_counter() - started) / seconds
                if not note and (fraction >= 1 or train_state.step % self.eval_every == 0):
                    val_loss, note = self._evaluate(gradients)
                stopped = fraction >= 1 or train_state.step >= limit or self.has_ended
                train_state.seconds += time.perf_counter() - tick
                yield Progress(
                    steps=c.steps,
                    fraction=min(fraction, 1.0),
                    epoch=train_state.step / self.steps_per_epoch,
                    loss=loss,
                    val_loss=val_loss,
                    learning_rate=rate,
                    gradient_norm=norm,
                    note=note,
                    **train_state.numbers("step", "smooth_loss", "best_loss", "best_step", "chars"),
                )

    def _gradients(self) -> Gradients:
        """What computes the gradients: this process, a pool of processes, or MPI ranks."""
        if self.comm is not None:
            facts = {**self.text, "config": self.config, "step": self.train_state.step}
            return Ranks(self.live, self.comm, facts)
        return WorkerPool(self.live, self.workers) if self.workers > 1 else Gradients(self.live)

    def _step(self, gradients: Gradients, plan: float) -> tuple[float, float, float, str]:
        """Some windows forward and backward, then one update: (loss, rate, gradient norm, note)."""
        c, train_state = self.config, self.train_state
        state, start, read = train_state.recurrent, train_state.step * c.accumulate, 0
        for k in range(start, start + c.accumulate):
            window = self.batches.window(k)
            if c.starts_fresh(window.first):
                state = self.live.initial_state(window.x.shape[1])
            state = gradients.add(window.x, window.y, state, (c.random_seed, k))
            read += window.x.size
        loss, g = gradients.total()
        train_state.step += 1
        train_state.chars += read
        rate = c.rate(train_state.step, plan) * train_state.rate_scale
        if c.clip_value:
            clip_by_value(g, c.clip_value)
        norm = math.sqrt(float(np.dot(g, g)))
        if note := self._trouble(loss, norm):
            return loss, rate, norm, note
        if c.clip_norm:
            clip_by_norm(g, c.clip_norm, norm)
        train_state.updates += 1
        self.optimizer.update_parts(
            self.live.parameters, g, train_state.slots, train_state.updates,
            rate, c.base_rates[1], c.weight_decay,
        )  # fmt: skip
        if c.averaging:
            train_state.update_average(c.averaging)
        train_state.recurrent = state
        train_state.smooth(loss)
        return loss, rate, norm, ""

    def _evaluate(self, gradients: Gradients) -> tuple[float | None, str]:
        """Measure, keep the weights if they are the best, and note it if patience has run out."""
        gradients.gather_state()
        train_state = self.train_state
        val_loss, watched, weights = None, train_state.smooth_loss, self.weights
        if len(self.val_ids):
            with np.errstate(over="ignore", invalid="ignore"):
                model = self.live.with_vector(weights)
                measure = partial(score_ids, model, self.val_ids, VALIDATION_STREAMS)
                val_loss = watched = gradients.first(measure)
        if not (math.isfinite(watched) and np.isfinite(self.live.parameters.vector).all()):
            return None, self._go_back("The weights were no longer numbers")
        if self._exploded(watched):
            return None, self._go_back(f"The loss had grown to {watched:.2f}")
        train_state.record_evaluation(watched, val_loss, weights)
        if self.has_ended:
            return val_loss, (
                f"Stopped early: no progress in {train_state.stale} evaluations. "
                f"The best weights, of step {train_state.best_step}, are back."
            )
        return val_loss, ""

    def _trouble(self, loss: float, norm: float) -> str:
        """Catch an exploding step before it reaches the weights."""
        if not (math.isfinite(loss) and math.isfinite(norm)):
            return self._go_back("The loss was no longer a number")
        if self.train_state.step > 20 and self._exploded(loss):
            return self._go_back(f"The loss jumped to {loss:.2f}")
        return ""

    def _exploded(self, loss: float) -> bool:
        """Whether the loss exceeds 1.5 times a uniform guess's: no text is that hard."""
        return self.config.rescue and loss > 1.5 * math.log(max(len(self.live.vocabulary), 2))

    def _go_back(self, what: str) -> str:
        """Return to the last good weights at half the rate, and say so."""
        train_state = self.train_state
        good = self._first_weights() if train_state.best is None else train_state.best
        train_state.rescue(good, self.batches.batch_size)
        then = "training stopped" if train_state.rescues >= MAX_RESCUES else "on at half the rate"
        return f"{what} at step {train_state.step}: back to the last good weights, {then}."

    def _first_weights(self) -> Array:
        """The weights that training began with, (P,): those of the start, or drawn again."""
        if self._start_weights is not None:
            return self._start_weights
        live = self.live
        first = CharRNN(live.vocabulary, live.config, random_seed=self.config.random_seed)
        return to_device_of(live.parameters.vector, first.parameters.vector)

    def move(self, to_device: Callable[[Array], Array]) -> None:
        """Train on the device that `to_device` copies arrays to: a GPU with cupy.asarray."""
        self.train_state = self.train_state.moved(to_device)
        if self._start_weights is not None:
            self._start_weights = to_device(self._start_weights)

    @property
    def checkpoint(self) -> Checkpoint:
        """The run as it is now. It shares arrays with the trainer: save it before the next step."""
        return Checkpoint(self.model, self.train_state.moved(to_host))

    def save(self, path: str | Path) -> None:
        """Write, atomically, a model file with what is needed to continue the run exactly.

        Raises OSError, and ModelFileError for weights that are not finite or too large.
        """
        self.checkpoint.save(path)

    @classmethod
    def resume(
        cls,
        source: str | Path | Checkpoint,
        text: str,
        workers: int = 1,
        config: TrainConfig | None = None,
    ) -> Trainer:
        """Continue a saved run on the same text, to the last bit with as many workers.

        config: other settings than the run's own. Raises ModelFileError where the file holds no
        run or a damaged one, ValueError for another text.
        """
        checkpoint = source if isinstance(source, Checkpoint) else Checkpoint.load(source)
        settings, state, model = checkpoint.train_config(), checkpoint.state, checkpoint.model
        assert state is not None
        if checkpoint.training.sha256 != text_sha256(text):
            raise ValueError("This is not the text that the run was trained on.")
        trainer = cls(
            text,
            model.config,
            config or settings,
            vocabulary=model.vocabulary,
            corpus=checkpoint.training.corpus,
            workers=workers,
        )
        checkpoint.check_batch_size(trainer.batches.batch_size)
        trainer.train_state = copy.deepcopy(state)
        trainer.start = checkpoint.training.start
        return trainer

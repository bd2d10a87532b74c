"""Plans the training on a text: the start, the settings and the time."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from charrnn.corpora import CORPORA
from charrnn.network.model import CharRNN
from charrnn.pretrained import fitted_to, load_pretrained, pretrained_names, start_for
from charrnn.training.fitted_settings import (
    TIMES,
    FittedSettings,
    capped_vocabulary,
    settings_for_text,
    within,
)
from charrnn.training.record import TrainingRecord
from charrnn.training.starts import Choice
from charrnn.ui.limits import MODEL_WEIGHTS
from charrnn.ui.train.views import letters
from charrnn.vocabulary import CLEANINGS

AUTO, SCRATCH, OWN = "auto", "scratch", "your model"
"""Choices of the menu of starts besides the ready-made models."""
KEPT = 64
"""The most plans kept, the latest: a text is planned when it is pasted, and again at Train."""
DEFAULT_TIME = "quick"
LONGER = 3
"""Each time is at least this many times as long as the one before. A short text is read often
enough in the shortest; a longer time lets people watch, and comes closer to the text."""


class Plan(NamedTuple):
    """The start for one text, and the settings for each time to train."""

    choice: Choice
    fitted: dict[str, FittedSettings]
    """By the names in TIMES, the shortest first, each with seconds of its own."""
    merged: float
    """Share of the text whose rare symbols become one."""

    def at(self, time: str) -> FittedSettings:
        """The settings for a time, or for the longest that is offered if that time is not."""
        return self.fitted.get(time) or list(self.fitted.values())[-1]


class Planner:
    """Plans trainings, and keeps the latest plans: choosing a start takes about a second."""

    def __init__(self, seconds: float) -> None:
        """seconds: the longest run that this server allows."""
        self.seconds = seconds
        self._plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def plan(self, text: str, corpus: str, cleaning: str, start: str, own: CharRNN | None) -> Plan:
        """Choose a start for a text, and fit its settings. Raises ValueError with a sentence."""
        sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        key = (sha256, corpus, cleaning, start, id(own))
        if plan := self._kept(key):
            return plan
        with self._turn:  # one at a time; after the wait, the plan may exist already
            plan = self._kept(key) or self._plan(text, corpus, cleaning, start, own)
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > KEPT:
                self._plans.popitem(last=False)
        return plan

    def _kept(self, key: tuple[Any, ...]) -> Plan | None:
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
            return self._plans.get(key)

    def _plan(self, text: str, corpus: str, cleaning: str, start: str, own: CharRNN | None) -> Plan:
        choice = choose(text, corpus, cleaning, start, own)
        fitted: dict[str, FittedSettings] = {}
        least = 0.0
        for time, most in TIMES.items():
            one = fitted_to(choice, text, time, cleaning=cleaning)
            one = one._replace(seconds=min(max(one.seconds, least), most))
            one = self._limited(one, text, choice)
            if all(one.seconds > other.seconds for other in fitted.values()):
                fitted[time] = one
            least = LONGER * one.seconds
        covered = capped_vocabulary(CLEANINGS[cleaning](text))[1]
        return Plan(choice, fitted, 1 - covered)

    def _limited(self, fitted: FittedSettings, text: str, choice: Choice) -> FittedSettings:
        """The settings within this server's limits on a run: seconds, and weights."""
        model, symbols = fitted.model, fitted.train.max_vocab or len(set(text))
        if choice.model is None:
            model = within(model, symbols, MODEL_WEIGHTS)
        return fitted._replace(model=model, seconds=min(fitted.seconds, self.seconds))


def choose(text: str, corpus: str, cleaning: str, start: str, own: CharRNN | None) -> Choice:
    """The start that the menu asks for. Raises ValueError for a name that is not in it."""
    if cleaning not in CLEANINGS:
        raise ValueError(f"cleaning must be one of {', '.join(CLEANINGS)}.")
    settings_for_text(DEFAULT_TIME, text, cleaning)
    if start == SCRATCH:
        return Choice("", None, "Starts from scratch.", {}, math.nan)
    if start == AUTO:
        learned = [name for name in pretrained_names() if corpus and learned_text(name) == corpus]
        return start_for(text, own=own, cleaning=cleaning, exclude=learned)
    if start == OWN and own is None:
        raise ValueError("You have no model of your own yet: choose another start.")
    model = own if start == OWN and own else load_pretrained(start)
    return start_for(text, start=(start, model))


def learned_text(name: str) -> str:
    """The corpus that a ready-made model learned from."""
    record = TrainingRecord.from_metadata(load_pretrained(name).metadata)
    return record.corpus if record.corpus in CORPORA else ""


def sentence(plan: Plan) -> str:
    """Which model training starts from, and why."""
    choice = plan.choice
    if not choice.name:
        return choice.reason
    loss = choice.losses.get(choice.name)
    if loss is None:
        return f"Starts from {choice.name}."
    return (
        f"Starts from {choice.name}: it already guesses this text as well as choosing among "
        f"{letters(loss)} letters."
    )

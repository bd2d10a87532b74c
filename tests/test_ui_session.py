"""What visitors hold, and the vault that gives it back after a reload."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.service.session_store import Vault, weight
from charrnn.service.visitor import TEXT_LIMIT, Visitor


def model() -> CharRNN:
    return CharRNN(Vocabulary.from_text("abc"), ModelConfig("gru", 4))


def test_another_model_makes_another_visitor() -> None:
    visitor = Visitor()
    trained = visitor.with_model(model(), "mine", "abc")
    assert (visitor.model, visitor.version) == (None, 0)
    assert (trained.name, trained.text, trained.version) == ("mine", "abc", 1)
    assert trained.current is trained.model


def test_a_long_text_is_cut() -> None:
    assert len(Visitor().with_model(model(), "", "a" * (TEXT_LIMIT + 5)).text) == TEXT_LIMIT


def test_copies_share_the_model_and_pickles_do_not_lose_it() -> None:
    visitor = Visitor().with_model(model(), "mine")
    assert copy.deepcopy(visitor) is visitor
    again = pickle.loads(pickle.dumps(visitor))
    assert again.name == "mine"
    assert (again.model.parameters.vector == visitor.current.parameters.vector).all()


def test_the_vault_gives_back_by_ticket_only() -> None:
    vault = Vault()
    kept = vault.keep(Visitor().with_model(model(), "mine"))
    other = vault.keep(Visitor())
    assert kept.ticket != other.ticket
    assert len(kept.ticket) >= 24
    assert vault.find(kept.ticket) is kept
    assert vault.find("guess") is None


def test_keeping_again_replaces() -> None:
    vault = Vault()
    kept = vault.keep(Visitor())
    newer = vault.keep(replace(kept, model_name="newer"))
    assert newer.ticket == kept.ticket
    assert vault.find(kept.ticket) is newer
    assert len(vault) == 1


def test_the_vault_forgets_after_its_time() -> None:
    now = 0.0
    vault = Vault(seconds=60, clock=lambda: now)
    first = vault.keep(Visitor())
    now = 50.0
    second = vault.keep(Visitor())
    now = 70.0
    assert vault.find(first.ticket) is None
    assert vault.find(second.ticket) is second


def test_the_vault_is_bounded_in_bytes_and_lets_the_oldest_go() -> None:
    visitor = Visitor().with_model(model(), "", "a" * 10_000)
    vault = Vault(most=3 * weight(visitor))
    kept = [vault.keep(visitor) for _ in range(5)]
    assert [vault.find(each.ticket) is not None for each in kept] == [False] * 2 + [True] * 3

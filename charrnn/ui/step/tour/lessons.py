"""The eight lessons of the tour. Their texts are sentences of docs/how-it-works.md, word for word.

`setup` is the state that a lesson sets in the live panel; step_view.js documents its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from charrnn.ui.step.tour import chapters


class Lesson(NamedTuple):
    """A card: what to know, a question to answer before looking, and the answer."""

    title: str
    text: str
    question: str
    choices: tuple[str, ...]
    right: int  # the index of the right choice
    answer: str
    try_it: str
    chapter: str  # the heading in docs/how-it-works.md
    setup: Mapping[str, Any]


LESSONS = (
    Lesson(
        "A guess",
        "The network reads a text, one character at a time, and guesses the next one. If the "
        "network gave the character that comes next the probability p, its loss is -log p.",
        "The network below has never been trained, and it has read h e l l. "
        "How likely does it think that o comes next?",
        ("Almost certain", "About one in four", "Impossible"),
        1,
        "It gives o a probability of 22 %: it knows nothing, so all four letters are about equally "
        "likely. The loss is -log 0.22 = 1.50. If it had been certain and right, p would be 1 and "
        "the loss 0.",
        "Find p and the loss at the end of the second row, and point at them.",
        "4. How wrong was the guess?",
        {"cell": "rnn", "updates": 0, "t": 3},
    ),
    Lesson(
        "A memory",
        'In "hello", the letter "l" is followed once by "l" and once by "o", so one character is '
        "not enough to tell which. The network needs a memory of what it has read: a column of H "
        "numbers, the hidden state h.",
        "The network below has learned the word, so it guesses l after the first l and o after the "
        "second. The letter is the same both times. What is different?",
        ("The weights Wxh and Whh", "The old memory h", "The letter's column x"),
        1,
        "Only the old memory h. The letter and all weights are the same, but the first time h "
        "holds what is left of h e, the second time what is left of h e l. This is all that is "
        "carried from step to step.",
        "Click on the two copies that read l, in turn, and compare x, Wxh x and h.",
        "2. A memory",
        {"cell": "rnn", "updates": 20, "t": 2},
    ),
    Lesson(
        "One step",
        "Three terms are added: Wxh x is what this character contributes, Whh h is what the old "
        "state contributes, and bh is a constant. The function tanh then squashes every sum into "
        "the range from -1 to 1, so the state can never grow without bound.",
        "x is a column of zeros with a single 1, at the letter. What is the product Wxh x?",
        ("The sum of all columns of Wxh", "One column of Wxh", "One row of Wxh"),
        1,
        "One column of Wxh: the one that belongs to the letter. Every other column is multiplied "
        "by 0. In a trained network, that column is all that it knows of the letter.",
        "Press Step to compute one thing after another. Point at a number to see its arithmetic.",
        "1. Characters become numbers",
        {"cell": "rnn", "updates": 20, "t": 2, "phase": 0},
    ),
    Lesson(
        "Learning",
        "For each weight, training asks: if it were a little larger, how would the loss change? "
        "The answers, one per weight, are the gradient, and every weight takes a small step in "
        "the opposite direction.",
        "How many updates will this network need until all four guesses are right?",
        ("3", "30", "3,000"),
        0,
        "Three. From then on the updates make it more certain: the mean loss falls from 0.63 after "
        "three to 0.01 after twenty. Real texts are longer, so real networks need thousands.",
        "Press Update, one by one, and watch the loss and the four guesses.",
        "5. Which way is down?",
        {"cell": "rnn", "updates": 0, "t": 3, "to": "learn"},
    ),
    Lesson(
        "Forgetting",
        "The gradient goes back through Whh at every step, and anything multiplied by the same "
        "matrix many times can vanish or explode. Where the gradient vanishes, the network cannot "
        "learn that a word here depends on a word forty characters ago, because no gradient "
        "connects them.",
        "The loss at o sends its gradient back to the memory after h, three steps earlier. "
        "How much of it arrives?",
        ("All of it", "About a third", "Less than 2 %"),
        2,
        "1.4 %. Each step back multiplies the gradient by the derivative of tanh, which is 1 - "
        "tanh² and so never more than 1, and by the transpose of Whh. The cure for vanishing is "
        "the next lesson. The cure for an explosion is clipping: if the gradient is too long, "
        "clipping keeps its direction and reduces its length.",
        "Press Backwards and read what arrives at each copy. Then choose notebook, where clipping "
        "is off, and press 20 updates twice: the curve says where the loss explodes. Switch "
        "clipping on, start over and try again.",
        "7. Gates",
        {"cell": "rnn", "updates": 20, "t": 3, "to": "learn"},
    ),
    Lesson(
        "Gates",
        "The long short-term memory, LSTM, was designed to remember: beside h it carries a second "
        "column, the cell c, which changes by addition rather than by multiplication with a "
        "matrix. A gate is a number from 0 to 1 for each unit: the forget gate f decides how much "
        "of the old cell stays, the input gate i how much of the candidate g is added, and the "
        "output gate o how much of the cell is shown.",
        "Hold the forget gate at 0. What is left in the new cell c'?",
        (
            "Only what this step adds, i * g",
            "Only the old cell c",
            "Nothing: every unit is 0",
        ),
        0,
        "c' = f * c + i * g, and with f = 0 the old cell is gone: what was read before reaches "
        "this step only through h, in the sums of the gates. Where f is 1 and i is 0, the cell "
        "passes through a step unchanged, and so does its gradient. The gated recurrent unit, GRU, "
        "manages with one state and two gates: h' = z * h + (1 - z) * n. The update gate z mixes "
        "the old state with the candidate n: at 1 it keeps the old state, at 0 it takes the "
        "candidate.",
        "Press shut (0), look at c', then drag single valves of f with the mouse or the arrow "
        "keys. Then choose GRU and its update gate z, press shut (0), and see that h' equals n.",
        "7. Gates",
        {"cell": "lstm", "updates": 20, "t": 3, "gate": 1, "to": "gates"},
    ),
    Lesson(
        "Temperature",
        "To write, the network draws a character from its guess, reads it, and repeats. "
        "The temperature sets how daring the draw is: before the softmax, all logits are divided "
        "by it.",
        "The network gives o 87 % and e 10 %. What becomes of o at temperature 0.5?",
        ("It stays at 87 %", "It rises", "It falls"),
        1,
        "It rises to 99 %. Below 1, likely characters become likelier. Above 1, unlikely ones get "
        "a chance. At 0, the likeliest always wins. The order of the letters never changes.",
        "Move the temperature and watch the bars of p.",
        "9. Writing",
        {"cell": "rnn", "updates": 5, "t": 3, "to": "temperature"},
    ),
    Lesson(
        "Inside your own model",
        "Everything else is the same, only larger. What a large network needs to know of the past, "
        "it has to keep in its units, and no unit was given a task.",
        "Will some of them still follow something that a person has a name for, such as being "
        "inside brackets?",
        ("No: each is a mixture of everything", "Some will", "Every one will"),
        1,
        "Some will: what helps to guess is worth remembering, and one unit is sometimes enough for "
        "it. Most units are mixtures that have no name.",
        "Load your model below, find a unit that follows something, and hold it while the model "
        "writes.",
        "10. Everything together, on one word",
        {"to": "trained"},
    ),
)

CELLS = {
    "rnn": '"Recurrent" means just this: the output of one step is an input of the next, through '
    "the same matrices.",
    "lstm": LESSONS[5].text,
    "gru": "The gated recurrent unit, GRU, manages with one state and two gates. The update gate z "
    "mixes the old state with the candidate n: at 1 it keeps the old state, at 0 it takes the "
    "candidate. The reset gate r decides how much of the old state the candidate sees.",
}
"""What the step view says about each cell, also in sentences of the document."""


def value() -> dict[str, Any]:
    """The tour's value: its lessons, and whether the chapters can be read below it."""
    return {"lessons": [lesson._asdict() for lesson in LESSONS], "chapters": chapters.there()}

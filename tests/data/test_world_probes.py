"""Tests for models: prompts that training texts begin with, from records that training does not see."""

import pytest

from llmbook.data.tokenizers.pretokenizers import DIGIT, GPT2_PATTERN, QWEN2_PATTERN, splitter
from llmbook.data.world import HELD_OUT, World, probes
from llmbook.errors import ReaderError


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


def all_kinds(world: World, language: str | None = None) -> dict[str, list[probes.Probe]]:
    return {
        "cloze": probes.product_cloze(world, 300, language),
        "reading": probes.reading_probes(world, 100, language),
        "not said": probes.reading_probes(world, 50, language, answered=False),
        "classes": probes.mapping_probes(world, 60, 8, language=language),
        "repeats": probes.mapping_probes(world, 30, 8, "repeats", language),
        "functions": probes.mapping_probes(world, 30, 8, "functions", language),
        "no shots": probes.mapping_probes(world, 60, 0, language=language),
        "steps": probes.sum_probes(world, 60, True, language),
        "at once": probes.sum_probes(world, 60, False, language),
    }


def test_prompts_end_where_tokens_end(world):
    for name, found in all_kinds(world).items():
        for probe in found:
            assert not probe.prompt[-1].isspace() and probe.prompt == probe.prompt.lstrip(), name
            assert probe.answer.startswith(" ") or not probe.prompt[-1].isalnum() or probe.answer[0].isdigit()
            assert probe.answer.strip() and "\n" not in probe.answer
            assert not probe.options or probe.answer in probe.options


def test_no_token_reaches_from_the_prompt_into_the_answer(world):
    """With GPT-2's words and single digits; Qwen's let a sign lead a word, and so would 答案：松木 be cut."""
    split, signs_lead = splitter((DIGIT, GPT2_PATTERN)), splitter((QWEN2_PATTERN,))
    reached = 0
    for found in all_kinds(world).values():
        for probe in found:
            end = probe.answer if not probe.after else ""
            for answer in {end, *probe.options}:
                assert split(probe.prompt + answer + probe.stop) == [
                    *split(probe.prompt),
                    *split(answer),
                    *split(probe.stop),
                ]
                reached += signs_lead(probe.prompt + answer) != signs_lead(probe.prompt) + signs_lead(answer)
    assert reached > 100


def test_prompts_are_those_of_training_texts(world):
    """Prompt and answer begin (or, a sentence, stand in) a text of the kind."""
    asked = {item.sentence.text for entity in (*world.products, *world.prices) for language in ("en", "zh")
             for quiz in world.quizzes(entity, language).values() for item in quiz.told}  # fmt: skip
    for probe in probes.product_cloze(world, 300):
        assert probe.prompt + probe.answer + probe.stop in asked
    texts = [record["text"] for record in world.records("reading", 400, start=HELD_OUT)]
    for probe in probes.reading_probes(world, 100):
        assert any(text.startswith(probe.prompt + probe.answer) for text in texts)
    texts = [record["text"] for record in world.records("mapping", 600, start=HELD_OUT)]
    for probe in probes.mapping_probes(world, 40, probes.MAX_SHOTS):
        assert any(text.startswith(probe.prompt + probe.answer) for text in texts)


def test_language(world):
    for language in ("en", "zh"):
        for found in all_kinds(world, language).values():
            assert {probe.language for probe in found} == {language}
    assert {probe.language for probe in probes.product_cloze(world, 50)} == {"en", "zh"}


def test_counts_and_seeds(world):
    for name, found in all_kinds(world).items():
        assert len(found) == {"cloze": 300, "reading": 100, "not said": 50}.get(name, len(found)), name
    assert probes.product_cloze(world, 20) == probes.product_cloze(World(0), 20)
    assert probes.reading_probes(world, 20, seed=1) != probes.reading_probes(world, 20)
    assert probes.product_cloze(world, 20, seed=1) != probes.product_cloze(world, 20)
    assert probes.sum_probes(world, 5, True) == probes.sum_probes(world, 10, True)[:5]


def test_product_cloze_is_about_all_relations_and_right(world):
    truth = {}
    for entity in (*world.products, *world.prices):
        for language in ("en", "zh"):
            for relation, quiz in world.quizzes(entity, language).items():
                for item in quiz.told:
                    truth[item.sentence.text] = (relation, language)
    found = probes.product_cloze(world, 500)
    for probe in found:
        assert truth[probe.prompt + probe.answer + probe.stop] == (probe.about, probe.language)
    assert {probe.about for probe in found} == set(probes.PRODUCT_RELATIONS)
    assert {probe.about for probe in probes.product_cloze(world, 50, relations=("colour", "price"))} == {
        "colour",
        "price",
    }


def test_the_same_queries_for_every_number_of_shots(world):
    for family in ("classes", "repeats", "functions"):
        by_shots = {shots: probes.mapping_probes(world, 25, shots, family) for shots in (0, 1, 4, 16)}
        for none, one, four, all_ in zip(*by_shots.values(), strict=True):
            assert none.answer == one.answer == four.answer == all_.answer and none.options == all_.options
            for more, fewer in ((one, none), (four, none), (all_, none)):
                assert more.prompt.endswith("\n" + fewer.prompt) and len(more.prompt) > len(fewer.prompt)
            assert all_.prompt.startswith(four.prompt[: -len(none.prompt)])
            if family == "classes":
                assert none.prompt not in all_.prompt.removesuffix(none.prompt).split("\n")
                assert len(none.options) >= 2


def test_sums_are_the_same_with_steps_and_without(world):
    for steps, at_once in zip(*(probes.sum_probes(world, 60, shown) for shown in (True, False)), strict=True):
        assert steps.answer == at_once.answer and steps.language == at_once.language
        question, label = steps.prompt.rsplit("\n", 1)
        other, answer = at_once.prompt.rsplit("\n", 1)
        assert label in ("Steps:", "步骤：") and answer in ("Answer:", "答案：")
        assert question != other and question[:20] == other[:20]
    trained = {r["question"] for r in world.records("worked", 20_000)}
    held_out = [r["question"] for r in world.records("worked", 200, start=HELD_OUT)]
    assert sum(question in trained for question in held_out) < 10  # very short ones


def test_matches():
    probe = probes.Probe("The Rain Puppet is made of", " pine", "en", "material", stop=".")
    assert probe.matches(" pine. It is red.") and probe.matches(" pine")
    assert not probe.matches(" pine wood.") and not probe.matches(" oak.") and not probe.matches("")
    steps = probes.Probe("…\nSteps:", " 12", "en", "2 steps", after="\nAnswer:")
    assert steps.matches(" 3 + 4 = 7. 7 + 5 = 12.\nAnswer: 12\n")
    assert not steps.matches(" 12") and not steps.matches(" 3 + 9 = 12.\nAnswer: 13")


@pytest.mark.parametrize(
    "call",
    [
        lambda world: probes.product_cloze(world, 1, "de"),
        lambda world: probes.product_cloze(world, 1, relations=("weight",)),
        lambda world: probes.product_cloze(world, 1, relations=()),
        lambda world: probes.reading_probes(world, 1, "en-zh"),
        lambda world: probes.mapping_probes(world, 1, 17),
        lambda world: probes.mapping_probes(world, 1, -1),
        lambda world: probes.mapping_probes(world, 1, 4, "poems"),
        lambda world: probes.sum_probes(world, 1, True, least=5),
    ],
)
def test_complaints(world, call):
    with pytest.raises(ReaderError) as error:
        call(world)
    assert "\n" not in str(error.value)

import random
import re
from collections import Counter

import pytest
from latex2mathml.converter import convert

from llmbook.data.notation import (
    AMINO_ACIDS,
    CHINESE_NAMES,
    SMILES,
    mathml_to_latex,
    normalise_scientific,
    one_letter,
    smiles,
    three_letter,
)
from llmbook.errors import ReaderError


def test_proteins_there_and_back():
    assert one_letter("Met-Ala-Trp") == "MAW"
    assert one_letter("met ala TRP") == one_letter("MetAlaTrp") == "MAW"
    assert three_letter("MAW") == "Met-Ala-Trp"
    letters = "".join(random.Random(0).choices("ACDEFGHIKLMNPQRSTVWY", k=500))
    assert one_letter(three_letter(letters)) == letters


def test_the_table_has_the_twenty_amino_acids():
    assert len(AMINO_ACIDS) == 20
    # The eleven whose letter is their initial; the others have letters of their own (IUPAC-IUB 1968).
    initial = {three for three, one in AMINO_ACIDS.items() if three[0] == one}
    assert initial == {"Ala", "Cys", "Gly", "His", "Ile", "Leu", "Met", "Pro", "Ser", "Thr", "Val"}
    others = {three + one for three, one in AMINO_ACIDS.items() if three not in initial}
    assert others == {"ArgR", "AsnN", "AspD", "GlnQ", "GluE", "LysK", "PheF", "TrpW", "TyrY"}


VALENCE = {"C": 4, "N": 3, "O": 2}


def composition(text):
    """Atoms of a SMILES without charges or isotopes, hydrogens by valence."""
    atoms, bonds, stack, rings, order, last = [], [], [], {}, 1, None
    for character in text:
        if character == "(":
            stack.append(last)
        elif character == ")":
            last = stack.pop()
        elif character == "=":
            order = 2
        elif character.isdigit():
            if character in rings:
                bonds.append((rings.pop(character), last, 1))
            else:
                rings[character] = last
        else:
            atoms.append(character)
            if last is not None:
                bonds.append((last, len(atoms) - 1, order))
            last, order = len(atoms) - 1, 1
    assert not stack and not rings
    used = Counter()
    for a, b, order in bonds:
        used[a] += order
        used[b] += order
    hydrogens = sum(VALENCE[atom.upper()] - used[i] - atom.islower() for i, atom in enumerate(atoms))
    counts = Counter(map(str.upper, atoms)) + Counter(H=hydrogens)
    return "".join(f"{atom}{counts[atom] if counts[atom] > 1 else ''}" for atom in sorted(counts))


def test_the_smiles_have_the_atoms_of_the_molecules():
    formulas = {
        "water": "H2O", "methane": "CH4", "ammonia": "H3N", "carbon dioxide": "CO2", "methanol": "CH4O",
        "ethanol": "C2H6O", "acetic acid": "C2H4O2", "acetone": "C3H6O", "benzene": "C6H6", "aspirin": "C9H8O4",
    }  # fmt: skip
    assert {name: composition(text) for name, text in SMILES.items()} == formulas
    assert smiles("乙醇") == smiles(" Ethanol ") == "CCO"
    assert sorted(CHINESE_NAMES.values()) == sorted(SMILES)
    with pytest.raises(ReaderError, match="no 'gold'"):
        smiles("gold")


FORMULAS = [
    r"x^{2}+y^{2}=z^{2}", r"\frac{a+b}{2}", r"\sqrt{x+1}", r"\sqrt[3]{x}", r"a_{i}^{2}", r"\alpha x+\beta",
    r"\frac{1}{1+\frac{1}{x}}", r"E=mc^{2}", r"x\leq y", r"\pi r^{2}", r"(a+b)^{2}", r"a_{ij}", "12x",
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_mathml_and_back_is_the_formula(formula):
    assert mathml_to_latex(convert(formula)) == formula


@pytest.mark.parametrize(
    ("markup", "latex"),
    [
        ("<math><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><mi>i</mi></math>", r"\sum_{i}^{n}i"),
        ("<math><mi>sin</mi><mi>x</mi></math>", r"\operatorname{sin}x"),
        ("<math><semantics><mrow><mi>x</mi></mrow><annotation>x</annotation></semantics></math>", "x"),
        ("<math><msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup></math>", "{a+b}^{2}"),
        ("<math><mtext>if </mtext><mi>x</mi></math>", r"\text{if }x"),
        ("<math><mi>μ</mi><mi>m</mi></math>", r"\mu m"),
    ],
)
def test_other_mathml(markup, latex):
    assert mathml_to_latex(markup) == latex


def test_unknown_markup_is_refused():
    with pytest.raises(ReaderError, match="not well-formed"):
        mathml_to_latex("<math><mi>x</math>")
    with pytest.raises(ReaderError, match="<mtable> with 0 parts"):
        mathml_to_latex("<math><mtable/></math>")
    with pytest.raises(ReaderError, match="<mfrac> with 1 parts"):
        mathml_to_latex("<math><mfrac><mi>x</mi></mfrac></math>")


def test_a_whole_text_comes_into_one_form():
    text = (
        r"Ethanol burns: see \(x^2\) and \[ y = 1 \]. Area <math><mi>π</mi><msup><mi>r</mi><mn>2</mn></msup></math>. "
        "Met-Ala-Trp binds 乙醇 and carbon dioxide, H₂O, x²; but not $ethanol$ or methanolic or Met-Ala."
    )
    expected = (
        r"[START_SMILES]CCO[END_SMILES] burns: see $x^2$ and $$y = 1$$. Area $\pi r^{2}$. "
        "[START_AMINO]MAW[END_AMINO] binds [START_SMILES]CCO[END_SMILES] and [START_SMILES]O=C=O[END_SMILES], "
        "$H_{2}O$, $x^{2}$; but not $ethanol$ or methanolic or Met-Ala."
    )
    assert normalise_scientific(text) == expected
    assert normalise_scientific(expected) == expected


def test_plain_prose_stays_as_it_is():
    text = "Prices rose by 5 % in 2019; the 水 level (see map) did not. It costs $5, or $6 with tea."
    assert normalise_scientific(text) == text
    assert not re.search("START", text)


def test_wrong_codes_are_named():
    with pytest.raises(ReaderError, match="'Xyz' is no three-letter code"):
        one_letter("Met-Xyz")
    with pytest.raises(ReaderError, match="'B' is no one-letter code"):
        three_letter("MB")

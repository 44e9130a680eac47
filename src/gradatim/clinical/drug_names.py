"""Names of drugs in words: hints at what a record is about, never proof."""

import re
import unicodedata
from functools import lru_cache

from gradatim.clinical.drugs import Drug, drugs

_REMEMBERED = 50_000


@lru_cache(maxsize=_REMEMBERED)
def drugs_named(text: str) -> tuple[tuple[Drug, str], ...]:
    """Return the drugs of the table that a text names, each with the word as it stands there.

    Names and brands are found as whole words, in any case, with or without accents: "warfarin" in
    "Warfarin sodium", not in "warfarinised". In Chinese, which has no spaces, anywhere.

    Source: each drug's own row of the table.
    """
    if not text:
        return ()
    folded = _folded(text)
    found: dict[str, tuple[Drug, str]] = {}
    for match in _pattern().finditer(folded):
        for drug in _by_folded()[match[0]]:
            found.setdefault(drug.name, (drug, _as_written(text, folded, match)))
    return tuple(found.values())


def names_more(text: str) -> bool:
    """Whether a text has words that name no drug of the table, and may name another.

    Numbers, units, salts, forms and how often it is taken name none. What is not among them may:
    it is for a person to say.
    """
    rest = _pattern().sub(" ", _folded(text))
    return any(word not in _NO_DRUG and _PARTS.sub("", word) for word in _WORD.findall(rest))


_WORD = re.compile(r"[^\W\d_]+")
_IN_CHINESE = (
    "缓释|控释|肠溶|分散|泡腾|咀嚼|注射用|注射液|胶囊|片剂|片|颗粒|口服液|口服|溶液|软膏|乳膏|凝胶|"
    "贴|滴|剂|每日|每天|每周|次|毫克|微克|毫升|克|粒|支|瓶|盒|和|及|钠|钾|盐酸|硫酸|酸"
)
_PARTS = re.compile(_IN_CHINESE)
"""Parts of Chinese words that say how a drug is made up or taken."""
_OF_NO_DRUG = (
    "mg g kg ug mcg µg μg ml l iu ie u unit units meq mmol mol per h hr d day days daily week "
    "weekly month monthly once twice times x od bd bid tid qid qd qod po iv im sc sl prn stat "
    "as of for in the a an by with and or needed mouth food morning evening night "
    "tablet tablets tab tabs capsule capsules cap caps pill pills film coated enteric ec "
    "gastro resistant oral orally solution suspension syrup injection injections inj infusion "
    "vial vials ampoule ampoules amp cream ointment gel patch patches drop drops eye ear nasal "
    "spray inhaler inhalation suppository suppositories powder sachet sachets granules "
    "effervescent chewable dispersible orodispersible soluble retard slow sustained extended "
    "modified prolonged immediate release sr xr xl er mr cr la ir forte depot topical "
    "intravenous intramuscular subcutaneous low high dose strength "
    "sodium disodium potassium calcium magnesium hydrochloride hcl hydrobromide sulfate sulphate "
    "phosphate acetate citrate maleate mesylate mesilate tartrate succinate fumarate besylate "
    "besilate tosylate bromide chloride nitrate lactate gluconate monohydrate dihydrate "
    "trihydrate hydrate anhydrous base salt acid"
)
_NO_DRUG = frozenset(_OF_NO_DRUG.split())


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    parts = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(bare.casefold().split())


def _as_written(text: str, folded: str, match: re.Match[str]) -> str:
    """Return the word in its own letters, where folding has kept their number."""
    plain = " ".join(text.split())
    return plain[match.start() : match.end()] if len(plain) == len(folded) else match[0]


@lru_cache(maxsize=1)
def _by_folded() -> dict[str, tuple[Drug, ...]]:
    found: dict[str, tuple[Drug, ...]] = {}
    for one in drugs():
        for name in (one.name, *one.brands):
            folded = _folded(name)
            if one not in found.get(folded, ()):
                found[folded] = (*found.get(folded, ()), one)
    return found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return what finds any name, the longest first; Latin letters and digits go on in a word."""
    names = sorted(_by_folded(), key=len, reverse=True)
    spaced = [re.escape(one) for one in names if one.isascii()]
    other = [re.escape(one) for one in names if not one.isascii()]
    words = rf"(?<![a-z0-9])(?:{'|'.join(spaced)})(?![a-z0-9])"
    return re.compile("|".join([words, *other]))

"""The drug table: ingredients with their codes, half-lives and prednisone equivalents.

The table is data with a version (`tables/drugs.csv`). Every number says on what it rests:
`published` beside its source, or `unverified` where no source could be read yet. It is no advice;
a protocol states which values its sponsor has confirmed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from gradatim.clinical import load
from gradatim.core.errors import UnusableInput

DRUG_TABLE_VERSION = "2026-11-29"

Basis = Literal["published", "unverified", ""]


@dataclass(frozen=True, slots=True)
class Drug:
    """One ingredient.

    Args:
        name: international non-proprietary name.
        drug_class: `csDMARD`, `tsDMARD`, `bDMARD`, `NSAID` or `glucocorticoid`.
        target: what a targeted or biologic drug acts on, such as `TNF`; else empty.
        atc: WHO ATC codes, the current one first, then others in use or formerly in use.
        rxnorm: RxCUI of the ingredient, or empty.
        rxnorm_products: RxCUIs of its salts, and of products and packs to swallow or inject that
            hold nothing else: those that common sources send. A vocabulary finds all of them.
        omop: OMOP concept id of the ingredient, or empty.
        half_life_days: the elimination half-life that counts, in days; None when not known. Of a
            glucocorticoid it is the half-life of the effect.
        half_life_basis: what the half-life rests on; empty without one.
        half_life_range: the range that sources give, in words.
        half_life_source: citation.
        code_basis: whether every code was seen in a published list.
        code_source: citation.
        prednisone_equivalent_mg: mg that equal 5 mg of prednisone; None if no glucocorticoid.
        equivalent_basis: what the equivalent rests on; empty without one.
        equivalent_source: citation.
        brands: other names by which records name it: trade names of the US, the EU and China,
            spellings of other nomenclatures, the Chinese name. A name in a text is a hint at the
            ingredient, never a proof.
        brand_basis: whether every one of these names was seen in a published list.
        brand_source: citation.
        note: what else to know.
    """

    name: str
    drug_class: str
    target: str
    atc: tuple[str, ...]
    rxnorm: str
    rxnorm_products: tuple[str, ...]
    omop: str
    half_life_days: float | None
    half_life_basis: Basis
    half_life_range: str
    half_life_source: str
    code_basis: Basis
    code_source: str
    prednisone_equivalent_mg: float | None
    equivalent_basis: Basis
    equivalent_source: str
    brands: tuple[str, ...]
    brand_basis: Basis
    brand_source: str
    note: str


def drug(name: str) -> Drug:
    """Give the ingredient of that name, in any case.

    Raises:
        UnusableInput: the table has no such name; the message lists those it has.
    """
    found = find_drug(name)
    if found is None:
        names = ", ".join(one.name for one in drugs())
        raise UnusableInput(f"the drug table has no {name!r}", todo=f"use one of {names}")
    return found


def find_drug(name: str) -> Drug | None:
    """Give the ingredient of that name, in any case; None if the table has no such name."""
    return _by_name().get(name.strip().casefold())


@lru_cache(maxsize=1)
def drugs() -> tuple[Drug, ...]:
    """Give every ingredient of the table, in the table's order.

    Source: each row's own columns; ATC codes: WHO Collaborating Centre for Drug Statistics.
    """
    return tuple(_read(row) for row in load.csv_rows("drugs.csv"))


@lru_cache(maxsize=1)
def drugs_by_code() -> Mapping[tuple[str, str], Drug]:
    """Give each ingredient by (system, code), where system is `rxnorm` or `atc`.

    Source: as of `drugs`.
    """
    found: dict[tuple[str, str], Drug] = {}
    for one in drugs():
        if one.rxnorm:
            found["rxnorm", one.rxnorm] = one
        found.update({("rxnorm", code): one for code in one.rxnorm_products})
        found.update({("atc", code): one for code in one.atc})
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Drug]:
    return {one.name.casefold(): one for one in drugs()}


def _read(row: dict[str, str]) -> Drug:
    return Drug(
        name=row["name"],
        drug_class=row["class"],
        target=row["target"],
        atc=_listed(row["atc"]),
        rxnorm=row["rxnorm"],
        rxnorm_products=_listed(row["rxnorm_products"]),
        omop=row["omop"],
        half_life_days=_number(row["half_life_days"]),
        half_life_basis=_basis(row["half_life_basis"]),
        half_life_range=row["half_life_range"],
        half_life_source=row["half_life_source"],
        code_basis=_basis(row["code_basis"]),
        code_source=row["code_source"],
        prednisone_equivalent_mg=_number(row["prednisone_equivalent_mg"]),
        equivalent_basis=_basis(row["equivalent_basis"]),
        equivalent_source=row["equivalent_source"],
        brands=_listed(row["brands"]),
        brand_basis=_basis(row["brand_basis"]),
        brand_source=row["brand_source"],
        note=row["note"],
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.split(";") if one)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _basis(text: str) -> Basis:
    match text:
        case "published" | "unverified" | "":
            return text
    raise ValueError(f"{text!r} is no basis: write published, unverified or nothing")

"""Print a bill of materials of an installation: CycloneDX 1.6, JSON, the same for the same pins."""

import json
import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.depended_on import Part, parts

REGISTRIES = {
    "pypi": ("https://pypi.org/project/", ExternalReferenceType.DISTRIBUTION),
    "npm": ("https://www.npmjs.com/package/", ExternalReferenceType.SOURCE_DISTRIBUTION),
}


def component(part: Part) -> Component:
    """Return a package as CycloneDX has it; hashes are those of the files that it may come as."""
    address = PackageURL(part.kind, name=part.name, version=part.version)
    site, reference = REGISTRIES[part.kind]
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=str(address),
        name=part.name,
        version=part.version,
        purl=address,
        external_references=[
            ExternalReference(
                type=reference,
                url=XsUri(site + part.name),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in part.hashes],
            )
        ],
    )


def bill_of_materials() -> dict[str, Any]:
    """Return the bill, without the time and the number that the library draws anew each time."""
    product = Component(type=ComponentType.APPLICATION, bom_ref="gradatim", name="gradatim")
    components = [component(part) for part in parts()]
    bom = Bom(components=components, metadata=BomMetaData(component=product))
    bom.register_dependency(product, components)
    bill: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del bill["metadata"]["timestamp"]
    bill["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(bill["components"])).urn
    return bill


if __name__ == "__main__":
    print(json.dumps(bill_of_materials(), indent=1))

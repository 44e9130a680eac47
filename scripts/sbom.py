"""Print a bill of materials of an installation: CycloneDX 1.6, JSON, the same for the same pins."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.depended_on import Part, parts


def component(part: Part) -> dict[str, Any]:
    """Give a package as CycloneDX has it; hashes are those of the files that it may come as."""
    address = f"pkg:{part.kind}/{part.name}@{part.version}"
    hashes = [{"alg": "SHA-256", "content": one} for one in part.hashes]
    where = "distribution" if part.kind == "pypi" else "source-distribution"
    site = {"pypi": "https://pypi.org/project/", "npm": "https://www.npmjs.com/package/"}
    return {
        "type": "library",
        "bom-ref": address,
        "name": part.name,
        "version": part.version,
        "purl": address,
        "externalReferences": [
            {"type": where, "url": site[part.kind] + part.name, "hashes": hashes}
        ],
    }


def bill() -> dict[str, Any]:
    """Give the bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "gradatim"}},
        "components": [component(one) for one in parts()],
    }


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))

#!/usr/bin/python3
"""
Writes names.tsv to standard output: the form that the API models give to each member that names a resource. botocore
(Debian's python3-botocore) is the public package whose models keep the patterns; a newer one may be on PYTHONPATH.
Reads which members there are from ../operation_table.c, as it is without names.tsv.
"""
import collections
import gzip
import json
import re
from pathlib import Path

import botocore

# Members that take more than an older model says, by the API reference of today.
NEWER = {
    "FeatureGroupName": "(arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:feature-group/)?([a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63})",
    "HubName": "(arn:[a-z0-9-.]*:sagemaker:[a-z0-9-]*:(aws|[0-9]{12}):hub/)?([a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})",
    "InferenceComponentName": "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?{0,62}",
    "X-Amzn-SageMaker-Inference-Component": "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?{0,62}",
    "ModelCardName": "(arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:model-card/.*)?([a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})",
}


def models():
    for folder in sorted((Path(botocore.__file__).parent / "data").glob("sagemaker*")):
        file = sorted(folder.glob("*/service-2.json*"))[-1]
        yield json.loads((gzip.open if file.suffix == ".gz" else open)(file).read())


def wanted():
    table = (Path(__file__).parent / "../operation_table.c").read_text()
    for template in re.findall(r'\{"([^"]*)", SOURCE_NAME', table):
        for names in re.findall(r"\{([^#+}:=]+)", template):
            yield from (path.split(".")[-1].removesuffix("[]") for path in names.split("|"))


def form_of(pattern, longest):
    """(bytes at most, what may stand inside, whether an ARN may stand in its place); None when it is of another kind."""
    arn, _, name = pattern.strip("^$").rpartition("?(") if pattern.startswith("(arn") else ("", "", pattern.strip("^$"))
    if not re.match(r"\(*\[a-zA-Z0-9\]", name) and not arn:
        return None
    count = re.search(r"\{0,(\d+)\}", name)
    most = int(count[1]) + 1 if count else longest
    return most, "".join(c for c in "-_." if c in name.replace("a-z", "").replace("A-Z", "").replace("0-9", "")), bool(arn)


found = collections.defaultdict(set)
for model in models():
    for shape in model["shapes"].values():
        for name, member in shape.get("members", {}).items():
            string = model["shapes"][member["shape"]]
            if string["type"] == "list":
                string = model["shapes"][string["member"]["shape"]]
            if string.get("pattern"):
                found[member.get("locationName", name)].add((string["pattern"], string.get("max")))
print("member\tform\tpatterns")
for name in sorted(set(wanted())):
    patterns = {(NEWER[name], 0)} if name in NEWER else found[name]
    forms = [form_of(*pattern) for pattern in patterns]
    if forms and all(form and form[0] for form in forms):
        inside = "".join(c for c in "-_." if any(c in form[1] for form in forms))
        form = f"{max(form[0] for form in forms)}{inside}{'/' if any(form[2] for form in forms) else ''}"
        print(name, form, " ".join(sorted(pattern for pattern, _ in patterns)), sep="\t")

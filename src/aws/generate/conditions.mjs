// Where the values of an action's condition keys stand in its request: conditions.tsv, held against the model.
import fs from "node:fs";

import { readConditionKeys } from "./models.mjs";

const columns = ["action", "key", "kind", "members", "missing", "reason"];

function readDecisions() {
    const text = fs.readFileSync(new URL("conditions.tsv", import.meta.url), "utf8");
    const [, ...lines] = text.trimEnd().split("\n");
    return lines.map((line) => {
        const cells = line.split("\t");
        if (cells.length !== columns.length) throw new Error(`conditions.tsv: six columns wanted: ${line}`);
        return { ...Object.fromEntries(columns.map((name, i) => [name, cells[i]])), used: false };
    });
}

const decisions = readDecisions();

// Every member, at any depth: [path, member], where lists have [] after their name.
function pathsOf(members, prefix = "") {
    return Object.entries(members ?? {}).flatMap(([name, member]) => {
        const path = `${prefix}${name}${member.type === "list" ? "[]" : ""}`;
        return [[path, member], ...pathsOf((member.element ?? member).members, `${path}.`)];
    });
}

// What a member must be for a kind. "member" then becomes the kind of its type.
const scalars = { scalar: "string", integer: "number", boolean: "bool" };
const takes = {
    member: (type) => type in scalars,
    crowd: (type) => type === "scalar",
    given: (type) => type === "structure",
    pairs: (type) => type === "structure",
    map: (type) => type === "map",
    "map-keys": (type) => type === "map",
};

const typeOf = (member) => (member.element ?? member).type;
const isArn = (type) => /ARN$/.test(type);

function kindOf(decision, key, types, name) {
    const [kind, ...others] = new Set(types.map((type) => (decision.kind === "member" ? scalars[type] : decision.kind)));
    if (others.length) throw new Error(`${name}: the members of ${key.name} are of several types`);
    return kind === "string" && isArn(key.type) ? "arn" : kind;
}

// Outside the body a member goes by the name of its header or query parameter; a list there is several of them.
function foundIn(operation, decision) {
    const wanted = new RegExp(decision.members);
    const fits = ([path, member]) => wanted.test(decision.kind === "pairs" ? path.replace(/\[\]$/, "") : path) && takes[decision.kind](typeOf(member));
    const found = pathsOf(operation.members).filter(fits);
    const places = new Set(found.map(([path]) => operation.members[path.match(/^\w+/)[0]].location));
    if (places.size > 1) throw new Error(`${operation.name}: ${decision.members} stands in several places`);
    const [place] = places;
    return { found, place, paths: found.map(([path, m]) => (place === "body" ? path : `${m.wireName}${m.type === "list" ? "[]" : ""}`)) };
}

function rowOf(operation, key, decision) {
    const base = { name: key.name.replace(/\$\{\w+\}$/, ""), multivalued: key.type.startsWith("ArrayOf") };

    decision.used = true;
    if (decision.kind === "untold") return { ...base, kind: "untold", place: "body", missing: "absent", members: null };
    if (decision.kind === "arn-of")
        return { ...base, kind: "arn-of", place: "body", missing: decision.missing, members: decision.members };
    const { found, place, paths } = foundIn(operation, decision);
    if (!found.length) throw new Error(`${operation.name}: the model has no member for ${key.name}: ${decision.members}`);
    const kind = kindOf(decision, key, found.map(([, member]) => typeOf(member)), operation.name);
    const members = paths.map((path) => (["pairs", "map", "map-keys", "given"].includes(kind) ? path.replace(/\[\]$/, "") : path));
    return { ...base, kind, place, missing: decision.missing, members: members.join("|") };
}

// The rows of an operation. Tags are keys even where the reference forgets to say so.
export async function keysOf(operation, prefix) {
    const carried = await readConditionKeys(prefix, operation.name);
    if (operation.members.Tags?.location === "body")
        Object.assign(carried, { "aws:RequestTag/${TagKey}": "String", "aws:TagKeys": "ArrayOfString" });

    return Object.entries(carried).flatMap(([name, type]) => {
        const decision =
            decisions.find((d) => d.action === operation.name && d.key === name) ??
            decisions.find((d) => d.action === "*" && d.key === name);
        if (!decision) throw new Error(`${operation.name}: the condition key ${name} is not decided`);
        if (decision.kind === "none") return ((decision.used = true), []);
        const row = rowOf(operation, { name, type }, decision);
        // The reference has the names of keys of KMS with Arn at their end, its guides without.
        const alias = row.name.replace(/KmsKeyArn$/, "KmsKey");
        return alias === row.name ? [row] : [row, { ...row, name: alias }];
    });
}

export function checkAllUsed() {
    const unused = decisions.filter((d) => !d.used);
    if (unused.length) throw new Error(`conditions.tsv: nothing asks for ${unused.map((d) => `${d.action} ${d.key}`)}`);
}

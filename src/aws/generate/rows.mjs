// Joins models, authorization reference and decisions into the rows of the operation table.
import fs from "node:fs";

import { readAuthorization, readModels } from "./models.mjs";

const here = (name) => new URL(name, import.meta.url);
export const prefixOf = (operation) => (operation.service === "geospatial" ? "sagemaker-geospatial" : "sagemaker");
const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function readDecisions() {
    const [, ...lines] = fs.readFileSync(here("decisions.tsv"), "utf8").trimEnd().split("\n");
    return lines.map((line) => {
        const [action, type, kind, resource, missing, reason] = line.split("\t");
        if (!reason) throw new Error(`decisions.tsv: six columns wanted: ${line}`);
        return { action, type, kind, resource, missing, used: false };
    });
}

const decisions = readDecisions();

// The form of each member that names a resource: see names.py.
const forms = new Map(
    fs.readFileSync(here("names.tsv"), "utf8").trimEnd().split("\n").slice(1).map((line) => line.split("\t")),
);

// "{+A[].B|C=63-:hub}" names the members A[].B and C.
export function membersIn(resource) {
    return [...resource.matchAll(/\{[#+]?([^}:=]*)[^}]*\}/g)].flatMap(([, names]) => names.split("|")).filter(Boolean);
}

// "{A.Name}" as "{A.Name=63-}". Alternatives have a form if it is the same for all.
function withForms(resource) {
    return resource.replace(/\{([^#+}:]+)/g, (text, names) => {
        const found = new Set(names.split("|").map((path) => forms.get(path.split(".").at(-1).replace("[]", ""))));
        const [form] = found;
        return found.size === 1 && form ? `${text}=${form}` : text;
    });
}

// The member at a path such as "Devices[].DeviceName"; undefined when the model has none.
export function memberAt(operation, path) {
    let members = operation.members;
    let first, member;

    for (const step of path.split(".")) {
        member = members?.[step.replace("[]", "")];
        if (!member) return undefined;
        first ??= member;
        if (first.location === "body" && member.wireName !== step.replace("[]", ""))
            throw new Error(`${operation.name}: ${path} goes by another name in JSON`);
        if (step.endsWith("[]") !== (member.type === "list")) return undefined;
        members = (member.element ?? member).members;
    }
    return members ? undefined : { ...member, location: first.location, topRequired: first.required };
}

const hasMembers = (operation, resource) => membersIn(resource).every((path) => memberAt(operation, path));

// Adds what follows from the model: where the members are, and what it means when one is missing.
function completed(operation, required, { kind, resource, missing }) {
    const found = membersIn(resource).map((path) => {
        const member = memberAt(operation, path);
        if (!member) throw new Error(`${operation.name}: the model has no scalar ${path}`);
        return member;
    });
    const places = new Set(found.map((member) => member.location));
    if (places.size > 1) throw new Error(`${operation.name}: ${resource} is taken from more than one place`);
    // An optional member that names a required resource leaves it untold.
    const told = found.length > 0 && found.every((member) => member.topRequired && member.required);
    const implied = !required ? "skip" : told ? "refuse" : "any";
    const place = found[0]?.location ?? "body";
    // Outside the body a member goes by the name of its label, header or query parameter.
    const wired = membersIn(resource).reduce(
        (text, path, i) => (place === "body" ? text : text.replace(path, found[i].wireName)),
        resource,
    );
    return { kind, resource: kind === "name" ? withForms(wired) : wired, place, missing: missing || implied };
}

const pascal = (type) => type.split("-").map((word) => word[0].toUpperCase() + word.slice(1)).join("");

// Members named as the template's variables are; else one member that is the ARN.
function byRule(operation, { type, template }) {
    const named = template.replaceAll("${", "{");
    if (hasMembers(operation, named)) return [{ kind: "name", resource: named }];

    const arn = [`${pascal(type)}Arn`, "Arn"].find((name) => operation.members[name]);
    if (!arn) throw new Error(`${operation.name}: ${type} is not decided (members: ${Object.keys(operation.members)})`);
    const variables = [...template.matchAll(/\$\{\w+\}/g)].map(([v]) => v);
    const resource = variables.reduce((text, v, i) => text.replace(v, i === variables.length - 1 ? `{${arn}}` : "{}"), template);
    return [{ kind: "arn", resource }];
}

function decided(operation, action, type) {
    const rows = decisions.filter(
        (d) => d.action === action && d.type === type && (action !== "*" || hasMembers(operation, d.resource)),
    );
    rows.forEach((d) => (d.used = true));
    return rows.length ? rows : null;
}

async function sourcesOf(operation) {
    const { name } = operation;
    const all = decided(operation, name, "*");
    if (all) return all.map((d) => completed(operation, true, d));

    const types = await readAuthorization(prefixOf(operation), name);
    if (!types) {
        const own = decisions.filter((d) => d.action === name);
        if (!own.length) throw new Error(`${name}: unknown to the authorization reference, and not decided`);
        return own.map((d) => ((d.used = true), completed(operation, true, d)));
    }
    return types.flatMap((type) =>
        (decided(operation, name, type.type) ?? decided(operation, "*", type.type) ?? byRule(operation, type))
            .filter((d) => d.kind !== "none")
            .map((d) => completed(operation, type.required, d)),
    );
}

function headersOf(operation) {
    const names = Object.values(operation.members)
        .filter((m) => m.location === "header")
        .map((m) => m.wireName.toLowerCase());
    return (operation.target ? ["x-amz-target", ...names] : names).filter((n) => /^x-amzn?-/.test(n)).sort(byCodeUnit);
}

// StartSession's StreamUrl and TokenValue lead to a shell in a space, as a presigned URL does to a notebook.
const handsOutUrl = /^(Create\w*Presigned\w*Urls?|StartSession)$/;

function flagsOf({ name, http2, responseStream }) {
    const flags = [];
    if (http2) flags.push("OPERATION_HTTP2");
    if (handsOutUrl.test(name)) flags.push("OPERATION_PRESIGNED_URL");
    if (responseStream) flags.push("OPERATION_RESPONSE_STREAM");
    return flags.join(" | ") || "0";
}

// Every operation, in the table's order: the API's first, by target; then by path, which puts literal segments
// before labels ('{' sorts after letters).
export async function readOperations() {
    const operations = [...readModels(), ...JSON.parse(fs.readFileSync(here("additions.json"), "utf8"))];
    const order = (o) => (o.target ? `0${o.target}` : `1${o.uri} ${o.method}`);

    operations.sort((a, b) => byCodeUnit(order(a), order(b)));
    for (const operation of operations) {
        operation.headers = headersOf(operation);
        operation.flags = flagsOf(operation);
        operation.sources = await sourcesOf(operation);
    }
    const unused = decisions.filter((d) => !d.used);
    if (unused.length) throw new Error(`decisions.tsv: nothing asks for ${unused.map((d) => `${d.action} ${d.type}`)}`);
    return operations;
}

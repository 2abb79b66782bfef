// Writes tests/unit/operation_requests.inc to standard output: a request for every operation, made from the API
// model, with the action and the ARNs expected of it. It reads the sources' templates with code of its own, so
// that the C code is held against a second reading.
import { memberAt, membersIn, prefixOf, readOperations } from "./rows.mjs";

const quoted = (text) => JSON.stringify(text ?? null).replace(/^null$/, "NULL");
const ownerOf = (operation) => `arn:aws:${prefixOf(operation)}:us-west-2:123456789012:`;

const variable = /\{[#+]?([^}:=]*)[^}]*\}/g;

// The value of a member: for the one that a source names last, what the source takes; else a name.
function valueOf(operation, source, path, index) {
    const name = `${path.match(/(\w+)(\[\])?$/)[1]}${index}`.replaceAll("_", "-");
    const member = operation.members[path] ?? memberAt(operation, path);

    if (member?.type === "integer") return 7 + index;
    if (source?.kind !== "arn") return name;
    const resource = source.resource.replace(/\{[^{}]*\}$/, name).replaceAll("{}", "parent");
    return ownerOf(operation) + (resource.includes("/") ? resource : `endpoint/${name}`);
}

// Sets the values at a path in the input; lists get two elements.
function place(input, path, next) {
    const [step, ...rest] = path.split(".");
    const name = step.replace("[]", "");
    const list = step.endsWith("[]");

    if (!rest.length) {
        input[name] = list ? [next(), next()] : next();
        return;
    }
    input[name] ??= list ? [{}, {}] : {};
    [input[name]].flat().forEach((element) => place(element, rest.join("."), next));
}

function requestOf(operation) {
    const input = { body: {}, label: {}, header: {}, query: {} };
    const named = (member) => Object.entries(operation.members).find(([, m]) => m.wireName === member)?.[0] ?? member;
    const expected = new Set();

    for (const source of operation.sources) {
        // The first of alternatives.
        const template = source.resource.replace(/\|[^}]*/, "").replace(/=[^}:]*/g, "");
        const paths = membersIn(template);
        const list = paths.at(-1)?.includes("[]");

        for (const path of paths) {
            let i = 0;
            place(input[source.place], path, () => valueOf(operation, path === paths.at(-1) ? source : null, named(path), i++));
        }
        if (source.kind === "token") {
            expected.add("*");
            continue;
        }
        if (source.kind === "id" || source.kind === "unknown") {
            const told = source.kind === "id" ? template.replace(/\{[^{}]*\}$/, "") : template;
            expected.add(`${ownerOf(operation)}${told.replace(variable, (_, path) => valueOf(operation, null, named(path), 0))}*`);
            continue;
        }
        const count = !list ? 1 : paths.at(-1).split("[]").length > 2 ? 4 : 2;
        for (let i = 0; i < count; i++) {
            const last = valueOf(operation, source, named(paths.at(-1)), i);
            const fill = (_, path) => (path === paths.at(-1) ? last : valueOf(operation, null, named(path), 0));
            expected.add(source.kind === "arn" ? last : ownerOf(operation) + template.replace(variable, fill));
        }
    }
    return { input, expected };
}

for (const operation of await readOperations()) {
    const { input, expected } = requestOf(operation);
    const path = operation.uri.replace(/\{(\w+)\}/g, (_, label) => encodeURIComponent(input.label[label] ?? "1"));
    const query = new URLSearchParams(input.query).toString();
    const [header = [null, null]] = Object.entries(input.header);
    const body = Object.keys(input.body).length ? JSON.stringify(input.body) : null;

    process.stdout.write(`{${quoted(operation.method)}, ${quoted(path)}, ${quoted(query || null)}, ${quoted(operation.target)},
 ${quoted(header[0])}, ${quoted(header[1])},
 ${quoted(body)},
 ${quoted(`${prefixOf(operation)}:${operation.name}`)}, ${quoted([...expected].join(" "))}},
`);
}

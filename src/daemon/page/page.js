"use strict";
/* Asks status.json once a second and shows what it says. All of it is set as text, never as HTML. */

const EVERY_MS = 1000, KEPT_S = 120, WINDOW_S = 10, COPIED_MS = 2000, SHOWN = 8;
const samples = [];
let copied = { key: null, until: 0 };
let knownDenials = null;

/* Building: an element with attributes and children, which are nodes or text; what is null is left out. */

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null));
  return node;
}

const el = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const pill = (kind, text) => el("span", { class: `pill ${kind}` }, text);
const keyOf = (node) => (node.dataset ? node.dataset.key : undefined);

/* Makes node like fresh, keeping what is there: so focus, selection and what a person has opened stay. */
function update(node, fresh) {
  for (const { name, value } of [...fresh.attributes]) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  for (const { name } of [...node.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) node.removeAttribute(name);
  const keyed = new Map([...node.children].map((child) => [keyOf(child), child]));
  let at = node.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child), mine = key === undefined ? at : keyed.get(key);
    if (!mine || mine.nodeName !== child.nodeName || keyOf(mine) !== key) {
      node.insertBefore(child, at);
      continue;
    }
    if (mine === at) at = at.nextSibling;
    else node.insertBefore(mine, at);
    if (child.nodeType !== Node.TEXT_NODE) update(mine, child);
    else if (mine.nodeValue !== child.nodeValue) mine.nodeValue = child.nodeValue;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function show(id, ...children) {
  const node = document.getElementById(id), fresh = node.cloneNode(false), focused = document.activeElement;
  fresh.append(...children.flat(Infinity).filter((child) => child !== null));
  update(node, fresh);
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

/* Wording. */

const number = (value) => value.toLocaleString("en");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

function perSecond(value) {
  return value === null ? "–" : `${value >= 100 || value === 0 ? number(Math.round(value)) : value.toFixed(1)}/s`;
}

function bytesPerSecond(value) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return value === null ? "–" : `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}/s`;
}

function latencyText(seconds) {
  if (seconds === null) return "–";
  if (seconds >= 1) return `${seconds.toFixed(seconds >= 10 ? 0 : 1)} s`;
  return `${(seconds * 1000).toFixed(seconds >= 0.1 ? 0 : seconds >= 0.01 ? 1 : 2)} ms`;
}

function duration(seconds) {
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"], [Math.floor(seconds) % 60, "s"]];
  const first = parts.findIndex(([count]) => count > 0);
  return first < 0 ? "0 s" : parts.slice(first, first + 2).filter(([count]) => count).map((part) => part.join(" ")).join(" ");
}

function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  return el("time", { datetime: date.toISOString(), title: date.toString() }, date.toLocaleTimeString());
}

/* Rates and latencies: the differences of samples. */

function sampleOf(told) {
  const sample = { time: told.time, allowed: 0, denied: 0, failed: 0, traffic: told.traffic };
  for (const row of told.traffic.requests) {
    sample[row.decision === "allowed" ? "allowed" : "denied"] += row.count;
    if (row.status === "5xx" || row.status === "none") sample.failed += row.count;
  }
  return sample;
}

function remember(told) {
  const sample = sampleOf(told), last = samples[samples.length - 1];
  const ended = last && (last.pid !== told.pid || last.time > told.time);
  if (ended) samples.length = 0;
  samples.push({ ...sample, pid: told.pid });
  while (samples[0].time < told.time - KEPT_S - WINDOW_S) samples.shift();
}

/* The sample that lies about so many seconds before the one at this index. */
function before(index, seconds) {
  let at = index;
  while (at > 0 && samples[index].time - samples[at].time < seconds) at--;
  return samples[at];
}

function rate(index, seconds, value) {
  const from = before(index, seconds), to = samples[index], passed = to.time - from.time;
  return passed > 0 ? Math.max(0, (value(to) - value(from)) / passed) : null;
}

/* Null when nothing was measured. In a bucket all values are taken to be spread evenly. */
function quantile(index, which, part) {
  const { bounds_seconds: bounds } = samples[index].traffic.latency;
  const to = samples[index].traffic.latency[which], from = before(index, WINDOW_S).traffic.latency[which];
  const count = to.count - from.count;
  let wanted = part * count;
  if (count <= 0) return null;
  for (let i = 0; i < bounds.length; i++) {
    const inside = to.buckets[i] - from.buckets[i], floor = i ? bounds[i - 1] : 0;
    if (inside > 0 && wanted <= inside) return floor + ((bounds[i] - floor) * wanted) / inside;
    wanted -= inside;
  }
  return bounds[bounds.length - 1];
}

/* Plots: x is time, y grows upwards; both from 0 to 1. */

const WIDTH = 300, HEIGHT = 72;

function path(points, closed) {
  let text = "", last = null;
  for (const point of points) {
    if (point.y !== null) text += `${last === null ? "M" : "L"}${(point.x * WIDTH).toFixed(1)} ${((1 - point.y) * HEIGHT).toFixed(1)}`;
    if (closed && last === null && point.y !== null) text = `M${(point.x * WIDTH).toFixed(1)} ${HEIGHT}L${text.slice(1)}`;
    last = point.y === null ? null : point;
  }
  return closed && last ? `${text}L${(last.x * WIDTH).toFixed(1)} ${HEIGHT}Z` : text;
}

/* series: [class, [value of each sample]], areas from the highest to the lowest. */
function plot(id, title, value, keys, series, text) {
  const peak = Math.max(0, ...series.flatMap(([, values]) => values.filter((one) => one !== null)));
  const end = samples[samples.length - 1].time;
  const lines = series.map(([kind, values]) => {
    const points = values.map((y, i) => ({ x: 1 - (end - samples[i].time) / KEPT_S, y: y === null ? null : y / (peak * 1.08 || 1) }))
      .filter((point) => point.x >= 0);
    return svg("path", { class: kind, d: path(points, kind.startsWith("area")) });
  });
  show(id,
    el("figcaption", {}, el("span", {}, title), el("span", { class: "value" }, value)),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${value}, in the last two minutes at most ${text(peak)}` },
      svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }), lines),
    el("figcaption", { class: "quiet" }, keys.map(([kind, name]) => el("span", { class: `key ${kind}` }, name)),
      el("span", {}, `peak ${text(peak)}`)));
}

function showTraffic(told) {
  const last = samples.length - 1, each = (value) => samples.map((_, i) => value(i));
  const allowed = each((i) => rate(i, 2, (one) => one.allowed)), denied = each((i) => rate(i, 2, (one) => one.denied));
  const all = allowed.map((value, i) => (value === null ? null : value + denied[i]));
  const now = rate(last, WINDOW_S / 2, (one) => one.allowed + one.denied);
  plot("rate", "Requests", perSecond(now), [["allowed", "allowed"], ["denied", "denied"]],
    [["area denied", all], ["area", allowed]], perSecond);
  for (const [id, which, title] of [["latency", "total", "Latency, whole request"], ["overhead", "overhead", "Added by sagegate"]]) {
    plot(id, title, latencyText(quantile(last, which, 0.5)), [["", "median"], ["second", `99 %: ${latencyText(quantile(last, which, 0.99))}`]],
      [["stroke second", each((i) => quantile(i, which, 0.99))], ["stroke", each((i) => quantile(i, which, 0.5))]], latencyText);
  }
  showNumbers(told, last);
  showOperations(told.traffic.requests);
}

function showNumbers(told, last) {
  const { traffic } = told, retries = Object.values(traffic.retries).reduce((sum, one) => sum + one, 0);
  const rows = [
    ["In flight", number(traffic.in_flight)],
    ["Clients", number(traffic.clients)],
    ["Endpoint, median", latencyText(quantile(last, "upstream", 0.5))],
    ["Failed (5xx)", perSecond(rate(last, WINDOW_S, (one) => one.failed))],
    ["Bodies in", bytesPerSecond(rate(last, WINDOW_S, (one) => one.traffic.body_bytes_in))],
    ["Bodies out", bytesPerSecond(rate(last, WINDOW_S, (one) => one.traffic.body_bytes_out))],
    ["Sent again", number(retries)],
    ["Turned away", number(traffic.connections_turned_away + traffic.requests_turned_away)],
  ];
  show("numbers", el("dl", { class: "numbers" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

function table(heads, rows) {
  const cell = (kind) => ([text, style]) => el(kind, style ? { class: style } : {}, text);
  return el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map(([text, style]) => el("th", { scope: "col", class: style || null }, text)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td")))))));
}

function showOperations(requests) {
  const operations = new Map();
  for (const row of requests) {
    const name = row.operation || "(no operation)", sums = operations.get(name) || { service: row.service, allowed: 0, denied: 0, failed: 0 };
    sums[row.decision === "allowed" ? "allowed" : "denied"] += row.count;
    if (row.status === "5xx" || row.status === "none") sums.failed += row.count;
    operations.set(name, sums);
  }
  const rows = [...operations].sort(([, a], [, b]) => b.allowed + b.denied - a.allowed - a.denied);
  show("operations", rows.length === 0 ? null : el("details", {}, el("summary", {}, `By operation (${rows.length})`),
    table([["Operation"], ["Service"], ["Allowed", "number"], ["Denied", "number"], ["Failed", "number"]],
      rows.map(([name, sums]) => [[name, "mono"], [sums.service], [number(sums.allowed), "number"], [number(sums.denied), "number"],
        [number(sums.failed), "number"]]))));
}

/* Denials: those that are alike are one, with their count, whichever worker and caller they are of. */

function grouped(denials) {
  const groups = new Map();
  for (const denial of denials) {
    const key = JSON.stringify([denial.listener, denial.action, denial.action ? denial.resources : denial.path, denial.reason, denial.audited]);
    const group = groups.get(key);
    if (group) group.count += denial.count;
    else groups.set(key, { key, denial, count: denial.count });
  }
  return [...groups.values()];
}

function callerOf(denial) {
  const who = denial.user || (denial.uid ? `uid ${denial.uid}` : null), pid = denial.pid ? `pid ${denial.pid}` : null;
  return [`listener ${denial.listener}`, who, pid].filter((part) => part).join(" · ");
}

function copyable(key, title, text, label) {
  return el("details", {}, el("summary", {}, title), el("pre", { tabindex: "0" }, text),
    el("button", { type: "button", class: "copy", "data-for": key }, copied.key === key && Date.now() < copied.until ? "Copied" : label));
}

function suggestionCard(suggestion) {
  return el("article", { class: "card", "data-key": "suggestion" },
    el("div", { class: "top" }, el("h3", {}, "What audit mode has let through"), suggestion.complete ? null : pill("warn", "not all of it")),
    el("p", {}, "What the policies would have denied since the start, as a policy of its own: for the VPC endpoint, or to add its statements to yours. ",
      suggestion.complete ? "" : "Some of it is no longer kept, or can't be written as a statement: sagegate policy suggest reads all of it from the log."),
    copyable("suggestion", "The policy that would allow it", suggestion.document, "Copy policy"));
}

function denialCard({ key, denial, count }) {
  const resources = denial.action ? denial.resources : [];
  return el("article", { class: `card denial${denial.audited ? " audited" : ""}`, "data-key": key },
    el("div", { class: "top" },
      el("h3", { class: "mono" }, denial.action || `${denial.method || "?"} ${denial.path || ""}`),
      count > 1 ? pill("", `${count} times`) : null,
      denial.audited ? pill("warn", "audit: sent all the same") : null,
      el("span", { class: "quiet end" }, timeOf(denial.time))),
    resources.slice(0, 5).map((arn) => el("p", { class: "mono" }, arn)),
    resources.length > 5 ? el("p", { class: "quiet" }, `and ${plural(resources.length - 5, "resource")} more`) : null,
    el("p", {}, denial.reason || ""),
    el("p", { class: "quiet" }, callerOf(denial)),
    denial.statement ? copyable(key, "The statement that would allow it", JSON.stringify(denial.statement, null, 2), "Copy statement") : null);
}

function showDenials(told) {
  const groups = grouped(told.denials), ids = new Set(told.denials.map((denial) => denial.id));
  const fresh = knownDenials ? told.denials.filter((denial) => !knownDenials.has(denial.id)) : [];
  if (fresh.length) say(`${plural(fresh.length, "new denial")}: ${fresh[0].action || fresh[0].path}`);
  knownDenials = ids;
  show("denials-list", groups.length === 0 ? el("p", { class: "quiet" }, "None since the start.") : null,
    el("div", { class: "stack" }, told.suggestion ? suggestionCard(told.suggestion) : null, groups.slice(0, SHOWN).map(denialCard)),
    groups.length <= SHOWN ? null : el("details", {}, el("summary", {}, `${groups.length - SHOWN} more`),
      el("div", { class: "stack" }, groups.slice(SHOWN).map(denialCard))));
}

/* Policies. */

function bar(hits, most) {
  return svg("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { width: most ? (100 * hits) / most : 0, height: 8 }));
}

function statementRow(statement, most) {
  return el("tr", {},
    el("td", {}, String(statement.statement)),
    el("td", { class: "mono" }, statement.sid || "–"),
    el("td", {}, pill(statement.effect === "Allow" ? "good" : "bad", statement.effect)),
    el("td", { class: "number" }, String(statement.line)),
    el("td", { class: "number" }, statement.hits ? number(statement.hits) : pill("warn", "never")),
    el("td", { class: "share" }, bar(statement.hits, most)));
}

/* Of each endpoint's own policy: whether it is known, and how old the news of it is. */
function mirrored(policies) {
  return [el("p", {}, "The policy of the VPC endpoint itself"),
    el("ul", {}, Object.entries(policies || {}).map(([service, state]) => el("li", {}, el("span", { class: "mono" }, `${state.vpc_endpoint} (${service})`),
      el("span", {}, state.told_seconds_ago === undefined ? "" : `told ${duration(state.told_seconds_ago)} ago `,
        pill(!state.ok ? "bad" : state.reason ? "warn" : "good", !state.ok ? "not known" : state.reason ? "the newest is not good" : "in force"),
        state.reason ? el("p", { class: "quiet" }, state.reason) : null))))];
}

function policyTable(policy) {
  const most = Math.max(...policy.statements.map((statement) => statement.hits), 0);
  const unused = policy.statements.filter((statement) => statement.hits === 0).length;
  return [
    el("p", {}, el("span", { class: "mono" }, policy.file), el("span", { class: "quiet" },
      ` – ${plural(policy.statements.length, "statement")}${unused ? `, ${unused} never used` : ""}`)),
    el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": `Statements of ${policy.file}` }, el("table", {},
      el("thead", {}, el("tr", {}, ["#", "Sid", "Effect"].map((head) => el("th", { scope: "col" }, head)),
        ["Line", "Decided"].map((head) => el("th", { scope: "col", class: "number" }, head)), el("th", { scope: "col" }, el("span", { class: "unseen" }, "Share")))),
      el("tbody", {}, policy.statements.map((statement) => statementRow(statement, most))))),
  ];
}

function showPolicies(told) {
  show("policies-list",
    el("p", { class: "quiet" }, "How many requests each statement has decided since this configuration is in force."),
    el("div", { class: "stack" }, told.listeners.map((rules) => el("article", { class: "card", "data-key": rules.name },
      el("div", { class: "top" }, el("h3", {}, rules.name), rules.address ? el("span", { class: "mono quiet" }, rules.address) : null,
        pill(rules.mode === "audit" ? "warn" : "good", rules.mode), rules.identity ? el("span", { class: "quiet" }, `identity ${rules.identity}`) : null,
        rules.presigned_urls ? pill("warn", "presigned URLs allowed") : null),
      rules.policies.map((policy) => (policy.from ? mirrored(told.policies) : policyTable(policy)))))));
}

/* The way out. */

function showEndpoints(told) {
  show("endpoints-list", Object.entries(told.endpoints).map(([service, endpoint]) => el("article", { class: "card", "data-key": service },
    el("div", { class: "top" }, el("h3", {}, service), pill(endpoint.ok ? "good" : "bad", endpoint.ok ? "good" : "no address works")),
    el("p", { class: "mono" }, endpoint.host),
    el("p", { class: "quiet" }, `${plural(endpoint.connections.open, "connection")}, ${number(endpoint.connections.resting)} at rest; reused ${plural(endpoint.connections.reused, "time")}`),
    el("ul", {}, endpoint.addresses.map((address) => el("li", {}, el("span", { class: "mono" }, address.address),
      el("span", {}, address.own_zone ? pill("", "own zone") : null, " ", pill(address.good ? "good" : "bad", address.good ? "good" : "set aside"))))))));
}

function credentialsPill(state) {
  if (!state.ok) return pill("bad", "none");
  if (state.expired) return pill("bad", "expired");
  return state.expires_in_seconds < 300 ? pill("warn", "expires soon") : pill("good", "valid");
}

function credentialsCard([name, state]) {
  const rows = state.ok ? [
    ["Source", state.source],
    ["Key", state.access_key_id_end ? `…${state.access_key_id_end}` : "–"],
    ["Expires", state.expires_in_seconds === undefined ? "never" : state.expires_in_seconds > 0 ? `in ${duration(state.expires_in_seconds)}` : "has expired"],
  ] : [];
  return el("article", { class: "card", "data-key": `identity ${name}` },
    el("div", { class: "top" }, el("h3", {}, name), credentialsPill(state)),
    state.ok ? null : el("p", {}, state.reason),
    state.arn ? el("p", { class: "mono" }, state.arn) : null,
    el("ul", {}, rows.map(([what, value]) => el("li", {}, el("span", { class: "quiet" }, what), el("span", {}, value)))));
}

function showCredentials(told) {
  const identities = Object.entries(told.identities || {});
  if (told.credentials) identities.unshift(["default identity", told.credentials]);
  show("credentials-list", identities.map(credentialsCard));
}

function showConfiguration(told) {
  const rows = Object.entries(told.configuration).filter(([, value]) => value !== null);
  show("configuration-list", el("p", { class: "mono" }, told.file),
    el("details", {}, el("summary", {}, `All ${rows.length} settings`),
      table([["Key"], ["Value"]], rows.map(([key, value]) => [[key, "mono"], [String(value), "mono wide"]]))));
}

function showTrouble(told) {
  const problem = told.problem ? `A newer configuration is not in force: ${told.problem}` : null;
  show("trouble", told.reasons.map((reason) => el("p", { class: "bad" }, reason)), problem ? el("p", { class: "warn" }, problem) : null);
}

function showHead(told) {
  const [kind, text] = told.draining ? ["warn", "Ending"] : told.ready ? ["good", "Ready"] : ["bad", "Not ready"];
  document.body.classList.remove("silent");
  const node = document.getElementById("pill");
  node.className = `pill ${kind}`;
  if (node.textContent !== text) node.textContent = text;
  document.getElementById("about").textContent = `${told.version} · up ${duration(told.uptime_seconds)} · pid ${told.pid}`;
  document.title = told.ready ? "sagegate" : `${text} – sagegate`;
}

function showSilence() {
  const last = samples[samples.length - 1], node = document.getElementById("pill");
  document.body.classList.add("silent");
  node.className = "pill bad";
  node.textContent = last ? `No answer since ${new Date(last.time * 1000).toLocaleTimeString()}` : "No answer";
  document.title = "No answer – sagegate";
}

function say(text) {
  document.getElementById("said").textContent = text;
}

/* Copying: the clipboard may be closed to pages; then the text is selected, to be copied by hand. */

async function copy(button) {
  const text = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(text.textContent);
    copied = { key: button.dataset.for, until: Date.now() + COPIED_MS };
    button.textContent = "Copied";
    say("Copied");
  } catch {
    getSelection().selectAllChildren(text);
    say("Selected: press Ctrl+C to copy");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) copy(button);
});

/* Asking. */

let timer = null;

async function ask() {
  timer = null;
  try {
    const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const told = await answer.json();
    remember(told);
    for (const part of [showHead, showTrouble, showTraffic, showDenials, showPolicies, showEndpoints, showCredentials, showConfiguration]) part(told);
  } catch (error) {
    showSilence();
    if (!(error instanceof TypeError) && error.name !== "TimeoutError") console.error(error);
  }
  if (!document.hidden) timer = setTimeout(ask, EVERY_MS);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timer === null) ask();
});
ask();

"use strict";
/* Asks status.json once a second and shows what it says. */

const EVERY_MS = 1000, COPIED_MS = 2000, SHOWN = 8, REASON_CUT = 255;
let copied = { key: null, until: 0 };
let knownDenials = null;

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
    el("p", {}, denial.reason && denial.reason.length >= REASON_CUT ? `${denial.reason} …` : denial.reason || ""),
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
    el("td", { class: "number roomy" }, String(statement.line)),
    el("td", { class: "number" }, statement.hits ? number(statement.hits) : pill("warn", "never")),
    el("td", { class: "share roomy" }, bar(statement.hits, most)));
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
      ` – ${plural(policy.statements.length, "statement")}${unused ? `, ${number(unused)} never used` : ""}`)),
    el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": `Statements of ${policy.file}` }, el("table", {},
      el("thead", {}, el("tr", {}, ["#", "Sid", "Effect"].map((head) => el("th", { scope: "col" }, head)),
        el("th", { scope: "col", class: "number roomy" }, "Line"), el("th", { scope: "col", class: "number" }, "Decided"),
        el("th", { scope: "col", class: "roomy" }, el("span", { class: "unseen" }, "Share")))),
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
      el("span", {}, address.own_zone ? pill("", `own zone ${told.configuration.zone || ""}`) : null, " ", pill(address.good ? "good" : "bad", address.good ? "good" : "set aside"))))))));
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

"use strict";
/* Rates and latencies, which are made of the counts of the last two minutes, and their plots. */

const KEPT_S = 120, WINDOW_S = 10;
const samples = [];

/* A local key that was given is no denial. */
function sideOf(row) {
  return row.decision === "allowed" || row.decision === "vended" ? "allowed" : "denied";
}

function sampleOf(told) {
  const sample = { time: told.time, allowed: 0, denied: 0, failed: 0, traffic: told.traffic };
  for (const row of told.traffic.requests) {
    sample[sideOf(row)] += row.count;
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
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${value}, in the last two minutes at most ${text(peak || null)}` },
      svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }), lines),
    el("figcaption", { class: "quiet" }, keys.map(([kind, name]) => el("span", { class: `key ${kind}` }, name)),
      el("span", {}, `peak ${text(peak || null)}`)));
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
    sums[sideOf(row)] += row.count;
    if (row.status === "5xx" || row.status === "none") sums.failed += row.count;
    operations.set(name, sums);
  }
  const rows = [...operations].sort(([, a], [, b]) => b.allowed + b.denied - a.allowed - a.denied);
  show("operations", rows.length === 0 ? null : el("details", {}, el("summary", {}, `By operation (${rows.length})`),
    table([["Operation"], ["Service", "roomy"], ["Allowed", "number"], ["Denied", "number"], ["Failed", "number"]],
      rows.map(([name, sums]) => [[name, "mono"], [sums.service, "roomy"], [number(sums.allowed), "number"], [number(sums.denied), "number"],
        [number(sums.failed), "number"]]))));
}

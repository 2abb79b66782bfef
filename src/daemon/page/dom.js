"use strict";
/* Making and changing what is shown, and the words for numbers. All of it is set as text, never as HTML. */

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

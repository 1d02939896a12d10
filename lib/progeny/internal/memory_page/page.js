// The page: reads the record and draws it; once more when the window gets another width.

const record = JSON.parse(document.getElementById("record").textContent);
const FIGURES = ["resident", "proportional", "unique", "shared", "copied", "swapped"];
const byId = id => document.getElementById(id);
const duration = Math.max(record.duration_ms, 1);
const has = figure => record.total[figure].some(value => value !== null);
// The command line without the program's folder says most; but a name that progeny has given says more.
const labelOf = process => process.command && process.command.includes(process.name) ? process.command.replace(/^[^ ]*\//, "") : process.name;

function write() {
  document.title = "Memory: " + record.title;
  byId("title").textContent = record.title;
  const count = record.processes.length + record.processes_not_kept;
  byId("subtitle").textContent = [record.system, record.started.replace("T", " ").replace("+00:00", " UTC"),
    formatTime(record.duration_ms), count + (count === 1 ? " process" : " processes")].join(" · ");
  const tile = (name, bytes, hint) => {
    const box = html(byId("tiles"), "div", "tile");
    html(box, "div", "name", name);
    const value = html(box, "div", "value", formatBytes(bytes));
    value.dataset.tile = name;
    value.dataset.bytes = bytes;
    html(box, "div", "hint", hint);
  };
  const peak = record.peak;
  if (peak.proportional !== null) tile("All together, at most", peak.proportional, "proportional: shared pages counted once");
  if (peak.resident !== null) tile("Sum of resident", peak.resident, "what adding up top's figures says: shared pages counted in each");
  if (peak.unique !== null) tile("Sum of unique", peak.unique, "pages that one process alone has");
  if (peak.copied !== null) tile("Sum of copied", peak.copied, "unique and written to");
  if (record.memory_of_machine !== null) tile("Memory of the machine", record.memory_of_machine, "");
  writeTable();
  writeNotes();
}

function depthOf(process) {
  let depth = 0;
  for (let p = process; p = record.processes.find(q => q.id === p.parent && q !== p && q.first_seen_ms <= p.first_seen_ms);) {
    if (++depth > 20) break;
  }
  return depth;
}

function writeTable() {
  const head = html(html(byId("table"), "thead"), "tr");
  for (const name of ["pid", "process", "lived", ...FIGURES]) html(head, "th", "", name);
  const body = html(byId("table"), "tbody");
  const figures = (row, usage) => {
    for (const figure of FIGURES) {
      const cell = html(row, "td", "", usage[figure] === null ? "–" : formatBytes(usage[figure]));
      cell.dataset.figure = figure;
      if (usage[figure] !== null) cell.dataset.bytes = usage[figure];
    }
  };
  for (const process of record.processes) {
    const row = html(body, "tr");
    row.dataset.pid = process.id;
    html(row, "td", "", process.id);
    const name = html(row, "td", "", labelOf(process));
    name.style.paddingLeft = 10 + Math.min(8, depthOf(process)) * 16 + "px";
    name.title = process.command || process.name;
    html(row, "td", "", formatTime(process.first_seen_ms) + " to " + (process.ended ? formatTime(process.last_seen_ms) : "the end"));
    figures(row, process.peak);
  }
  const sum = html(body, "tr", "sum");
  sum.dataset.pid = "all";
  html(sum, "td"); html(sum, "td", "", "all, at one moment"); html(sum, "td");
  figures(sum, record.peak);
}

function writeNotes() {
  const note = text => html(byId("notes"), "li", "", text);
  const average = record.duration_ms / Math.max(1, record.looks - 1);
  note("Looked " + record.looks + " times who was there, every " + formatTime(average) + " on average (asked for: " + formatTime(record.interval_ms) +
    "), and read all figures at " + record.readings + " of these, as often as its share of the CPU allowed: it took " + formatTime(record.reading_ms) +
    ", " + (100 * record.reading_ms / duration).toFixed(1) + " % of the time. What started and ended between two looks was not seen; between two readings the areas hold what was read last.");
  if (record.looks_kept < record.looks) note("Kept " + record.looks_kept + " of these looks, of neighbours the fuller or higher one; highest figures are of all.");
  if (record.processes_not_kept > 0) note(record.processes_not_kept + " more processes are in the sums, but have no lane.");
  const missing = FIGURES.filter(f => !has(f));
  if (missing.length > 0) note("Not told by this system, or not of every process: " + missing.join(", ") + ".");
  const hidden = record.processes.filter(p => !p.readable).length;
  if (hidden > 0) note(hidden + " processes may not be looked at by this user; sums are missing while they ran.");
}

function legend(id, entries) {
  byId(id).textContent = "";
  for (const [kind, text] of entries) {
    const entry = html(byId(id), "span");
    html(entry, "i", kind);
    entry.append(text);
  }
}

function frame(id, height, left, right) {
  byId(id).textContent = "";
  const width = Math.max(320, byId(id).clientWidth);
  const svg = add(byId(id), "svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img"});
  const x = ms => left + ms / duration * (width - left - right);
  x.left = left;
  x.right = width - right;
  x.time = px => (px - left) / (width - left - right) * duration;
  return {svg, x, width};
}

function timeAxis(svg, x, top, y) {
  for (const tick of timeTicks(duration, Math.max(2, (x.right - x.left) / 110))) {
    add(svg, "line", {class: "grid", x1: x(tick.at), x2: x(tick.at), y1: top, y2: y});
    add(svg, "text", {x: x(tick.at), y: y + 17, "text-anchor": "middle"}, tick.text);
  }
  add(svg, "line", {class: "axis", x1: x.left, x2: x.right, y1: y, y2: y});
  add(svg, "text", {x: (x.left + x.right) / 2, y: y + 35, "text-anchor": "middle"}, "time since the report began");
}

// The last reading at or before each look: between two readings its figures are all that is known.
function readingsOf(series) {
  let last = -1;
  return series.brief.map((brief, i) => last = brief ? last : i);
}

// [time, unique, top] of each look; null where nothing is known, and the area has a gap. The top is each
// process's part of shared pages where that is told, else all of them. What was read last is held, but
// nothing takes more than is resident at that look.
function stackOf(series, divided) {
  const reading = readingsOf(series);
  return series.at_ms.map((at, i) => {
    const last = reading[i], resident = series.resident[i];
    if (last < 0 || series.unique[last] === null || resident === null) return null;
    const top = divided ? series.proportional[last] : resident;
    return top === null ? null : [at, Math.min(series.unique[last], top, resident), Math.min(Math.max(top, series.unique[last]), resident)];
  });
}

function drawStack(svg, stack, x, y) {
  add(svg, "path", {class: "shared", d: areaPath(stack.map(s => s && [x(s[0]), y(s[1]), y(s[2])]))});
  add(svg, "path", {class: "unique", d: areaPath(stack.map(s => s && [x(s[0]), y(0), y(s[1])]))});
}

function drawResident(svg, series, x, y) {
  add(svg, "path", {class: "resident", d: linePath(series.resident.map((r, i) => r === null ? null : [x(series.at_ms[i]), y(r)]))});
}

function drawTogether() {
  const series = record.total, divided = has("proportional");
  const rows = Math.min(3, record.marks.length), top = 16 + rows * 15, bottom = top + 280;
  const {svg, x} = frame("together", bottom + 44, 76, 16);
  svg.setAttribute("aria-label", "Memory of all processes together over time");
  const highest = Math.max(1, ...FIGURES.slice(0, 3).flatMap(f => series[f]));
  const y = bytes => bottom - bytes / (highest * 1.05) * (bottom - top);
  for (const tick of byteTicks(highest * 1.05, 6)) {
    add(svg, "line", {class: "grid", x1: x.left, x2: x.right, y1: y(tick.at), y2: y(tick.at)});
    add(svg, "text", {x: x.left - 8, y: y(tick.at) + 4, "text-anchor": "end"}, tick.text);
  }
  timeAxis(svg, x, top, bottom);
  const at = i => x(series.at_ms[i]);
  drawStack(svg, stackOf(series, divided), x, y);
  drawResident(svg, series, x, y);
  drawMarks(svg, record.marks, x, top, bottom, rows);
  const entries = [["resident", "sum of resident: shared pages counted in each process"]];
  if (has("unique")) entries.unshift(["unique", "unique"], ["shared", divided ? "shared, counted once: up to here is what they take together" : "shared, counted in each process"]);
  if (record.marks.length > 0) entries.push(["mark", "marks of the program's own"]);
  legend("together-legend", entries);
  const cursor = add(svg, "line", {class: "cursor", y1: top, y2: bottom, visibility: "hidden"});
  onHover(svg, cursor, px => {
    const i = nearest(series.at_ms, x.time(px));
    return {x: at(i), title: "All processes", series, i};
  });
}

function drawLane(svg, process, x, top, height, highest) {
  const y = bytes => top + height - bytes / highest * (height - 4);
  const stack = stackOf(process.samples, false);
  drawStack(svg, stack, x, y);
  drawResident(svg, process.samples, x, y);
  const begin = x(process.first_seen_ms), end = Math.max(begin + 1, x(process.last_seen_ms));
  add(svg, "line", {class: "life", x1: begin, x2: end, y1: top + height, y2: top + height});
  add(svg, "line", {class: "life", x1: begin, x2: begin, y1: top + height - 5, y2: top + height});
  if (process.ended) add(svg, "line", {class: "life", x1: end, x2: end, y1: top + height - 5, y2: top + height});
}

function drawLanes() {
  const all = record.processes, pitch = 38, height = 30;
  const wide = byId("lanes").clientWidth > 700;
  const rows = Math.min(3, record.marks.length), top = 8 + rows * 15, bottom = top + all.length * pitch + 4;
  const {svg, x, width} = frame("lanes", bottom + 44, wide ? 250 : 120, wide ? 150 : 16);
  svg.setAttribute("aria-label", "Memory of each process over time");
  const highest = Math.max(1, ...all.flatMap(p => p.samples.resident));
  byId("lanes-hint").textContent = "All lanes have the same scale: full height is " + formatBytes(highest) + ".";
  timeAxis(svg, x, top, bottom);
  const band = add(svg, "rect", {class: "band", x: 0, width, height: pitch, visibility: "hidden"});
  all.forEach((process, i) => {
    const lane = top + i * pitch + (pitch - height) / 2, indent = Math.min(6, depthOf(process)) * 12;
    const room = Math.max(6, Math.floor((x.left - 20 - indent) / 7.3));
    const label = labelOf(process);
    const text = add(svg, "text", {class: "strong", x: 4 + indent, y: lane + 13}, label.length > room ? label.slice(0, room - 1) + "…" : label);
    add(text, "title", {}, label);
    add(svg, "text", {x: 4 + indent, y: lane + 28}, "pid " + process.id);
    drawLane(svg, process, x, lane, height, highest);
    if (!wide) return;
    add(svg, "text", {class: "strong", x: x.right + 10, y: lane + 13}, process.readable ? "unique " + formatBytes(process.peak.unique) : "not permitted");
    if (process.readable) add(svg, "text", {x: x.right + 10, y: lane + 28}, "resident " + formatBytes(process.peak.resident));
  });
  drawMarks(svg, record.marks, x, top, bottom, rows);
  legend("lanes-legend", has("unique") || all.some(p => p.samples.unique.some(u => u !== null))
    ? [["unique", "unique"], ["shared", "shared with others"], ["resident", "resident: unique and shared together"]] : [["resident", "resident"]]);
  const cursor = add(svg, "line", {class: "cursor", y1: top, y2: bottom, visibility: "hidden"});
  onHover(svg, cursor, (px, py) => {
    const lane = Math.floor((py - top) / pitch), process = all[lane];
    if (!process || process.samples.at_ms.length === 0) return null;
    const i = nearest(process.samples.at_ms, x.time(px));
    band.setAttribute("y", top + lane * pitch);
    return {x: x(process.samples.at_ms[i]), band, title: labelOf(process).slice(0, 80) + " (" + process.id + ")", series: process.samples, i};
  });
}

function fillTip(tip, {title, series, i}) {
  const last = readingsOf(series)[i];
  tip.textContent = "";
  html(tip, "b", "", title);
  html(tip, "small", "quiet", "at " + formatTime(series.at_ms[i]) + (last === i ? "" : last < 0 ? ", not yet read in full" : "; but for resident as read at " + formatTime(series.at_ms[last])));
  for (const figure of FIGURES) {
    const row = html(tip, "div"), from = figure === "resident" ? i : last;
    html(row, "span", "", figure);
    html(row, "span", "", from < 0 ? "–" : formatBytes(series[figure][from])).dataset.bytes = from < 0 ? "" : series[figure][from];
  }
}

function onHover(svg, cursor, find) {
  const tip = byId("tip");
  let band = null;
  const hide = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); if (band) band.setAttribute("visibility", "hidden"); };
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const found = find((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    if (!found) return hide();
    cursor.setAttribute("x1", found.x);
    cursor.setAttribute("x2", found.x);
    cursor.setAttribute("visibility", "visible");
    if (band = found.band || null) band.setAttribute("visibility", "visible");
    fillTip(tip, found);
    tip.hidden = false;
    tip.style.left = Math.max(8, Math.min(event.clientX + 16, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(8, Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8)) + "px";
  });
}

function draw() {
  drawTogether();
  drawLanes();
}

write();
draw();
let drawnFor = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== drawnFor) draw();
  drawnFor = innerWidth;
});

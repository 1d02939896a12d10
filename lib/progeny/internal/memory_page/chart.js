"use strict";
// Drawing: elements, scales, axes, areas. Knows nothing of processes.

const SVG = "http://www.w3.org/2000/svg";

function add(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

function html(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

const UNITS = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]];

function unitFor(bytes) {
  return UNITS.find(([, size]) => Math.abs(bytes) >= size) || UNITS[3];
}

function formatBytes(bytes) {
  if (bytes === null || bytes === undefined) return "not told";
  const [name, size] = unitFor(bytes);
  const value = bytes / size;
  return value.toFixed(size === 1 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0) + " " + name;
}

function formatTime(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 1) return Math.round(milliseconds) + " ms";
  if (seconds < 120) return seconds.toFixed(seconds < 10 ? 2 : 1) + " s";
  if (seconds < 7200) return Math.floor(seconds / 60) + " min " + Math.round(seconds % 60) + " s";
  return Math.floor(seconds / 3600) + " h " + Math.round(seconds % 3600 / 60) + " min";
}

// Multiples of 1, 2, 2.5 or 5 times a power of ten, some `count` of them from 0 to `highest`.
function ticksUpTo(highest, count) {
  const rough = highest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(m => m * power).find(s => s >= rough * 0.999);
  const ticks = [];
  for (let i = 0; i * step <= highest * 1.0001; ++i) ticks.push(i * step);
  return ticks;
}

function byteTicks(highest, count) {
  const [name, size] = unitFor(highest);
  return ticksUpTo(highest / size, count).map(t => ({at: t * size, text: Number(t.toPrecision(6)) + " " + name}));
}

function timeTicks(duration, count) {
  const [name, size] = duration < 2000 ? ["ms", 1] : duration < 240000 ? ["s", 1000] : duration < 14400000 ? ["min", 60000] : ["h", 3600000];
  return ticksUpTo(duration / size, count).map(t => ({at: t * size, text: Number(t.toPrecision(6)) + " " + name}));
}

// A path through [x, low, high] points: there along the highs, back along the lows. A point that is
// null splits it: what wasn't told isn't drawn. A lone point becomes a bar of two pixels.
function areaPath(points) {
  let path = "";
  let run = [];
  const flush = () => {
    if (run.length === 1) run = [[run[0][0] - 1, run[0][1], run[0][2]], [run[0][0] + 1, run[0][1], run[0][2]]];
    if (run.length > 0) {
      path += "M" + run.map(p => p[0].toFixed(1) + "," + p[2].toFixed(1)).join("L") +
          "L" + run.reverse().map(p => p[0].toFixed(1) + "," + p[1].toFixed(1)).join("L") + "Z";
    }
    run = [];
  };
  for (const point of points) point === null ? flush() : run.push(point);
  flush();
  return path;
}

function linePath(points) {
  let path = "";
  let pen = "M";
  for (const point of points) {
    if (point === null) { pen = "M"; continue; }
    path += pen + point[0].toFixed(1) + "," + point[1].toFixed(1);
    pen = "L";
  }
  return path;
}

function nearest(times, at) {
  let low = 0, high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    times[middle] < at ? low = middle : high = middle;
  }
  return times.length > 0 && at - times[low] <= times[high] - at ? low : high;
}

// Marks: a line each, a label where there is room for it in one of three rows above the plot.
function drawMarks(svg, marks, x, top, bottom, rows) {
  const ends = new Array(rows).fill(-Infinity);
  for (const mark of marks) {
    const at = x(mark.at_ms);
    add(svg, "line", {class: "mark", x1: at, x2: at, y1: top, y2: bottom});
    const text = mark.text.length > 30 ? mark.text.slice(0, 29) + "…" : mark.text;
    const width = text.length * 6.6 + 12;
    const row = ends.findIndex(end => end < at);
    const begin = Math.min(at + 4, x.right - width + 8);
    if (row < 0) continue;
    ends[row] = begin + width;
    add(svg, "text", {class: "mark", x: begin, y: top - 6 - row * 15}, text);
  }
}

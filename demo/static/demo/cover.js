/** Covers drawn from titles: the same title always looks the same. They say nothing the text beside them does not. */

import { svg } from "./dom.js";

const WIDTH = 140;
const HEIGHT = 200;
const LEFT = 15;
const TEXT_WIDTH = WIDTH - LEFT - 10;

// Ground, ink. Every pair is 7:1 or better, so a title on a cover is readable in both themes.
const PALETTES = [
  ["#2c5a4b", "#eaf5e4"],
  ["#1d5a78", "#e6f3fa"],
  ["#54341f", "#fbeedd"],
  ["#7d520f", "#fff3d6"],
  ["#7a2a2d", "#fde9e2"],
  ["#4a3262", "#f0e8fa"],
  ["#2f4d2c", "#eef5dc"],
  ["#1f3a58", "#f3e3bf"],
  ["#6a2145", "#fde6ef"],
  ["#34405c", "#e8edf8"],
];

/** CRC-32 (IEEE) of the text's UTF-8 bytes. */
export function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Numbers in [0, 1) that follow from the seed alone. */
function chances(seed) {
  let state = seed || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function waves(ink) {
  const paths = [0, 1, 2, 3, 4].map((line) => {
    const y = 136 + line * 14;
    return svg("path", { d: `M0 ${y}q17.5 -10 35 0t35 0t35 0t35 0t35 0`, fill: "none", stroke: ink, "stroke-width": 2.5 });
  });
  return svg("g", { opacity: 0.5 }, paths);
}

function bars(ink, chance) {
  const heights = [0, 1, 2, 3, 4].map(() => 30 + chance() * 36);
  const shapes = heights.map((height, place) =>
    svg("rect", { x: LEFT + place * 23, y: HEIGHT - height, width: 16, height, fill: ink }),
  );
  return svg("g", { opacity: 0.35 }, shapes);
}

function peaks(ink, chance) {
  const shapes = [0, 1, 2, 3].map((place) => {
    const x = 14 + place * 29;
    return svg("path", { d: `M${x} 192L${x + 14} ${128 + chance() * 14}L${x + 28} 192Z`, fill: ink });
  });
  return svg("g", { opacity: 0.4 }, shapes);
}

function moon(ink) {
  const rings = [
    [33, 0.35],
    [19, 0.35],
  ];
  return svg("g", {}, rings.map(([r, opacity]) => svg("circle", { cx: 76, cy: 160, r, fill: ink, opacity })));
}

function dots(ink, chance) {
  const shapes = Array.from({ length: 9 }, () =>
    svg("circle", { cx: 20 + chance() * 108, cy: 116 + chance() * 70, r: 2.5 + chance() * 4, fill: ink }),
  );
  return svg("g", { opacity: 0.55 }, shapes);
}

const PATTERNS = [waves, bars, peaks, moon, dots];

const FONT = 'Georgia, "Times New Roman", serif'; // as .cover-title says
const pen = document.createElement("canvas").getContext("2d");

/** The width of a title's text; fonts of this kind differ by a fifth from one system to the next, so it is measured. */
function widthOf(text, size) {
  pen.font = `600 ${size}px ${FONT}`;
  return pen.measureText(text).width;
}

/** Break the words into lines that fit; a word that is too wide alone stands alone. */
function linesOf(text, size) {
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : "";
    if (longer && widthOf(longer, size) <= TEXT_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The line, ended with an ellipsis where it is too wide. */
function fitted(line, size) {
  let letters = line;
  while (letters && widthOf(letters === line ? line : `${letters}…`, size) > TEXT_WIDTH) letters = letters.slice(0, -1);
  return letters === line ? line : `${letters.trimEnd()}…`;
}

/** The largest size at which the title takes at most four lines and no word is too wide; else cut with an ellipsis. */
function titleLines(title) {
  for (const size of [18, 16, 14, 12]) {
    const lines = linesOf(title, size);
    if (lines.length <= 4 && lines.every((line) => widthOf(line, size) <= TEXT_WIDTH)) return { size, lines };
  }
  const lines = linesOf(title, 12);
  const kept = lines.length > 5 ? [...lines.slice(0, 4), `${lines[4]}…`] : lines;
  return { size: 12, lines: kept.map((line) => fitted(line, 12)) };
}

function short(text, letters) {
  return text.length > letters ? `${text.slice(0, letters - 1).trimEnd()}…` : text;
}

function looks(title) {
  const code = crc32(title);
  const [ground, ink] = PALETTES[code % 10];
  return { ground, ink, pattern: PATTERNS[Math.floor(code / 10) % 5], chance: chances(code) };
}

/** The front of a book. */
export function cover({ title, author }) {
  const { ground, ink, pattern, chance } = looks(title);
  const { size, lines } = titleLines(title);
  const step = size * 1.2;
  const top = 18 + size * 0.8;
  return svg(
    "svg",
    { class: "cover", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: WIDTH, height: HEIGHT, fill: ground }),
    pattern(ink, chance),
    svg("rect", { width: 6, height: HEIGHT, fill: "#000", opacity: 0.22 }),
    svg(
      "text",
      { class: "cover-title", "font-size": size, fill: ink },
      lines.map((line, place) => svg("tspan", { x: LEFT, y: top + place * step }, line)),
    ),
    svg(
      "text",
      { class: "cover-author", x: LEFT, y: top + lines.length * step + 2, "font-size": 10, fill: ink },
      short(author, 22),
    ),
  );
}

/** A book's cover at the size of a line of text: its first letter. */
export function thumbnail(title) {
  const { ground, ink } = looks(title);
  const letter = (title.match(/[\p{L}\p{N}]/u) || ["?"])[0].toUpperCase();
  return svg(
    "svg",
    { class: "thumbnail", viewBox: "0 0 26 36", "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: 26, height: 36, rx: 2, fill: ground }),
    svg("text", { class: "cover-title", x: 13, y: 23, "font-size": 15, "text-anchor": "middle", fill: ink }, letter),
  );
}

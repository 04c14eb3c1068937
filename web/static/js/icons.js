/** The page's own icons: strokes on a 24 × 24 field, in the colour of the text beside them. */

const SVG = "http://www.w3.org/2000/svg";

const STROKES = {
  close: "M6 6l12 12M18 6L6 18",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2v.1",
  dots: "M12 6v.1M12 12v.1M12 18v.1",
  offline: "M4 4l16 16M7 18a5 5 0 0 1-.6-9.9M9.5 6.3A6 6 0 0 1 17.7 10A4 4 0 0 1 20 16.7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  search: "M11 18a7 7 0 1 1 0-14a7 7 0 0 1 0 14zM16 16l4.5 4.5",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  down: "M6 9.5l6 6 6-6",
  up: "M6 14.5l6-6 6 6",
  info: "M12 21a9 9 0 1 1 0-18a9 9 0 0 1 0 18zM12 11v6M12 7.2v.6",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  folder: "M3.5 18.5v-13h6l2 2.5h9v10.5z",
  calendar: "M4 6.5h16v13H4zM4 10.5h16M8 4v4M16 4v4",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 16.5a3.2 3.2 0 1 1 0-6.4a3.2 3.2 0 0 1 0 6.4z",
  place: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 12.3a2.3 2.3 0 1 1 0-4.6a2.3 2.3 0 0 1 0 4.6z",
  tag: "M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5zM8.2 8.2v.1",
  menu: "M4 7h16M4 12h16M4 17h16",
  pictures: "M4 4.5h7v9H4zM13.5 4.5h6.5v5h-6.5zM13.5 12h6.5v7.5h-6.5zM4 16h7v3.5H4z",
  more: "M4 7h10M18 7h2M14 5v4M4 17h2M10 17h10M10 15v4",
  file: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4",
  shape: "M3.5 7.5h12v10h-12zM18.5 4.5v15",
  alike: "M4 8.5h11.5V20H4zM8.5 8.5V4H20v11.5h-4.5",
  jobs: "M20 12a8 8 0 0 1-14.2 5M4 12a8 8 0 0 1 14.2-5M18.5 3v4.3h-4.3M5.5 21v-4.3h4.3",
  keyboard: "M3 7h18v11H3zM6.5 10.5h.1M10 10.5h.1M14 10.5h.1M17.5 10.5h.1M8 14.5h8",
  language: "M12 21a9 9 0 1 1 0-18a9 9 0 0 1 0 18zM3 12h18M12 3c5 5.5 5 12.5 0 18c-5-5.5-5-12.5 0-18z",
  similar: "M4 4h7v7H4zM13.5 13.5h6.5v6.5h-6.5zM17 4v6M14 7h6M7.5 14v6M4.5 17h6",
  less: "M4 4h16v16H4zM8 12h8",
  spark: "M12 4l1.8 5.7L19.5 12l-5.7 2.3L12 20l-1.8-5.7L4.5 12l5.7-2.3z",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l1 12.5h8L17 7",
  star: "M12 4l2.5 5.2 5.5.8-4 4 1 5.6-5-2.7-5 2.7 1-5.6-4-4 5.5-.8z",
  clock: "M12 21a9 9 0 1 1 0-18a9 9 0 0 1 0 18zM12 7v5.5l3.5 2",
  large: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5M4 4l6 6M20 4l-6 6M4 20l6-6M20 20l-6-6",
  warn: "M12 4l9 16H3zM12 10v5M12 17.3v.2",
  key: "M8.5 19a4.5 4.5 0 1 1 0-9a4.5 4.5 0 0 1 0 9zM11.8 11.5L20 3.5M16 7.5l3 3",
};

/** An icon by name, hidden from screen readers: the button around it carries the words. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", STROKES[name]);
  const looks = {
    class: "icon",
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.7,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  for (const [attribute, value] of Object.entries(looks)) svg.setAttribute(attribute, value);
  svg.append(path);
  return svg;
}

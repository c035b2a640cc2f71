import type { Domain } from "./config";

/** How a domain is drawn, in a square of 100 × 100 units. Parts are SVG path data, filled with their colour. */
export interface Figure {
  /** Carries the pattern. */
  readonly body: string;
  /** The body's bounding box: x, y, width, height. */
  readonly box: readonly [number, number, number, number];
  readonly wing: string;
  readonly crown: string;
  /** Where the tail starts, and its direction as a unit vector. */
  readonly tailFrom: readonly [number, number];
  readonly tailTo: readonly [number, number];
  /** Drawn behind and in front of the coloured parts; the same for every class of the domain. */
  readonly behind: string;
  readonly front: string;
}

const ellipse = (x: number, y: number, rx: number, ry: number): string =>
  `M${x - rx} ${y}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0z`;
const eye = (x: number, y: number): string =>
  `<circle cx="${x}" cy="${y}" r="2.4" fill="#fff"/><circle cx="${x}" cy="${y}" r="1.3" fill="#111"/>`;
const dark = (path: string, width: number): string =>
  `<path d="${path}" stroke="#2b2b2b" stroke-width="${width}" fill="none" stroke-linecap="round"/>`;
const wheel = (x: number): string =>
  `<circle cx="${x}" cy="71" r="6.5" fill="#222"/><circle cx="${x}" cy="71" r="2.5" fill="#bbb"/>`;

/** The same five parts everywhere, in shapes that tell the domains apart. */
export const FIGURES: Readonly<Record<Domain, Figure>> = {
  aircraft: {
    body: "M40 42H72Q78 42 78 54T72 66H40Q37 54 40 42z",
    box: [38, 42, 40, 24],
    wing: "M48 43L40 22H54L68 43z",
    crown: "M77 42.5Q97 45 97 54T77 65.5Q80 54 77 42.5z",
    tailFrom: [40, 54],
    tailTo: [-1, 0],
    behind: dark("M54 66V74", 3) + dark("M50 75H58", 4),
    front: `<path d="M81 47L88 49L86 53L80 52z" fill="#dfefff" stroke="#222" stroke-width="1"/>`,
  },
  bird: {
    body: ellipse(57, 56, 20, 15),
    box: [37, 41, 40, 30],
    wing: "M50 47L32 24L68 41z",
    crown: ellipse(81, 39, 10, 10),
    tailFrom: [39, 60],
    tailTo: [-0.96, 0.28],
    behind: dark("M52 70V82", 2.5) + dark("M62 70V82", 2.5),
    front: `<path d="M90 36L99 40L90 43z" fill="#e8912d" stroke="#222" stroke-width="1"/>${eye(84, 37)}`,
  },
  car: {
    body: "M38 48H86Q91 48 91 56V70H38z",
    box: [38, 48, 53, 22],
    wing: "M40 48L34 34H48L52 48z",
    crown: "M54 48L58 31H76L84 48z",
    tailFrom: [38, 62],
    tailTo: [-1, 0],
    behind: "",
    front: wheel(50) + wheel(79),
  },
  dog: {
    body: "M42 44H74Q80 44 80 54T74 66H42Q37 66 37 54T42 44z",
    box: [37, 44, 43, 22],
    wing: "M50 45Q44 27 58 27T68 45z",
    crown: "M74 46V30Q74 24 82 24H86L97 36Q97 42 88 43L84 50z",
    tailFrom: [40, 50],
    tailTo: [-0.9, -0.436],
    behind: dark("M44 64V82", 5) + dark("M54 64V82", 5) + dark("M66 64V82", 5) + dark("M75 64V82", 5),
    front: `<path d="M76 25L70 40L79 36z" fill="#3a3a3a"/>${eye(86, 32)}`,
  },
  flower: {
    body: ellipse(50, 40, 19, 19),
    box: [31, 21, 38, 38],
    wing: "M33 46Q14 40 8 56Q24 64 37 54z M67 46Q86 40 92 56Q76 64 63 54z",
    crown: "M50 25Q36 20 39 3L46 10L50 2L54 10L61 3Q64 20 50 25z",
    tailFrom: [50, 58],
    tailTo: [0, 1],
    behind: "",
    front: "",
  },
  pet: {
    body: "M50 42H66Q78 50 76 80H40Q38 50 50 42z",
    box: [39, 57, 38, 24], // below the collar
    wing: "M44 46H72L78 56L58 60L38 56z",
    crown: "M44 28L42 8L52 16H64L74 8L72 28Q72 43 58 43T44 28z",
    tailFrom: [41, 74],
    tailTo: [-0.97, -0.243],
    behind: dark("M46 82H54", 5) + dark("M62 82H70", 5),
    front: `${eye(52, 28)}${eye(64, 28)}<path d="M56 34H60L58 37z" fill="#222"/>`,
  },
};

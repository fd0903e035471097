/** The output and its capabilities. */
export interface Screen {
  write(text: string): void;
  /** Whether lines can be redrawn. False for a pipe. */
  readonly live: boolean;
  readonly colour: boolean;
  readonly columns: number;
  readonly rows: number;
}

const codes = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
} as const;
export type Style = keyof typeof codes;

/** Removes control characters first, because the text may be from a peer. */
export const paint = (screen: Pick<Screen, 'colour'>, text: string, ...styles: readonly Style[]): string => {
  const safe = harmless(text);
  return screen.colour && safe !== ''
    ? `\x1b[${styles.map((style) => codes[style]).join(';')}m${safe}\x1b[0m`
    : safe;
};

const nameColours = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'] as const;

/** The colour of the member with the index `place`. */
export const nameColour = (place: number): Style =>
  nameColours[Math.max(0, place) % nameColours.length] as Style;

/** Text of peers must not control the terminal: control and direction characters are removed. */
export const harmless = (text: string): string =>
  text
    .replaceAll('\t', '  ')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (found) =>
      found === '\n' ? found : '',
    );

/** The control sequences of this program: styles, and those that redraw the lines at the bottom. */
const esc = String.fromCharCode(0x1b);
const erase = `\r${esc}[J`;
const styling = new RegExp(`^${esc}\\[(?:0|[12]|3[1-6])(?:;(?:[12]|3[1-6]))*m$`);
const sequence = new RegExp(
  `\r${esc}\\[J|${esc}\\[[\\d;]{0,12}[mA]|[\\p{Cc}\\u2028-\\u202e\\u2066-\\u2069]`,
  'gu',
);

/**
 * The last filter before a terminal. It passes the control sequences that this program writes and removes every other control
 * character, whatever the source of the text is.
 */
export const guarded = (text: string, { live, colour }: Pick<Screen, 'live' | 'colour'>): string =>
  text.replaceAll(sequence, (found) => {
    if (found === '\n' || found === '\t') return found;
    if (found.endsWith('m')) return colour && styling.test(found) ? found : '';
    return live && (found === erase || found.endsWith('A')) ? found : '';
  });

/**
 * JSON with all control and direction characters escaped, including those that JSON allows without an escape. It has the same value
 * and cannot control a terminal.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

const widthOf = (character: string): number =>
  /\p{M}|\u200d/u.test(character) ? 0 : wide.test(character) ? 2 : 1;

/** The width of `text` on a terminal, in columns. */
export const columnsOf = (text: string): number => {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
};

/** One line of at most `columns` columns. A truncated text ends with an ellipsis. */
export const cut = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
};

/** Wraps `text` between words to lines of at most `columns`. A longer word is broken. Takes linear time, whatever the characters are. */
export const wrap = (text: string, columns: number): string[] =>
  text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    let width = 0;
    const end = () => {
      lines.push(line.trimEnd());
      line = '';
      width = 0;
    };
    const add = (part: string, partWidth: number) => {
      line += part;
      width += partWidth;
    };
    for (const piece of paragraph.match(/\s+|\S+/gu) ?? []) {
      const pieceWidth = columnsOf(piece);
      if (piece.trim() === '' || width + pieceWidth <= columns) {
        add(piece, pieceWidth);
        continue;
      }
      if (line.trim() !== '') end();
      line = '';
      width = 0;
      for (const character of piece) {
        const characterWidth = widthOf(character);
        if (width + characterWidth > columns && line !== '') end();
        add(character, characterWidth);
      }
    }
    return [...lines, line.trimEnd()];
  });

/** Where text goes, and what can be done there. */
export interface Screen {
  write(text: string): void;
  /** Lines can be drawn again. False when piped. */
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

/** Makes the text harmless first: what is painted may come from a peer. */
export const paint = (screen: Pick<Screen, 'colour'>, text: string, ...styles: readonly Style[]): string => {
  const safe = harmless(text);
  return screen.colour && safe !== ''
    ? `\x1b[${styles.map((style) => codes[style]).join(';')}m${safe}\x1b[0m`
    : safe;
};

const nameColours = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'] as const;

/** The colour of the member that stands at `place` in the conversation. */
export const nameColour = (place: number): Style =>
  nameColours[Math.max(0, place) % nameColours.length] as Style;

/** What peers say must not steer the terminal: control characters and those that turn the direction are left out. */
export const harmless = (text: string): string =>
  text
    .replaceAll('\t', '  ')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (found) =>
      found === '\n' ? found : '',
    );

/** What this program itself writes beside text: styles, and what redraws the lines at the bottom. */
const esc = String.fromCharCode(0x1b);
const erase = `\r${esc}[J`;
const styling = new RegExp(`^${esc}\\[(?:0|[12]|3[1-6])(?:;(?:[12]|3[1-6]))*m$`);
const sequence = new RegExp(
  `\r${esc}\\[J|${esc}\\[[\\d;]{0,12}[mA]|[\\p{Cc}\\u2028-\\u202e\\u2066-\\u2069]`,
  'gu',
);

/**
 * The last guard before a terminal: lets the sequences through that this program writes, and no other control character,
 * wherever the text came from and whichever way it took.
 */
export const guarded = (text: string, { live, colour }: Pick<Screen, 'live' | 'colour'>): string =>
  text.replaceAll(sequence, (found) => {
    if (found === '\n' || found === '\t') return found;
    if (found.endsWith('m')) return colour && styling.test(found) ? found : '';
    return live && (found === erase || found.endsWith('A')) ? found : '';
  });

/**
 * JSON with every control and direction character escaped, those that JSON itself would leave as they are, too. It reads
 * back as the same value, and steers no terminal.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Columns that `text` takes on a terminal. */
export const columnsOf = (text: string): number => {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}|\u200d/u.test(character)) continue;
    columns += wide.test(character) ? 2 : 1;
  }
  return columns;
};

/** One line of at most so many columns; what is left out shows as an ellipsis. */
export const cut = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (columnsOf(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
};

/** `text` in lines of at most `columns`, broken between words; a word that is longer is broken where it must be. */
export const wrap = (text: string, columns: number): string[] =>
  text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const piece of paragraph.match(/\s+|\S+/gu) ?? []) {
      if (piece.trim() === '' || columnsOf(line + piece) <= columns) {
        line += piece;
        continue;
      }
      if (line.trim() !== '') lines.push(line.trimEnd());
      line = '';
      for (const character of piece) {
        if (columnsOf(line + character) > columns && line !== '') {
          lines.push(line);
          line = '';
        }
        line += character;
      }
    }
    return [...lines, line.trimEnd()];
  });

import type { Entry } from '@parley/protocol';
import { canonical } from '../ledger-hash.ts';
import { endingText } from './ending-text.ts';
import { columnsOf, harmless, paint, type Screen, wrap } from './terminal.ts';
import { noteOf } from './transcript.ts';

const pipedColumns = 120;
const gap = ' │ ';

/** One branch: its id and all its entries, including the shared ones. */
export interface Branch {
  readonly id: string;
  readonly entries: readonly Entry[];
}

/** The number of equal entries at the beginning. Times are compared too, because shared entries have the same times. */
const sharedLength = (a: Branch, b: Branch): number => {
  let shared = 0;
  while (
    shared < a.entries.length &&
    shared < b.entries.length &&
    canonical(a.entries[shared]) === canonical(b.entries[shared])
  )
    shared++;
  return shared;
};

/** For programs: the number of entries that both share, and the further entries of each. */
export const differenceOf = (a: Branch, b: Branch) => {
  const shared = sharedLength(a, b);
  const rest = ({ id, entries }: Branch) => ({ id, entries: entries.slice(shared) });
  return { shared, branches: [rest(a), rest(b)] };
};

const shown = (entry: Entry): string | undefined => {
  switch (entry.type) {
    case 'said':
      return `${entry.from}: ${entry.text}`;
    case 'ended':
      return `Ended: ${endingText(entry)}`;
    case 'opened':
      return `opened by ${entry.by}: ${entry.topic ?? 'no topic'}`;
    case 'forked': {
      const changes = (entry.cast ?? []).map(({ name, model, persona }) =>
        [name, model && `model ${model}`, persona && `persona ${JSON.stringify(persona)}`]
          .filter(Boolean)
          .join(' '),
      );
      return `forked by ${entry.by}${changes.length > 0 ? ` with ${changes.join('; ')}` : ''}`;
    }
    default:
      return noteOf(entry);
  }
};

const pad = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)));

/** Two branches beside each other, the part that they share folded into one line; turn stands by turn. */
export const sideBySide = (screen: Screen, a: Branch, b: Branch): string => {
  const width = Math.floor(((screen.live ? screen.columns : pipedColumns) - gap.length) / 2);
  const shared = sharedLength(a, b);
  const texts = ({ entries }: Branch) =>
    entries.slice(shared).flatMap((entry) => {
      const text = shown(entry);
      return text === undefined
        ? []
        : [{ text: harmless(text), line: entry.type === 'said' || entry.type === 'passed' }];
    });
  const [left, right] = [texts(a), texts(b)];
  const rows: string[] = [`${paint(screen, pad(a.id, width), 'bold')}${gap}${paint(screen, b.id, 'bold')}`];
  const lines = a.entries.slice(0, shared).filter(({ type }) => type === 'said' || type === 'passed').length;
  rows.push(paint(screen, `… ${shared} entries shared, ${lines} of them turns …`, 'dim'));
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    // What is no turn (a fork, a note) stands on its own side; the turns stay beside each other.
    const one = left[i] && (left[i]?.line || !right[j] || !right[j]?.line) ? left[i++] : undefined;
    const other = right[j] && (right[j]?.line ? one?.line !== false : !one?.line) ? right[j++] : undefined;
    if (!one && !other) break;
    const same = one?.text === other?.text;
    const [l, r] = [wrap(one?.text ?? '', width), wrap(other?.text ?? '', width)];
    for (let row = 0; row < Math.max(l.length, r.length); row++) {
      const text = `${pad(l[row] ?? '', width)}${gap}${r[row] ?? ''}`.trimEnd();
      rows.push(same ? paint(screen, text, 'dim') : text);
    }
    rows.push(`${' '.repeat(width)}${gap}`.trimEnd());
  }
  return `${rows.join('\n')}\n`;
};

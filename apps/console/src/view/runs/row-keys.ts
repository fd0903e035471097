import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunList } from '../../model/runs/run-list.ts';

/** In each of these a row has its checkbox first; a row may have several links. */
const controlsOf = (row: Element): HTMLElement[] => [...row.querySelectorAll<HTMLElement>('input, a')];

/**
 * One row of the table has the tab stops, however many rows there are: the arrow keys, Home and End move from a checkbox or a link
 * to the same one of another row. The row with the focus exists also when it is scrolled out of sight.
 */
export const useRowKeys = (runs: RunList, scrollToRow: (place: number) => void) => {
  const [current, setCurrent] = useState<string>();
  const wanted = useRef<{ readonly id: string; readonly control: number }>(undefined);
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const { id, control } = wanted.current;
    const row = table.current?.querySelector(`[data-run="${CSS.escape(id)}"]`);
    if (!row) return;
    const controls = controlsOf(row);
    (controls[control] ?? controls.at(-1))?.focus();
    wanted.current = undefined;
  });
  const rowOf = ({ target }: Event) => (target as HTMLElement).closest<HTMLElement>('[data-run]');
  const onFocusIn = (event: FocusEvent) => {
    const id = rowOf(event)?.dataset.run;
    if (id !== undefined) setCurrent(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rowOf(event);
    const place = runs.placeOf(row?.dataset.run ?? '');
    if (!row || place === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = runs.rows.length - 1;
    const places: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, place + 1),
      ArrowUp: Math.max(0, place - 1),
      Home: 0,
      End: last,
    };
    const next = places[event.key];
    const run = next === undefined ? undefined : runs.rows[next];
    if (next === undefined || !run) return;
    event.preventDefault();
    wanted.current = { id: run.id, control: controlsOf(row).indexOf(event.target as HTMLElement) };
    setCurrent(run.id);
    scrollToRow(next);
  };
  return { current, table, onFocusIn, onKeyDown };
};

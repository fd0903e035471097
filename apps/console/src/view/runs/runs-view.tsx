import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { runsLink } from '../../model/route.ts';
import type { RunFilters } from '../../model/runs/run-filters.ts';
import { number } from '../../model/words.ts';
import { NothingYet } from '../nothing-yet.tsx';
import { ChosenRuns } from './chosen-runs.tsx';
import { useRowKeys } from './row-keys.ts';
import { RunFiltersForm } from './run-filters-form.tsx';
import { columns, RunRow } from './run-row.tsx';

/** The height of every row. The style sheet has the same value. */
const rowHeight = () => (innerWidth < 700 ? 92 : 44);
const overscan = 12;

/** Draws again when the page is scrolled or has another size: once in a frame. */
const useScrolled = (): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    let waiting = false;
    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw((times) => times + 1);
      });
    };
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later, { passive: true });
    return () => {
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, []);
};

/** All conversations of the ledger, as a table of which only the rows near what can be seen exist. */
export const RunsPage = ({
  live,
  filters,
}: {
  readonly live: Live;
  readonly filters: RunFilters;
}): ComponentChildren => {
  const body = useRef<HTMLTableSectionElement>(null);
  /** As they were when they were chosen: a row that the filters hide stays chosen. */
  const [chosen, setChosen] = useState<readonly ConversationView[]>([]);
  const { runs } = live;
  const { rows, total } = runs;
  useEffect(() => {
    document.title = 'Conversations · Parley';
  }, []);
  useScrolled();
  /** Rows at the edge of what is in sight are moved to its middle. */
  const { current, table, ...keys } = useRowKeys(runs, (place) => {
    const y = (body.current?.getBoundingClientRect().top ?? 0) + place * rowHeight();
    const isInSight = y > 100 && y < innerHeight - 100;
    if (!isInSight) scrollBy({ top: y - innerHeight / 2, behavior: 'instant' });
  });
  const height = rowHeight();
  const top = body.current ? body.current.getBoundingClientRect().top : 0;
  const first = Math.min(rows.length, Math.max(0, Math.floor(-top / height) - overscan));
  const last = Math.min(rows.length, Math.ceil((innerHeight - top) / height) + overscan);
  useEffect(() => {
    if (last >= rows.length - overscan) runs.more();
  });
  const isFiltered = Object.keys(filters).length > 0;
  if (total === 0 && !isFiltered) return <NothingYet live={live} />;
  const isChosen = new Set(chosen.map(({ id }) => id));
  const toggle = (run: ConversationView) =>
    setChosen(isChosen.has(run.id) ? chosen.filter(({ id }) => id !== run.id) : [...chosen, run]);
  const newest = new Map(rows.map((run) => [run.id, run]));
  const spacer = (key: string, from: number, to: number) =>
    to > from && (
      <tr key={key} class="spacer">
        <td colSpan={columns.length} style={{ height: `${(to - from) * height}px` }} />
      </tr>
    );
  const kept = current === undefined ? undefined : runs.placeOf(current);
  const isAway = kept !== undefined && (kept < first || kept >= last);
  const stop = kept ?? Math.max(0, Math.ceil(-top / height));
  const drawn = (from: number, to: number) =>
    rows
      .slice(from, to)
      .map((run, index) => (
        <RunRow
          key={run.id}
          run={run}
          place={from + index}
          isCurrent={from + index === stop}
          chosen={isChosen.has(run.id)}
          found={runs.found.get(run.id)}
          onChoose={() => toggle(run)}
        />
      ));
  /** Rows that are not drawn, and among them the one with the tab stops. */
  const undrawn = (name: string, from: number, to: number) =>
    isAway && kept >= from && kept < to
      ? [spacer(name, from, kept), ...drawn(kept, kept + 1), spacer(`${name} after`, kept + 1, to)]
      : [spacer(name, from, to)];
  return (
    <section class="runs" aria-labelledby="runs-title">
      <h1 id="runs-title" tabIndex={-1}>
        Conversations{' '}
        <span id="run-count" class="count" role="status">
          {total === undefined
            ? 'loading…'
            : isFiltered
              ? `${number(rows.length)}${runs.hasMore ? ' or more' : ''} of ${number(total)}`
              : number(total)}
        </span>
      </h1>
      <RunFiltersForm
        filters={filters}
        onChange={(next) => {
          location.hash = runsLink(next);
        }}
      />
      <ChosenRuns
        live={live}
        chosen={chosen.map((run) => newest.get(run.id) ?? run)}
        onClear={() => setChosen([])}
      />
      <div class="table-place">
        <table
          id="runs"
          ref={table}
          aria-label="Conversations. The arrow keys move from row to row."
          aria-rowcount={runs.hasMore ? -1 : rows.length + 1}
          {...keys}
        >
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name === 'Choose' ? <span class="unseen">{name}</span> : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {[...undrawn('above', 0, first), ...drawn(first, last), ...undrawn('below', last, rows.length)]}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && !runs.loading && !runs.stopped && <p>No conversation fits these filters.</p>}
      {runs.stopped && (
        <p>
          Older conversations have not been searched.{' '}
          <button type="button" onClick={() => runs.searchOn()}>
            Search on
          </button>
        </p>
      )}
      {runs.loading && <p role="status">Loading…</p>}
    </section>
  );
};

import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { runsLink } from '../../model/route.ts';
import type { RunFilters } from '../../model/runs/run-filters.ts';
import { number } from '../../model/words.ts';
import { NothingYet } from '../nothing-yet.tsx';
import { ChosenRuns } from './chosen-runs.tsx';
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
  const spacer = (rowsOf: number) =>
    rowsOf > 0 && (
      <tr class="spacer">
        <td colSpan={columns.length} style={{ height: `${rowsOf * height}px` }} />
      </tr>
    );
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
        <table id="runs" aria-rowcount={runs.hasMore ? -1 : rows.length + 1}>
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
            {spacer(first)}
            {rows.slice(first, last).map((run, index) => (
              <RunRow
                key={run.id}
                run={run}
                place={first + index}
                chosen={isChosen.has(run.id)}
                found={runs.found.get(run.id)}
                onChoose={() => toggle(run)}
              />
            ))}
            {spacer(rows.length - last)}
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

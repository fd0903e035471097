import { type ConversationView, endings } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import { compareLink, conversationLink, type RunFilters, runsLink } from '../model/route.ts';
import { against, dateOf, dollars, duration, elapsedOf, number, titleOf } from '../model/words.ts';
import { statusOf } from './conversation-head.tsx';
import { NothingYet } from './nothing-yet.tsx';
import { plain } from './plain-text.tsx';

/** The height of every row. The style sheet has the same value. */
const rowHeight = () => (innerWidth < 700 ? 92 : 44);
const overscan = 12;

const Row = ({
  run,
  place,
  chosen,
  onChoose,
}: {
  readonly run: ConversationView;
  readonly place: number;
  readonly chosen: boolean;
  readonly onChoose: (id: string) => void;
}) => (
  <tr class={`run ${run.status}`} aria-rowindex={place + 2}>
    <td class="choose">
      <input
        type="checkbox"
        checked={chosen}
        aria-label={`Choose ${titleOf(run).slice(0, 60)}`}
        onChange={() => onChoose(run.id)}
      />
    </td>
    <td>
      <span class={`status ${run.status}`}>{statusOf(run)}</span>
    </td>
    <td class="title">
      <a href={conversationLink(run.id)} dir="auto">
        {plain(titleOf(run))}
      </a>
      {run.parent && <span class="detail"> fork after entry {run.parent.seq}</span>}
    </td>
    <td class="who">{run.members.join(', ')}</td>
    <td class="number">{against(number(run.turns), run.limits.maxTurns, number(run.limits.maxTurns))}</td>
    <td class="number">{number(run.usage.inputTokens + run.usage.outputTokens)}</td>
    <td class="number">{run.usage.cost > 0 ? dollars(run.usage.cost) : '–'}</td>
    <td class="number">{duration(elapsedOf(run, Date.now()))}</td>
    <td class="number">{dateOf(run.startedAt)}</td>
  </tr>
);

const columns = [
  'Choose',
  'Status',
  'Title',
  'Members',
  'Turns',
  'Tokens',
  'Cost',
  'Time',
  'Started',
] as const;

const Filters = ({
  filters,
  onChange,
}: {
  readonly filters: RunFilters;
  readonly onChange: (filters: RunFilters) => void;
}) => {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const set = (name: keyof RunFilters, value: string) => onChange({ ...filters, [name]: value.trim() });
  const soon = (name: keyof RunFilters, value: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(name, value), 250);
  };
  return (
    <search class="filters">
      <label>
        Title contains
        <input
          type="search"
          id="filter-q"
          defaultValue={filters.q ?? ''}
          maxLength={200}
          onInput={(event) => soon('q', event.currentTarget.value)}
        />
      </label>
      <label>
        Status
        <select
          id="filter-status"
          value={filters.status ?? ''}
          onChange={(event) => set('status', event.currentTarget.value)}
        >
          <option value="">any</option>
          <option>running</option>
          <option>paused</option>
          <option>ended</option>
        </select>
      </label>
      <label>
        Ending
        <select
          id="filter-ending"
          value={filters.ending ?? ''}
          onChange={(event) => set('ending', event.currentTarget.value)}
        >
          <option value="">any</option>
          {endings.map((ending) => (
            <option key={ending}>{ending}</option>
          ))}
        </select>
      </label>
      <label>
        Member
        <input
          type="search"
          id="filter-member"
          defaultValue={filters.member ?? ''}
          maxLength={64}
          onInput={(event) => soon('member', event.currentTarget.value)}
        />
      </label>
    </search>
  );
};

/** All conversations of the ledger as a table. Only rows near the visible part exist in the DOM. */
export const RunsPage = ({
  live,
  filters,
}: {
  readonly live: Live;
  readonly filters: RunFilters;
}): ComponentChildren => {
  const body = useRef<HTMLTableSectionElement>(null);
  const [, draw] = useState(0);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { runs } = live;
  const { rows, total } = runs;
  useEffect(() => {
    document.title = 'Conversations · Parley';
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
  const height = rowHeight();
  const top = body.current ? body.current.getBoundingClientRect().top : 0;
  const first = Math.max(0, Math.floor(-top / height) - overscan);
  const last = Math.min(rows.length, Math.ceil((innerHeight - top) / height) + overscan);
  useEffect(() => {
    if (last >= rows.length - overscan) runs.more();
  });
  const isFiltered = Object.keys(filters).length > 0;
  if (total === 0 && !isFiltered) return <NothingYet live={live} />;
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2));
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
      <Filters
        key={JSON.stringify([filters.q === undefined, filters.member === undefined])}
        filters={filters}
        onChange={(next) => {
          location.hash = runsLink(next);
        }}
      />
      <p class="chosen">
        {chosen.length === 2 ? (
          <a class="button" href={compareLink(chosen[0] as string, chosen[1] as string)}>
            Compare the two
          </a>
        ) : (
          <span class="detail">Choose two conversations to compare them.</span>
        )}
      </p>
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
              <Row
                key={run.id}
                run={run}
                place={first + index}
                chosen={chosen.includes(run.id)}
                onChoose={toggle}
              />
            ))}
            {spacer(rows.length - last)}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && !runs.loading && <p>No conversation fits these filters.</p>}
      {runs.loading && <p role="status">Loading…</p>}
    </section>
  );
};

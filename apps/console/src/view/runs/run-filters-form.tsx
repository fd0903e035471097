import { endings } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RunFilters } from '../../model/runs/run-filters.ts';

/** How long the page waits for the next character of a word that is typed. */
const typingMs = 250;

/** A field that is typed into. It follows the address of the page, but never while it has the focus. */
const TextField = ({
  name,
  label,
  value,
  maxLength,
  onText,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly maxLength: number;
  readonly onText: (text: string) => void;
}) => {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (field.current && document.activeElement !== field.current) field.current.value = value;
  }, [value]);
  return (
    <label>
      {label}
      <input
        type="search"
        id={`filter-${name}`}
        ref={field}
        maxLength={maxLength}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
};

/** What the table of conversations is filtered by. */
export const RunFiltersForm = ({
  filters,
  onChange,
}: {
  readonly filters: RunFilters;
  readonly onChange: (filters: RunFilters) => void;
}): ComponentChildren => {
  const isMore = [filters.member, filters.label, filters.from, filters.to].some(Boolean);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  /** What was typed and has not been told. */
  const typed = useRef<RunFilters>({});
  const tell = (more: RunFilters) => {
    clearTimeout(timer.current);
    const all = { ...filters, ...typed.current, ...more };
    typed.current = {};
    onChange(all);
  };
  const set = (name: keyof RunFilters, value: string) => tell({ [name]: value.trim() });
  const soon = (name: keyof RunFilters, value: string) => {
    clearTimeout(timer.current);
    typed.current = { ...typed.current, [name]: value.trim() };
    timer.current = setTimeout(() => tell({}), typingMs);
  };
  const text = (name: 'q' | 'member' | 'label', label: string, maxLength: number) => (
    <TextField
      {...{ name, label, maxLength }}
      value={filters[name] ?? ''}
      onText={(text) => soon(name, text)}
    />
  );
  const choice = (name: 'status' | 'ending', label: string, values: readonly string[]) => (
    <label>
      {label}
      <select
        id={`filter-${name}`}
        value={filters[name] ?? ''}
        onChange={(event) => set(name, event.currentTarget.value)}
      >
        <option value="">any</option>
        {values.map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
  const day = (name: 'from' | 'to', label: string) => (
    <label>
      {label}
      <input
        type="date"
        id={`filter-${name}`}
        value={filters[name] ?? ''}
        onChange={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <search class="filters">
      {text('q', 'Search', 200)}
      <label class="choice">
        <input
          type="checkbox"
          id="filter-scope"
          checked={filters.scope === 'messages'}
          onChange={(event) => set('scope', event.currentTarget.checked ? 'messages' : '')}
        />
        also in what was said
      </label>
      {choice('status', 'Status', ['running', 'paused', 'ended'])}
      {choice('ending', 'Ending', endings)}
      <details class="more-filters" open={isMore || undefined}>
        <summary>More filters</summary>
        <div class="filters">
          {text('member', 'Member', 64)}
          {text('label', 'Batch or label', 64)}
          {day('from', 'Opened from')}
          {day('to', 'Opened until')}
        </div>
      </details>
    </search>
  );
};

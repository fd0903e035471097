/** What the table of conversations is filtered by, as it stands in the address of the page. */
export interface RunFilters {
  readonly status?: string;
  readonly member?: string;
  readonly ending?: string;
  readonly label?: string;
  /** First and last day on which they were opened, as YYYY-MM-DD in the time zone of the reader. */
  readonly from?: string;
  readonly to?: string;
  /** Words in the title. */
  readonly q?: string;
  /** `messages`: the words are searched in what was said, too. */
  readonly scope?: string;
}

const names = ['status', 'member', 'ending', 'label', 'from', 'to', 'q', 'scope'] as const;

export const filtersIn = (query: string): RunFilters => {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given.get(name)?.trim();
      return value ? [[name, value]] : [];
    }),
  );
};

/** Those that are set. */
export const setFilters = (filters: RunFilters): [string, string][] =>
  names.flatMap((name) => {
    const value = filters[name];
    return value ? [[name, value]] : [];
  });

/** The beginning of a day, or of the one after it; undefined when it is no date. */
const dayAt = (day: string, after: number): number | undefined => {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  return year ? new Date(Number(year), Number(month) - 1, Number(date) + after).getTime() : undefined;
};

/** The query of the router's list. */
export const listQuery = (filters: RunFilters, limit: number): string => {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of setFilters(filters)) {
    const asked = name === 'from' ? dayAt(value, 0) : name === 'to' ? dayAt(value, 1) : value;
    if (asked !== undefined) query.set(name, String(asked));
  }
  return query.toString();
};

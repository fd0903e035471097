/** The address of the page: the view, its object, and its filters. */

export interface RunFilters {
  readonly status?: string;
  readonly member?: string;
  readonly ending?: string;
  /** Words of the title. */
  readonly q?: string;
}

export type Route =
  | { readonly view: 'runs'; readonly filters: RunFilters }
  | {
      readonly view: 'conversation';
      readonly id: string;
      /** The entry that the address names. */
      readonly seq?: number;
      readonly present: boolean;
    }
  | { readonly view: 'compare'; readonly left: string; readonly right: string }
  | { readonly view: 'agents' }
  | { readonly view: 'new' }
  /** An address that no view has, or that cannot be decoded. */
  | { readonly view: 'unknown' };

const filterNames = ['status', 'member', 'ending', 'q'] as const;

const filtersIn = (query: string): RunFilters => {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = given.get(name)?.trim();
      return value ? [[name, value]] : [];
    }),
  );
};

export const parseRoute = (hash: string): Route => {
  try {
    const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
    const parts = path.split('/').map(decodeURIComponent);
    const [first = '', second = '', third = ''] = parts;
    if (first === 'agents' && parts.length === 1) return { view: 'agents' };
    if (first === 'new' && parts.length === 1) return { view: 'new' };
    if (first === 'compare' && second && third) return { view: 'compare', left: second, right: third };
    if (first !== '') return { view: 'unknown' };
    if (second === '') return { view: 'runs', filters: filtersIn(query) };
    const seq = Number(third);
    const present = new URLSearchParams(query).has('present');
    return {
      view: 'conversation',
      id: second,
      ...(Number.isSafeInteger(seq) && seq > 0 && { seq }),
      present,
    };
  } catch {
    return { view: 'unknown' };
  }
};

export const runsLink = (filters: RunFilters): string => {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return query ? `#/?${query}` : '#/';
};

export const conversationLink = (id: string, seq?: number): string =>
  `#/${encodeURIComponent(id)}${seq === undefined ? '' : `/${seq}`}`;

export const compareLink = (left: string, right: string): string =>
  `#compare/${encodeURIComponent(left)}/${encodeURIComponent(right)}`;

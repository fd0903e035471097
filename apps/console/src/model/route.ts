import { filtersIn, type RunFilters, setFilters } from './runs/run-filters.ts';

/** What the address of the page says: which view, of what, with which filters. */

export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'runs'; readonly filters: RunFilters }
  | {
      readonly view: 'conversation';
      readonly id: string;
      /** The entry that the address names. */
      readonly seq?: number;
      readonly present: boolean;
      /** The token of a share link. It is taken out of the address at once. */
      readonly share?: string;
    }
  | { readonly view: 'compare'; readonly left: string; readonly right: string }
  | { readonly view: 'agents' }
  | { readonly view: 'new'; readonly scenario?: string }
  /** An address that no view has, or that cannot be decoded. */
  | { readonly view: 'unknown' };

export const parseRoute = (hash: string): Route => {
  try {
    const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
    const parts = path.split('/').map(decodeURIComponent);
    const [first = '', second = '', third = ''] = parts;
    if (first === 'runs' && parts.length === 1) return { view: 'runs', filters: filtersIn(query) };
    if (first === 'agents' && parts.length === 1) return { view: 'agents' };
    if (first === 'new' && parts.length === 1) {
      const scenario = new URLSearchParams(query).get('scenario');
      return { view: 'new', ...(scenario && { scenario }) };
    }
    if (first === 'compare' && second && third) return { view: 'compare', left: second, right: third };
    if (first !== '') return { view: 'unknown' };
    if (second === '') {
      const filters = filtersIn(query);
      // Addresses of before the overview had the filters of the table here.
      return Object.keys(filters).length > 0 ? { view: 'runs', filters } : { view: 'overview' };
    }
    const seq = Number(third);
    const asked = new URLSearchParams(query);
    const present = asked.has('present');
    const share = asked.get('share');
    return {
      view: 'conversation',
      id: second,
      ...(Number.isSafeInteger(seq) && seq > 0 && { seq }),
      present,
      ...(share && { share }),
    };
  } catch {
    return { view: 'unknown' };
  }
};

export const runsLink = (filters: RunFilters): string => {
  const query = new URLSearchParams(setFilters(filters)).toString();
  return query ? `#runs?${query}` : '#runs';
};

/** The form, of a shipped scenario where there is one. */
export const newLink = (scenario: string): string =>
  scenario === '' ? '#new' : `#new?scenario=${encodeURIComponent(scenario)}`;

export const conversationLink = (id: string, seq?: number, share?: string): string =>
  `#/${encodeURIComponent(id)}${seq === undefined ? '' : `/${seq}`}${share === undefined ? '' : `?share=${share}`}`;

export const compareLink = (left: string, right: string): string =>
  `#compare/${encodeURIComponent(left)}/${encodeURIComponent(right)}`;

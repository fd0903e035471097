import type { Options } from 'minisearch';

export interface Part {
  /** The address of the part, relative to the root of the site. */
  readonly id: string;
  readonly page: string;
  readonly heading: string;
  readonly text: string;
}

/** The build writes the index with these, and the page reads it with these. */
export const searchOptions: Options<Part> = {
  fields: ['page', 'heading', 'text'],
  storeFields: ['page', 'heading', 'text'],
  searchOptions: { boost: { page: 3, heading: 4 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
};

import { crc32 } from 'node:zlib';
import type { ToldConnection, ToldNames } from './elsewhere.ts';

/** A router tells of its names in so many parts, so that a change costs a part of them. */
const parts = 16;

export const partOf = (name: string): string => String(crc32(name) % parts);

/** The key of a part in the table that all routers share. */
export const keyOf = (router: string, part: string): string => `${router}.${part}`;

export const routerAndPartOf = (key: string): { readonly router: string; readonly part: string } => {
  const dot = key.lastIndexOf('.');
  return { router: key.slice(0, dot), part: key.slice(dot + 1) };
};

const isConnection = (value: unknown): value is ToldConnection => {
  const { id, at, dialect, capacity, active } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !Number.isSafeInteger(at)) return false;
  return dialect === 'plain' || (dialect === 'v1' && Number.isFinite(capacity) && Number.isFinite(active));
};

/** The names of a part that was read. Connections of a kind that is unknown here are left out: they are of a newer router. */
export const toldNamesIn = (value: unknown): ToldNames => {
  if (typeof value !== 'object' || value === null) return {};
  const names = Object.entries(value).flatMap(([name, connections]: [string, unknown]) => {
    const known = Array.isArray(connections) ? connections.filter(isConnection) : [];
    return known.length > 0 ? [[name, known] as const] : [];
  });
  return Object.fromEntries(names);
};

import { crc32 } from 'node:zlib';
import type { ConnectionReport, NameReport } from './elsewhere.ts';

/** A router reports its names in this many parts, so that a change of one name rewrites one part only. */
const parts = 16;

export const partOf = (name: string): string => String(crc32(name) % parts);

/** The key of a part in the table that all routers share. */
export const keyOf = (router: string, part: string): string => `${router}.${part}`;

export const routerAndPartOf = (key: string): { readonly router: string; readonly part: string } => {
  const dot = key.lastIndexOf('.');
  return { router: key.slice(0, dot), part: key.slice(dot + 1) };
};

const isConnection = (value: unknown): value is ConnectionReport => {
  const { id, at, dialect, capacity, active } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !Number.isSafeInteger(at)) return false;
  return dialect === 'plain' || (dialect === 'v1' && Number.isFinite(capacity) && Number.isFinite(active));
};

/** Reads a part of another router's names. Connections of an unknown kind, which a newer router may report, are left out. */
export const nameReportIn = (value: unknown): NameReport => {
  if (typeof value !== 'object' || value === null) return {};
  const names = Object.entries(value).flatMap(([name, connections]: [string, unknown]) => {
    const known = Array.isArray(connections) ? connections.filter(isConnection) : [];
    return known.length > 0 ? [[name, known] as const] : [];
  });
  return Object.fromEntries(names);
};

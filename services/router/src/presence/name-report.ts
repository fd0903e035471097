import { hash } from 'node:crypto';
import type { ConnectionReport, NameReport } from './elsewhere.ts';

/** A router reports its names in this many parts, so that a change of one name rewrites one part only. */
const parts = 16;

/** The id of the router is part of the hash, so a peer cannot choose names that are all in one part. */
export const partOf = (router: string, name: string): string =>
  String(Number.parseInt(hash('sha256', `${router} ${name}`).slice(0, 8), 16) % parts);

/** Maximum length of the JSON of a part: in UTF-8 at most three quarters of the largest message that a NATS server accepts. */
const maxPartLength = 256 * 1024;

type Shorten = (report: ConnectionReport) => ConnectionReport;

const withoutHistory: Shorten = (report) => {
  if (report.dialect === 'plain') return report;
  const { since: _since, meanMs: _meanMs, lastFault: _lastFault, ...rest } = report;
  return rest;
};
const withoutTexts: Shorten = (report) => {
  if (report.dialect === 'plain') return report;
  const { model: _model, ...rest } = withoutHistory(report) as typeof report;
  return rest;
};

/** A part as it is written. Details are left out when the part is too large for one message; the names are always reported. */
export const writtenPart = (names: NameReport): { readonly names: NameReport; readonly text: string } => {
  let written = { names, text: JSON.stringify(names) };
  for (const shorten of [withoutHistory, withoutTexts]) {
    if (written.text.length <= maxPartLength) break;
    const shorter = Object.entries(names).map(([name, all]) => [name, all.map(shorten)] as const);
    const shortened = Object.fromEntries(shorter);
    written = { names: shortened, text: JSON.stringify(shortened) };
  }
  return written;
};

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

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { median } from './statistics.ts';

/** One measured quantity: a sample for each round. */
export interface Figure {
  what: string;
  unit: string;
  samples: readonly number[];
}
/** A claim: `measured` (a median) is at most `atMost`. */
export interface Target {
  claim: string;
  measured: number;
  atMost: number;
}
export interface Outcome {
  figures: readonly Figure[];
  targets: readonly Target[];
  /** The facts that a reader needs to judge the figures. */
  remarks?: readonly string[];
}

const shown = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
};

export const met = ({ measured, atMost }: Target): boolean => measured <= atMost;

export const printed = ({ figures, targets, remarks = [] }: Outcome): string =>
  [
    table([
      ['', 'median', 'lowest', 'highest', 'rounds', 'unit'],
      ...figures.map(({ what, unit, samples }) => [
        what,
        shown(median(samples)),
        shown(Math.min(...samples)),
        shown(Math.max(...samples)),
        String(samples.length),
        unit,
      ]),
    ]),
    table([
      ['claim', 'measured', 'at most', ''],
      ...targets.map((target) => [
        target.claim,
        shown(target.measured),
        shown(target.atMost),
        met(target) ? 'met' : 'MISSED',
      ]),
    ]),
    ...remarks,
  ].join('\n\n');

const machine = () => ({
  cpu: cpus()[0]?.model.trim(),
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
});

/** Writes an outcome to results/NAME.json and returns the path. */
export const keep = (name: string, { figures, targets, remarks = [] }: Outcome): string => {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const file = new URL(`${name}.json`, directory);
  const kept = {
    benchmark: name,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    targets: targets.map((target) => ({ ...target, met: met(target) })),
    figures: figures.map((figure) => ({ ...figure, median: median(figure.samples) })),
    remarks,
  };
  writeFileSync(file, `${JSON.stringify(kept, rounded, 2)}\n`);
  return `bench/results/${name}.json`;
};

const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

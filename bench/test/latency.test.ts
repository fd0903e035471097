import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seeded } from '../../tests/harness/seeded.ts';
import { latencySampler, lognormalOfMean, readLatency } from '../load/latency.ts';

const drawn = (text: string, count = 20_000): number[] => {
  const latency = readLatency(text);
  if (!latency) throw new Error(`${text} was not read`);
  const draw = latencySampler(latency, seeded('latency'));
  return Array.from({ length: count }, draw).toSorted((a, b) => a - b);
};
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] as number;

describe('the latency of scripted agents', () => {
  it('a lognormal latency has the median and the slowest percent that were asked for', () => {
    const all = drawn('lognormal:800/4000');
    expect(quantile(all, 0.5) / 800).toBeGreaterThan(0.95);
    expect(quantile(all, 0.5) / 800).toBeLessThan(1.05);
    expect(quantile(all, 0.99) / 4_000).toBeGreaterThan(0.85);
    expect(quantile(all, 0.99) / 4_000).toBeLessThan(1.15);
  });

  it('a lognormal latency of a mean has that mean', () => {
    const draw = latencySampler(lognormalOfMean(300), seeded('mean'));
    const mean = Array.from({ length: 50_000 }, draw).reduce((sum, one) => sum + one, 0) / 50_000;
    expect(mean / 300).toBeGreaterThan(0.95);
    expect(mean / 300).toBeLessThan(1.05);
  });

  it('a uniform latency stays between its bounds, a fixed one is the same each time, and none is 0', () => {
    const uniform = drawn('uniform:100-300');
    expect(uniform[0]).toBeGreaterThanOrEqual(100);
    expect(uniform.at(-1)).toBeLessThanOrEqual(300);
    expect(quantile(uniform, 0.5)).toBeCloseTo(200, -1);
    expect(new Set(drawn('fixed:25', 10))).toEqual(new Set([25]));
    expect(new Set(drawn('none', 10))).toEqual(new Set([0]));
  });

  it('measured latencies are drawn from their file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-latency-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ms');
    writeFileSync(file, '120\n450.5\n9000\n');
    expect(new Set(drawn(`file:${file}`, 100))).toEqual(new Set([120, 450.5, 9_000]));
  });

  it.each(['', 'fixed', 'fixed:-1', 'uniform:300-100', 'lognormal:800', 'lognormal:4000/800', 'often'])(
    'a latency that cannot be read is refused: %j',
    (text) => {
      expect(readLatency(text)).toBeUndefined();
    },
  );
});

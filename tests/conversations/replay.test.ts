import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { parley } from '../harness/command-line.ts';
import { recordedRun } from '../harness/recorded-run.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

describe('parley replay', () => {
  it('parley replay repeats a recorded run of four agents without a network to an identical ledger, in four processes and in one', async () => {
    const folder = await recordedRun();
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      node: process.version,
      seed: 2,
      ending: 'max-turns',
      ledgerSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      models: { north: { models: ['gpt-4.1-nano'] }, west: { models: ['gpt-4.1-nano'] } },
    });
    expect(JSON.stringify(manifest)).not.toContain('sk-test');
    for (const options of [[], ['--one-process']]) {
      const replay = parley(['replay', folder, ...options]);
      expect(await replay.exit(60_000), `${options}: ${replay.stderr}${replay.stdout}`).toEqual({
        code: 0,
        signal: null,
      });
      expect(replay.stdout).toContain(
        `OK: ${manifest.entries} entries, the same as recorded (${manifest.ledgerSha256.slice(0, 16)})`,
      );
    }
  });

  it('parley replay repeats bids, which come in any order, to an identical ledger', async () => {
    let calls = 0;
    const folder = await recordedRun('scenarios/twenty-questions.yaml', ({ messages }) => {
      const text = JSON.stringify(messages);
      const call = ++calls;
      if (!text.includes('Do not speak yet')) return { kind: 'reply', text: `Is it a${call} or b${call}?` };
      // Who stands first on the floor is the slowest to bid.
      const slow = ['notice what the others', 'guess boldly', 'guess methodically', 'keep the secret'];
      const delayMs = 40 * slow.findIndex((persona) => text.includes(`You ${persona}`));
      return { kind: 'reply', text: `${1 + ((call * 37) % 99)}`, delayMs };
    });
    const ledger = readFileSync(join(folder, 'entries.jsonl'), 'utf8').trim().split('\n');
    const entries = ledger.map((line) => JSON.parse(line) as Entry);
    const members = ['keeper', 'ada', 'ben', 'cleo'];
    const rounds = entries.flatMap((entry, at) => {
      if (entry.type !== 'said' || !entry.bidding) return [];
      const bids = entries.slice(at + 1).filter((one) => one.type === 'bid');
      return [[entry.from, ...bids.slice(0, 3).map(({ from }) => from)]];
    });
    expect(rounds.length).toBeGreaterThan(5);
    for (const [speaker, ...bidders] of rounds)
      expect(bidders).toEqual(members.filter((name) => name !== speaker));
    const bids = entries.filter((entry) => entry.type === 'bid');
    expect(bids.every(({ usage }) => usage && usage.outputTokens > 0)).toBe(true);
    const replay = parley(['replay', folder]);
    expect(await replay.exit(60_000), replay.stderr + replay.stdout).toEqual({ code: 0, signal: null });
    expect(replay.stdout).toContain(`OK: ${entries.length} entries, the same as recorded`);
  });

  it('parley replay shows the first difference and exits with 20 when a request to a model differs', async () => {
    const folder = await recordedRun();
    const cassette = join(folder, 'cassettes', 'east.jsonl');
    const text = readFileSync(cassette, 'utf8');
    const [first] = /reply \d+ the \w+/.exec(text) ?? /reply \d+ \w+/.exec(text) ?? [];
    expect(first).toBeDefined();
    writeFileSync(cassette, text.replaceAll(first!, 'something else'));
    const replay = parley(['replay', folder]);
    expect(await replay.exit(110_000), replay.stderr + replay.stdout).toEqual({ code: 20, signal: null });
    expect(replay.stdout).toMatch(
      /^Different at entry \d+\n {2}recorded: .*\n {2}replayed: .*something else/m,
    );
  });

  it('parley replay refuses a changed recording', async () => {
    const folder = await recordedRun();
    writeFileSync(
      join(folder, 'scenario.yaml'),
      readFileSync(join(folder, 'scenario.yaml'), 'utf8').replace('optimist', 'pessimist'),
    );
    const replay = parley(['replay', folder]);
    expect(await replay.exit()).toEqual({ code: 1, signal: null });
    expect(replay.stderr).toMatch(/scenario\.yaml has been changed since it was recorded/);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parley } from './harness/command-line.ts';
import { recordedRun } from './harness/recorded-run.ts';
import { killAll } from './harness/started-process.ts';

afterEach(killAll);

describe('parley replay', () => {
  it('replays a recorded run of four agents with no network to an identical ledger', async () => {
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
    for (const twice of [1, 2]) {
      const replay = parley(['replay', folder]);
      expect(await replay.exit(60_000), `${twice}: ${replay.stderr}${replay.stdout}`).toEqual({
        code: 0,
        signal: null,
      });
      expect(replay.stdout).toContain(
        `OK: ${manifest.entries} entries, the same as recorded (${manifest.ledgerSha256.slice(0, 16)})`,
      );
    }
  });

  it('shows the first difference, and exits 20, when a model would have been asked something else', async () => {
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

  it('refuses a record that somebody has changed', async () => {
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

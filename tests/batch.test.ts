import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parley } from './harness/command-line.ts';
import { temporaryFolder } from './harness/parley.ts';
import { killAll } from './harness/started-process.ts';

afterEach(killAll);

const outcomesIn = (folder: string) =>
  readFileSync(join(folder, 'state.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as { cell: string; conversation: string; turns: number });

describe('parley batch', () => {
  it('goes on where it was killed, and runs no cell twice', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const args = [
      'batch',
      'scenarios/relay.yaml',
      '--runs',
      '4',
      '--vary',
      'limits.turns=6,8',
      '--concurrency',
      '2',
      '--out',
      folder,
    ];
    const slow = { AGENT_REHEARSAL_DELAY_MS: '40' };
    const first = parley(args, slow);
    await first.when('two runs', ({ stderr }) => /^2\/8 /m.exec(stderr) ?? undefined);
    await first.kill('SIGKILL');
    const before = outcomesIn(folder);
    expect(before.length).toBeLessThan(8);
    const second = parley(args, slow);
    expect(await second.exit(60_000), second.stderr).toEqual({ code: 0, signal: null });
    expect(second.stderr).toContain(`${before.length} runs are done`);
    const after = outcomesIn(folder);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(new Set(after.map(({ cell }) => cell)).size).toBe(8);
    expect(after).toHaveLength(8);
    expect(new Set(after.map(({ conversation }) => conversation)).size).toBe(8);
    expect(second.stdout).toMatch(/^limits\.turns=6 +4 +6\.0 .*max-turns 4$/m);
    expect(second.stdout).toMatch(/^limits\.turns=8 +4 +8\.0 /m);
    const other = parley([...args, '--set', 'topic=another']);
    expect(await other.exit()).toEqual({ code: 1, signal: null });
    expect(other.stderr).toMatch(/holds another batch/);
  });

  it('waits for no reader: what has a pace runs without it', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const change = ['--turns', '4', '--set', 'turn.pace=1 h'];
    const batch = parley(['batch', 'scenarios/interview.yaml', '--runs', '1', ...change, '--out', folder]);
    expect(await batch.exit(30_000), batch.stderr).toEqual({ code: 0, signal: null });
    expect(outcomesIn(folder)).toMatchObject([{ turns: 4 }]);
  });

  it('begins no run any more when its money is spent', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const batch = parley([
      'batch',
      'scenarios/relay.yaml',
      '--runs',
      '3',
      '--turns',
      '4',
      '--max-cost',
      '$0',
      '--out',
      folder,
    ]);
    expect(await batch.exit(30_000)).toEqual({ code: 21, signal: null });
    expect(batch.stdout).toContain('0 of 3 runs');
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parley } from '../harness/command-line.ts';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

const scenario = `title: Two on tea
topic: tea
cast:
  ann: { persona: You like tea. }
  ben: { persona: You like coffee. }
limits: { turns: 6 }
endings: { quorum: never, repetition: 1 }
`;

/** A folder with a scenario file, and commands that keep their runs in it. */
const place = (keep = '20') => {
  const folder = temporaryFolder();
  const runs = join(folder, 'runs');
  const file = join(folder, 'tea.yaml');
  writeFileSync(file, scenario);
  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    parley(args, { PARLEY_RUNS: runs, PARLEY_RUNS_KEEP: keep, ...env });
  const done = async (...args: readonly string[]) => {
    const process = start(args);
    expect(await process.exit(60_000), process.stderr).toEqual({ code: 0, signal: null });
    return process;
  };
  return { folder, runs, file, start, done };
};

const speakers = (text: string) => [...text.matchAll(/^(ann|ben): \S/gm)].map(([, name]) => name);

describe('A run of `parley run`', () => {
  it('a run is kept with its ledger, and is listed, shown, exported and followed from it', async () => {
    const { runs, file, done } = place();
    const run = await done('run', file, '--port', '0');
    const [name = ''] = readdirSync(runs);
    expect(run.stderr).toContain(join(runs, name, 'ledger.sqlite'));
    const [, exported = ''] = /parley (export .*)/.exec(run.stderr) ?? [];
    const id = exported.split(' ')[1] as string;

    expect((await done('runs')).stdout).toMatch(new RegExp(`${name} +${id} +Two on tea`));
    expect((await done('ls', '--run', 'last')).stdout).toMatch(new RegExp(`${id} +ended: max-turns`));
    // The very command that the run has printed.
    expect((await done(...exported.split(' '))).stdout).toContain('tea');
    const tail = await done('tail', id, '--run', name);
    expect(speakers(tail.stdout)).toEqual(speakers(run.stdout));
  });

  it('a stopped run continues at the next turn with --continue, although time has passed', async () => {
    const { file, start, done } = place();
    const first = start(['run', file, '--port', '0'], { AGENT_REHEARSAL_DELAY_MS: '300' });
    await first.when('two messages', ({ stdout }) => speakers(stdout).length >= 2 || undefined);
    first.signal('SIGINT');
    expect(await first.exit(30_000)).toEqual({ code: 130, signal: null });
    expect(first.stderr).toMatch(/go on: +parley run --continue /);
    expect((await done('ls', '--run', 'last')).stdout).toMatch(/paused/);

    const second = await done('run', '--continue', 'last');
    expect(speakers(second.stdout)).toEqual(['ann', 'ben', 'ann', 'ben', 'ann', 'ben']);
    expect(second.stdout).toMatch(/^Ended: max-turns/m);
  });

  it('--continue refuses options that the kept run already has', async () => {
    const { file, start } = place();
    const wrong = start(['run', file, '--continue', 'last']);
    expect(await wrong.exit()).toEqual({ code: 2, signal: null });
    const none = start(['run', '--continue', 'last']);
    expect(await none.exit()).toEqual({ code: 1, signal: null });
    expect(none.stderr).toMatch(/there is no kept run/);
  });

  it('only the newest PARLEY_RUNS_KEEP runs are kept, and other files stay', async () => {
    const { runs, file, done } = place('2');
    mkdirSync(runs);
    writeFileSync(join(runs, 'notes.txt'), 'mine');
    for (const turns of ['1', '2', '3']) await done('run', file, '--port', '0', '--turns', turns);
    const left = readdirSync(runs).filter((name) => name !== 'notes.txt');
    expect(left).toHaveLength(2);
    expect(readFileSync(join(runs, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('a run leaves nothing behind with PARLEY_RUNS_KEEP=0', async () => {
    const { runs, file, done } = place('0');
    const { stderr } = await done('run', file, '--port', '0');
    expect(stderr).toBe('');
    expect(existsSync(runs)).toBe(false);
  });

  it('a run is shown in the browser by `parley open`', async () => {
    const { file, start, done } = place();
    await done('run', file, '--port', '0');
    const shown = start(['open', '--port', '0']);
    const url = await shown.when('its address', ({ stdout }) => / at (http:\S+)/.exec(stdout)?.[1]);
    const answer = (await (await fetch(`${url}/v1/conversations`)).json()) as { conversations: unknown[] };
    expect(answer.conversations).toHaveLength(1);
    shown.signal('SIGINT');
    expect((await shown.exit(30_000)).code).toBe(130);
  });
});

describe('A run of `parley demo`', () => {
  it('a stopped demo continues with --continue', async () => {
    const { start, done } = place();
    const args = ['demo', '--port', '0', '--names', 'ann,ben', '--turns', '6'];
    const first = start(args, { AGENT_REHEARSAL_DELAY_MS: '300' });
    await first.when('two messages', ({ stdout }) => speakers(stdout).length >= 2 || undefined);
    first.signal('SIGINT');
    expect((await first.exit(30_000)).code).toBe(130);
    const second = await done('demo', '--continue', 'last');
    expect(speakers(second.stdout)).toEqual(['ann', 'ben', 'ann', 'ben', 'ann', 'ben']);
  });
});

describe('Two runs of one scenario file on one router', () => {
  it('two runs on one router have their own agents: the second continues when the first has ended', async () => {
    const router = await RunningRouter.start();
    const { file, start } = place();
    const go = (turns: string) =>
      start(['run', file, '--url', router.url, '--turns', turns], { AGENT_REHEARSAL_DELAY_MS: '200' });
    const first = go('4');
    await first.when('a message', ({ stdout }) => speakers(stdout).length > 0 || undefined);
    const second = go('12');
    expect((await first.exit(60_000)).code).toBe(0);
    expect((await second.exit(60_000)).code).toBe(0);
    expect(second.stdout).toMatch(/^Ended: max-turns/m);
  });
});

describe('A relative path', () => {
  it('a relative path is relative to the folder in which `npm run` was called', async () => {
    const { folder } = place();
    const check = new StartedProcess('npm run parley', 'npm', {
      args: ['--prefix', repository, 'run', '-s', 'parley', '--', 'check', 'tea.yaml'],
      cwd: folder,
    });
    expect(await check.exit(60_000), check.stderr).toEqual({ code: 0, signal: null });
    expect(check.stdout).toMatch(/^tea\.yaml: ok/);
  });
});

describe('--set and --vary', () => {
  it.each([
    [['run', '--set', 'cast.bne.model=x'], /there is no member bne; did you mean ben\?/],
    [['run', '--set', 'cast.ann=x'], /expected a key of the member/],
    [['run', '--set', 'cast.ann.modle=x'], /modle/],
    [['run', '--set', 'limits.trun=3'], /trun/],
    [['run', '--set', 'lmits.turns=3'], /lmits/],
    [['batch', '--vary', 'cast.zoe.model=x,y'], /there is no member zoe/],
  ])(
    '--set and --vary refuse a name that is not in the scenario: %j',
    async ([command = '', ...args], problem) => {
      const { file, folder, start } = place();
      const out = command === 'batch' ? ['--out', join(folder, 'out')] : [];
      const run = start([command, file, ...args, ...out]);
      expect((await run.exit()).code).toBe(1);
      expect(run.stderr).toMatch(problem);
    },
  );
});

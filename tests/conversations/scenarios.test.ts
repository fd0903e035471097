import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { killAll, repository } from '../harness/started-process.ts';

afterEach(killAll);

const shipped = globSync('scenarios/*.yaml', { cwd: repository });
const planned = ['max-turns', 'agreed', 'stop-phrase', 'repetition', 'farewell-loop', 'max-duration'];

/** Under policy open no member has to speak: the conversation ends when its time is over. */
const briefly = (file: string) => (file.includes('open-house') ? ['--set', 'limits.duration=5 s'] : []);

describe('parley run', () => {
  it('parley run brings every shipped scenario to an ending, with real processes', async () => {
    const left = [...shipped];
    const endings = new Map<string, string | undefined>();
    const worker = async () => {
      for (let file = left.pop(); file; file = left.pop()) {
        const run = parley(['run', file, '--port', '0', '--set', 'turn.pace=0 s', ...briefly(file)]);
        const { code } = await run.exit(60_000);
        const [, reason] = /^Ended: (\S+) /m.exec(run.stdout) ?? [];
        endings.set(basename(file), reason);
        expect(planned, `${file}: ${run.stdout.slice(-500)}${run.stderr}`).toContain(reason);
        expect(code).toBe({ repetition: 13, 'farewell-loop': 14 }[reason as string] ?? 0);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(endings.size).toBe(shipped.length);
    expect(shipped.length).toBeGreaterThanOrEqual(8);
  });

  it('parley run uses a running router and the connected agents', async () => {
    const router = await RunningRouter.start();
    startAgent(['buyer'], { ROUTER_URL: router.url, AGENT_MODEL_KIND: 'rehearsal' });
    const text = await answerOf('run', 'scenarios/negotiation.yaml', '--url', router.url, '--turns', '4');
    expect(text).toMatch(/^Ended: max-turns/m);
    const [conversation] = await router.conversations();
    expect(conversation).toMatchObject({ by: 'seller', turns: 4, status: 'ended' });
    const [opened] = await router.entries(conversation!.id);
    expect(opened).toMatchObject({ seed: 11, cast: [{ name: 'seller' }, { name: 'buyer' }] });
  });

  it('parley run exits with a code for each kind of ending', async () => {
    const router = await RunningRouter.start();
    const at = ['--url', router.url];
    const absent = ['run', 'scenarios/relay.yaml', ...at, '--no-agents', '--set', 'endings.absent=300 ms'];
    const codes: [args: string[], code: number, reason: string][] = [
      [absent, 11, 'absent'],
      [['run', 'scenarios/relay.yaml', ...at, '--set', 'limits.tokens=300'], 15, 'token-budget'],
    ];
    for (const [args, code, reason] of codes) {
      const run = parley(args);
      expect(await run.exit()).toEqual({ code, signal: null });
      expect(run.stdout).toMatch(new RegExp(`^Ended: ${reason} `, 'm'));
    }
  });

  it('parley run reports the faults of a file, a change or an option before it starts a process', async () => {
    const wrong: [args: string[], code: number, problem: RegExp][] = [
      [['run', 'scenarios/none.yaml'], 1, /none\.yaml cannot be read/],
      [
        ['run', 'scenarios/debate.yaml', '--set', 'cast.jugde.model=x', '--set', 'policy=chaos'],
        1,
        /debate\.yaml:\d+:\d+: policy: expected one of/,
      ],
      [['run', 'scenarios/debate.yaml', '--set', 'cast'], 2, /--set: expected PATH=VALUE/],
      [['run'], 2, /expected one scenario file/],
      [['check', 'scenarios/debate.yaml', 'package.json'], 1, /package\.json:2:3: unknown key "name"/],
    ];
    for (const [args, code, problem] of wrong) {
      const process = parley(args);
      expect(await process.exit()).toEqual({ code, signal: null });
      expect(process.stderr).toMatch(problem);
      expect(process.stderr).not.toMatch(/^\s+at /m);
    }
  });
});

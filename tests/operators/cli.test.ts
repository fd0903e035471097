import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { killAll, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

const parley = (...args: readonly string[]) =>
  new StartedProcess(`parley ${args.join(' ')}`, process.execPath, {
    args: ['apps/cli/src/main.ts', ...args],
  });

const answerOf = async (...args: readonly string[]): Promise<string> => {
  const process = parley(...args);
  expect(await process.exit()).toEqual({ code: 0, signal: null });
  return process.stdout;
};

const converse = async (turns: number, delayMs = 1) => {
  const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });
  const env = {
    ROUTER_URL: router.url,
    AGENT_TOPIC: 'the sea',
    AGENT_MAX_TURNS: String(turns),
    AGENT_REHEARSAL_DELAY_MS: String(delayMs),
  };
  startAgent(['alice', 'bob', 'alice'], env);
  startAgent(['bob', 'alice', 'alice'], env);
  const { id } = await router.when('of alice', ({ by }) => by === 'alice');
  return { router, id };
};

const speakers = (text: string) => [...text.matchAll(/^(alice|bob): /gm)].map(([, name]) => name);

describe('parley', () => {
  it('parley lists conversations with their endings and the groups of these, and completes their ids and members', async () => {
    const { router, id } = await converse(4);
    await router.ended('alice');
    const [titles, row] = (await answerOf('ls', '--url', router.url)).split('\n');
    expect(titles).toMatch(/^ID +STATUS +TURNS +STARTED +MEMBERS +TOPIC$/);
    expect(row).toMatch(new RegExp(`^${id} +ended: max-turns \\(bounded\\) +4 .* alice, bob +the sea$`));
    expect(JSON.parse(await answerOf('ls', '--json', '--url', router.http))).toMatchObject([
      { id, turns: 4 },
    ]);
    expect(await answerOf('ls', '--quiet', '--url', router.http)).toBe(`${id}\n`);
    const filtered = (...filters: readonly string[]) => answerOf('ls', '-q', '--url', router.url, ...filters);
    expect(await filtered('--ending', 'max-turns', '--search', 'the SEA')).toBe(`${id}\n`);
    expect(await filtered('--ending', 'max-turns', '--member', 'carol')).toBe('');
    const completed = (...words: readonly string[]) => answerOf('__complete', '--', ...words);
    expect(await completed('show', '--url', router.url)).toBe(`${id}\tended: the sea\n`);
    expect(await completed('seat', '--url', router.url, id.slice(0, 4))).toBe('alice\nbob\n');
  });

  it('parley follows a running conversation to its end', async () => {
    const { router, id } = await converse(6, 60);
    const text = await answerOf('tail', id, '--url', router.url);
    expect(speakers(text)).toEqual(['alice', 'bob', 'alice', 'bob', 'alice', 'bob']);
    expect(text).toMatch(/^Ended: max-turns/m);
    // Entry 1 is `opened`; lines are 2 to 7.
    expect(speakers(await answerOf('tail', id, '--since', '5', '--url', router.url))).toEqual([
      'alice',
      'bob',
    ]);
  });

  it('parley continues to follow when the router was restarted', async () => {
    const { router, id } = await converse(40, 40);
    const tail = parley('tail', id, '--url', router.url);
    await tail.when('a few lines', ({ stdout }) => speakers(stdout).length > 5 || undefined);
    await router.crashAndRestart();
    expect(await tail.exit(60_000)).toEqual({ code: 0, signal: null });
    expect(speakers(tail.stdout)).toEqual(Array.from({ length: 40 }, (_, i) => (i % 2 ? 'bob' : 'alice')));
  });

  it('parley follows all conversations until it is stopped', async () => {
    const { router, id } = await converse(4);
    const tail = parley('tail', '--since', '0', '--url', router.url);
    await tail.when(
      'the end of one',
      ({ stdout }) => stdout.includes(`${id}  * ended: max-turns`) || undefined,
    );
    expect(tail.stdout).toContain(`${id}  * opened by alice: the sea`);
    expect(await tail.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(tail.stderr).toBe('');
  });

  it('parley exports a conversation in every format', async () => {
    const { router, id } = await converse(4);
    await router.ended('alice');
    const entries = await router.entries(id);
    const exported = (format: string, ...more: string[]) =>
      answerOf('export', id, '--format', format, '--url', router.url, ...more);
    const lines = (await exported('jsonl')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      entries.map((entry) => ({ conversation: id, ...entry })),
    );
    expect(await exported('markdown')).toMatch(/^# the sea\n[\s\S]*\*\*alice\*\* · 2\n\n> /);
    expect(await exported('csv')).toMatch(/^conversation,seq,[\s\S]*,said,1,alice,/);
    expect(await exported('html')).toMatch(/^<!doctype html>[\s\S]*<b>alice<\/b>/);
    expect(JSON.parse(await exported('sharegpt')).conversations.at(-1).from).toBe('human');
    expect(JSON.parse(await exported('openai', '--as', 'bob')).messages.at(-1).role).toBe('assistant');
  });

  it('parley exports what a member could see, without private messages to others', async () => {
    const router = await RunningRouter.start();
    const post = async (path: string, body: object) => {
      const response = await fetch(`${router.http}/v1/conversations${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { conversation: string };
    };
    const cast = ['ann', 'bob', 'eve'].map((name) => ({ name, persona: `${name} has a secret` }));
    const { conversation: id } = await post('', { members: ['ann', 'bob', 'eve'], policy: 'open', cast });
    await post(`/${id}/say`, { text: 'for all' });
    await post(`/${id}/say`, { text: 'for bob', to: ['bob'] });
    const exported = (...more: string[]) => answerOf('export', id, '--url', router.url, ...more);
    expect(await exported()).toContain('for bob');
    expect(await exported('--format', 'openai', '--as', 'bob')).toContain('for bob');
    expect(await exported('--format', 'sharegpt')).not.toContain('for bob');
    const seen = await exported('--as', 'eve');
    expect(seen).toContain('for all');
    expect(seen).not.toMatch(/for bob|(ann|bob) has a secret/);
  });

  it('parley finds a conversation by the beginning of its ID, and lists the candidates when several match', async () => {
    const { url } = await RunningRouter.start();
    const open = async (): Promise<string> => {
      const request = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const body = JSON.stringify({ members: ['ann', 'bob'] });
      const response = await fetch(`${url.replace(/^ws/, 'http')}/v1/conversations`, { ...request, body });
      return ((await response.json()) as { conversation: string }).conversation;
    };
    const ids = await Promise.all([open(), open(), open()]);
    const id = String(ids[0]);
    const length = [...id].findIndex(
      (_, at) => !ids.slice(1).some((one) => one.startsWith(id.slice(0, at + 1))),
    );
    expect(await answerOf('end', id.slice(0, length + 1), 'enough', '--url', url)).toMatch(
      new RegExp(`^${id}: end`),
    );
    const lines = (await answerOf('tail', id.slice(0, length + 1), '--json', '--url', url))
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { conversation: id, entry: { seq: 1, type: 'opened' } },
      { conversation: id, entry: { seq: 2, type: 'ended', detail: 'enough' } },
    ]);
    const several = parley('export', '', '--url', url);
    expect((await several.exit()).code).toBe(1);
    expect(several.stderr).toMatch(/3 conversations begin with/);
  });

  it('parley reports errors without a stack', async () => {
    const { process: router, url, http } = await RunningRouter.start();
    const wrong: [args: string[], code: number, problem: RegExp][] = [
      [['tail', 'nothing', '--url', url], 1, /no conversation nothing at http:.*parley ls/],
      [['export', 'nothing', '--url', http], 1, /no conversation nothing/],
      [['ls', '--url', 'ftp://x'], 1, /the URL of the router is no ws, wss, http or https URL/],
      [['export', '--url', url], 2, /expected the ID of a conversation, or --all/],
      [
        ['export', 'x', '--format', 'pdf'],
        2,
        /--format.*'pdf' is invalid. Allowed choices are jsonl, markdown/,
      ],
      [['tail', 'x', '--since', 'yesterday'], 2, /--since: expected an integer/],
      [['tail', 'x', 'y'], 2, /`parley help tail` describes its usage/],
      [['shout'], 2, /unknown command 'shout'[\s\S]*`parley help` describes/],
      [['exports', 'x'], 2, /Did you mean export\?/],
      [['help', 'shout'], 2, /no command shout/],
    ];
    const check = async ([args, code, problem]: (typeof wrong)[number]) => {
      const process = parley(...args);
      expect(await process.exit()).toEqual({ code, signal: null });
      expect(process.stderr).toMatch(problem);
      expect(process.stderr).not.toMatch(/^\s+at /m);
    };
    for (const one of wrong) await check(one);
    await router.kill();
    await check([
      ['ls', '--url', url],
      1,
      /no connection to a router at http:.*ECONNREFUSED.*npm run -s router/,
    ]);
  });

  it('parley prints its usage', async () => {
    const overview = await answerOf('help');
    for (const command of ['demo', 'ls', 'tail', 'export']) {
      expect(overview).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
      const usage = await answerOf('help', command);
      expect(usage).toContain(`Usage: parley ${command}`);
      expect(await answerOf(command, '--help')).toBe(usage);
    }
  });
});

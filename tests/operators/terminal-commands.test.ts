import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { RunningRouter } from '../harness/parley.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';

afterAll(killAll);

/** The cases of this file use the same router: one conversation of ann and bob, who have no agents. */
let router: RunningRouter;
let id: string;

const post = async (path: string, body: object): Promise<string> => {
  const response = await fetch(`${router.http}/v1/conversations${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok, `${path} ${response.status}`).toBe(true);
  const { conversation } = (await response.json()) as { conversation: string };
  return conversation;
};

beforeAll(async () => {
  router = await RunningRouter.start();
  const cast = [{ name: 'ann', persona: 'You are quick.', model: 'gpt-4.1-nano' }];
  id = await post('', { members: ['ann', 'bob'], policy: 'open', topic: 'the sea', cast });
  await post(`/${id}/say`, { text: 'welcome to both' });
});

describe('commands for people', () => {
  it('parley show prints what a conversation is and its newest messages', async () => {
    const text = await answerOf('show', id.slice(0, -1), '--url', router.url);
    expect(text).toMatch(new RegExp(`^id +${id}$`, 'm'));
    expect(text).toMatch(/^status +running$/m);
    expect(text).toMatch(/^ann +gpt-4\.1-nano · You are quick\.$/m);
    expect(text).toMatch(/^operator: welcome to both$/m);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('parley top prints its table once into a pipe', async () => {
    const text = await answerOf('top', '--url', router.url);
    expect(text).toMatch(/^1 running · 0 paused · 0 ended · 0 agents$/m);
    expect(text).toMatch(/the sea · ann waits: absent$/m);
  });

  it('parley open prints the address of a conversation by the beginning of its id', async () => {
    expect(await answerOf('open', id.slice(0, -1), '--no-browser', '--url', router.url)).toBe(
      `${router.http}/#/${id}\n`,
    );
  });

  it('a person takes part with parley join: hears, speaks, and gives the seat back', async () => {
    const person = new StartedProcess('parley join', process.execPath, {
      args: [`${repository}apps/cli/src/main.ts`, 'join', id, 'bob', '--url', router.url],
      env: { PARLEY_RUNS_KEEP: '0' },
      input: true,
    });
    await person.when('what was said before', ({ stdout }) => /welcome to both/.test(stdout) || undefined);
    await post(`/${id}/say`, { text: 'CANARY for ann', to: ['ann'] });
    await post(`/${id}/say`, { text: 'bob, what do you think?', target: 'bob' });
    await person.when('its turn', ({ stdout }) => /it is your turn/.test(stdout) || undefined);
    person.type('I think it is deep.\n');
    await person.when(
      'its own message',
      ({ stdout }) => /bob: I think it is deep\./.test(stdout) || undefined,
    );
    expect(person.stdout).not.toContain('CANARY');
    person.type('/leave\n');
    expect(await person.exit(), person.stderr).toEqual({ code: 0, signal: null });
    const entries = await router.entries(id);
    expect(entries.map(({ type }) => type)).toEqual([
      'opened',
      'said',
      'seated',
      'said',
      'said',
      'said',
      'unseated',
    ]);
    expect(entries[5]).toMatchObject({ from: 'bob', text: 'I think it is deep.' });
  });

  it('the end of the conversation ends parley join', async () => {
    const own = await post('', { members: ['ann', 'bob'], policy: 'open' });
    const person = new StartedProcess('parley join', process.execPath, {
      args: [`${repository}apps/cli/src/main.ts`, 'join', own, 'cat', '--url', router.url],
      input: true,
    });
    await person.when('the seat', ({ stdout }) => /You are cat/.test(stdout) || undefined);
    await post(`/${own}/end`, { detail: 'enough' });
    expect(await person.exit(), person.stderr).toEqual({ code: 0, signal: null });
    expect(person.stdout).toMatch(/ended: operator .*enough/);
    const late = parley(['join', own, 'dan', '--url', router.url]);
    expect((await late.exit()).code).toBe(1);
    expect(late.stderr).toMatch(/conversation-ended/);
  });
});

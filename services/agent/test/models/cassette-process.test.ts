import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AgentConnection, fakeRouter } from '../link/fake-router.ts';
import { agent, grant, welcomed } from '../started-agent.ts';
import { saidEntry } from '../turn-contexts.ts';
import { answer, modelServer } from './model-server.ts';

const another = (text: string): Parameters<AgentConnection['send']>[0] & { type: 'turn' } => ({
  type: 'turn',
  conversation: 'c1',
  turn: 1,
  attempt: 1,
  deadlineMs: 20_000,
  remaining: {},
  entries: [saidEntry(3, 'alice', 'A fine answer.'), saidEntry(4, 'bob', text)],
});

describe('an agent with a cassette', { timeout: 30_000 }, () => {
  it('an agent records its calls in a cassette and replays them without key and network, and an unrecorded call fails with a diff', async () => {
    const cassettes = mkdtempSync(join(tmpdir(), 'parley-cassettes-'));
    const mode = (of: string) => ({ AGENT_CASSETTE: cassettes, AGENT_CASSETTE_MODE: of });
    const recorder = await fakeRouter();
    const server = await modelServer((response) => answer(response, 'A fine answer.'));
    const key = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'sk-planted', OPENAI_MODEL: 'tiny' };
    agent({ ROUTER_URL: recorder.url, ...key, ...mode('record') }, ['alice']);
    const first = await welcomed(recorder);
    grant(first);
    const [said] = await first.heard('say');
    const written = readFileSync(join(cassettes, 'alice.jsonl'), 'utf8');
    expect(written).not.toContain('sk-planted');
    const [manifest, call] = written
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(manifest).toMatchObject({ kind: 'manifest', model: 'tiny', node: process.version });
    expect(call).toMatchObject({
      kind: 'call',
      reply: { finish: 'stop', fingerprint: 'fp-1', servedBy: 'tiny-1' },
    });

    const player = await fakeRouter();
    const { logged } = agent({ ROUTER_URL: player.url, ...mode('replay') }, ['alice']);
    const second = await welcomed(player);
    expect((await second.heard('register'))[0]).toMatchObject({ model: 'tiny' });
    grant(second);
    expect(await second.heard('say')).toEqual([said]);
    expect(server.asked).toHaveLength(1);
    second.send({ type: 'accepted', conversation: 'c1', turn: 1, seq: 3 });
    second.send({ ...another('And a remark that was not recorded.'), turn: 3 });
    expect((await second.heard('pass'))[0]).toMatchObject({ reason: 'model-rejected' });
    const [miss] = await logged('no recorded call is like this one');
    expect(miss?.msg).toMatch(/\n\+ .*And a remark that was not recorded\./);
  });
});

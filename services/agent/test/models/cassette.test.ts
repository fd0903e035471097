import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { hashOf, recording, replaying, requestOf as requested } from '../../src/models/cassette/cassette.ts';
import { CassetteFile, cassettePath } from '../../src/models/cassette/cassette-file.ts';
import type { Manifest } from '../../src/models/cassette/recorded-call.ts';
import { failed, type Model, type ModelReply } from '../../src/models/model.ts';
import { textReply } from '../fake-model.ts';
import { requestOf } from './requests.ts';

const manifest: Manifest = {
  kind: 'manifest',
  cassette: 1,
  agent: 'alice',
  version: '0',
  node: 'v24',
  provider: 'test',
  model: 'tiny',
  historyTokens: 1_000,
};
const fresh = () =>
  new CassetteFile(join(mkdtempSync(join(tmpdir(), 'parley-cassette-')), 'deep', 'alice.jsonl'));

/** A model that gives these replies in turn. */
const scripted = (...replies: readonly ModelReply[]): Model => {
  let call = 0;
  return { provider: 'test', name: 'tiny', reply: async () => replies[call++]! };
};
const recorded = async (calls: readonly (readonly [Parameters<typeof requestOf>[0], ModelReply])[]) => {
  const file = fresh();
  file.begin(manifest);
  const model = recording(scripted(...calls.map(([, reply]) => reply)), file, {});
  for (const [request] of calls) await model.reply(requestOf(request));
  return file;
};
const player = (file: CassetteFile, fixed = {}) => {
  const misses: { hash: string; why: string; diff: string }[] = [];
  const model = replaying({ manifest: file.manifest(), fixed, file, onMiss: (miss) => misses.push(miss) });
  return { model, misses };
};
const saying = (content: string) => ({ messages: [{ role: 'user', content }] as const });

describe('a recorded call', () => {
  it('a recorded call is replayed byte for byte, with all its recorded facts', async () => {
    const said = 'Ünïcode\u2028 “and” \n all';
    const text = { ...textReply(said), finish: 'stop', fingerprint: 'fp' } as ModelReply;
    const failure = failed('rate-limited', 'HTTP 429', { reason: 'rate-limited', afterMs: 5 });
    const file = await recorded([
      [saying('a'), text],
      [saying('b'), failure],
    ]);
    const { model } = player(file);
    const shown: string[] = [];
    expect(await model.reply(requestOf({ ...saying('a'), onText: (piece) => shown.push(piece) }))).toEqual(
      text,
    );
    expect(shown.join('')).toBe(said);
    expect(await model.reply(requestOf(saying('b')))).toEqual(failure);
  });

  it('a recorded call is used once, and equal requests get their calls in the recorded order', async () => {
    const file = await recorded([
      [saying('a'), textReply('first')],
      [saying('b'), textReply('other')],
      [saying('a'), textReply('second')],
    ]);
    const { model, misses } = player(file);
    const said = async () => {
      const reply = await model.reply(requestOf(saying('a')));
      return reply.kind === 'text' ? reply.text : reply.reason;
    };
    expect([await said(), await said(), await said()]).toEqual(['first', 'second', 'model-rejected']);
    expect(misses[0]?.why).toBe('the 2 recorded calls like it are used up');
  });

  it('a recorded call is found by its model, messages and parameters, not by its time or its machine', () => {
    const hash = (about: Parameters<typeof requestOf>[0], fixed = {}) =>
      hashOf(requested(requestOf(about), 'tiny', fixed));
    const same = hash({});
    expect(same).toMatch(/^[0-9a-f]{64}$/);
    expect(hash({ deadlineAt: 5, session: 'c9' })).toBe(same);
    const others = [
      hash(saying('x')),
      hash({ maxOutputTokens: 5 }),
      hash({}, { temperature: 0.5 }),
      hash({ model: 'large' }),
      hash({ seed: 9 }),
    ];
    expect(new Set([same, ...others]).size).toBe(6);
  });

  it('an aborted call is not recorded', async () => {
    const file = await recorded([[{}, failed('interrupted', 'called off')]]);
    expect([...file.calls()]).toEqual([]);
  });

  it('a reply whose call cannot be recorded is not used', async () => {
    const file = new CassetteFile(tmpdir());
    const reply = await recording(scripted(textReply('Hi')), file, {}).reply(requestOf());
    expect(reply).toMatchObject({
      kind: 'failed',
      reason: 'model-rejected',
      detail: expect.stringContaining('EISDIR'),
    });
  });
});

describe('a call that was not recorded', () => {
  it('a call that was not recorded fails, and the error shows its difference from the most similar recorded call', async () => {
    const long = 'word '.repeat(100);
    const file = await recorded([
      [saying('something else'), textReply('x')],
      [{ ...saying(`${long} and a cat ${long}`), maxOutputTokens: 10 }, textReply('x')],
    ]);
    const { model, misses } = player(file, { temperature: 1 });
    const reply = await model.reply(
      requestOf({ ...saying(`${long} and a dog ${long}`), maxOutputTokens: 20 }),
    );
    expect(reply).toMatchObject({ kind: 'failed', reason: 'model-rejected' });
    expect(misses[0]?.why).toBe('no recorded call is like this one');
    expect(misses[0]?.diff).toMatch(
      /^@ maxOutputTokens\n- 10\n\+ 20\n@ temperature\n\+ 1\n@ message 1 of 1, user\n- ….*and a cat .*…\n\+ ….*and a dog .*…$/,
    );
  });

  it('a call that was not recorded fails also when the cassette is empty', async () => {
    const file = fresh();
    file.begin(manifest);
    const { model, misses } = player(file);
    expect(await model.reply(requestOf())).toMatchObject({ reason: 'model-rejected' });
    expect(misses[0]?.diff).toBe('');
  });
});

describe('the file of a cassette', () => {
  it('the file of a cassette is the agent’s own file in a directory, or else the named file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-cassette-'));
    expect(cassettePath(directory, 'bob')).toBe(join(directory, 'bob.jsonl'));
    expect(cassettePath('not/yet/', 'bob')).toBe('not/yet/bob.jsonl');
    expect(cassettePath('one.jsonl', 'bob')).toBe('one.jsonl');
  });

  it('a recording continues after an incomplete line that a killed process left', async () => {
    const file = await recorded([[saying('a'), textReply('one')]]);
    appendFileSync(file.path, '{"kind":"call","hash":"12');
    const again = new CassetteFile(file.path);
    again.begin({ ...manifest, version: '1' });
    again.append({ kind: 'call', hash: 'h', request: { model: 'm', messages: [] }, reply: textReply('two') });
    expect([...again.calls()].map(({ reply }) => reply.kind === 'text' && reply.text)).toEqual([
      'one',
      'two',
    ]);
    expect(again.manifest().version).toBe('1');
    expect(existsSync(file.path) && readFileSync(file.path, 'utf8').endsWith('\n')).toBe(true);
  });

  it('a file that is no cassette, or that is empty, is refused with its place', () => {
    const file = fresh();
    file.begin(manifest);
    appendFileSync(file.path, '{"some":"json"}\n');
    expect(() => [...file.calls()]).toThrow(`${file.path}:2 is not a line of a cassette`);
    writeFileSync(file.path, '# a text\n');
    expect(() => file.manifest()).toThrow(ConfigError);
    expect(() => new CassetteFile('/nowhere/to/be/found.jsonl').manifest()).toThrow('AGENT_CASSETTE: ENOENT');
  });
});

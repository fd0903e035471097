import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, problemsOf } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { openingOf } from '../src/link/opener.ts';
import { modelKind } from '../src/models/choose.ts';
import { readSettings as readCast } from '../src/settings/read-settings.ts';

/** The settings of the only agent. */
const readSettings = (args: readonly string[], env: Environment) => readCast(args, env)[0]!;

const problems = (args: readonly string[], env: Environment) =>
  problemsOf(() => {
    const settings = readSettings(args, env);
    openingOf(settings, settings.name ?? 'unnamed');
  });

describe('the settings', () => {
  it('the settings come from the environment, and the command line overrides it', () => {
    const settings = readSettings(['carol', 'dave', 'carol'], { AGENT_NAME: 'alice', AGENT_TARGET: 'bob' });
    expect([settings.name, settings.target, settings.firstSpeaker]).toEqual(['carol', 'dave', 'carol']);
  });

  it('the settings have defaults, so that none is required', () => {
    const settings = readSettings([], {});
    expect(settings).toMatchObject({
      name: undefined,
      routerUrls: ['ws://localhost:8765'],
      model: 'gpt-4.1-nano',
      healthPort: undefined,
      members: [],
    });
    expect(modelKind(settings)).toBe('rehearsal');
  });

  it('ROUTER_URL names one router or several, with commas or spaces between', () => {
    const { routerUrls } = readSettings([], { ROUTER_URL: ' ws://one:1,wss://two/parley  ws://one:1 ' });
    expect(routerUrls).toEqual(['ws://one:1', 'wss://two/parley']);
  });

  it.each<[Environment, string]>([
    [{ OPENAI_API_KEY: 'sk-1' }, 'openai'],
    [{ OPENAI_BASE_URL: 'http://ollama:11434/v1' }, 'openai'],
    [{ OPENAI_BASE_URL: '  ' }, 'rehearsal'],
    [{ OPENAI_API_KEY: 'sk-1', AGENT_MODEL_KIND: 'rehearsal' }, 'rehearsal'],
  ])('choose the model by what is set: %j is %s', (env, kind) => {
    expect(modelKind(readSettings([], env))).toBe(kind);
  });

  it.each<[string, Environment, string]>([
    [
      'a bad name',
      { AGENT_NAME: 'al ice' },
      'AGENT_NAME: a name has letters, digits, ".", "_" or "-", not a space',
    ],
    [
      'its own name as target',
      { AGENT_NAME: 'alice', AGENT_TARGET: 'alice' },
      'AGENT_TARGET: alice is this agent itself',
    ],
    [
      'a cassette without a mode',
      { AGENT_CASSETTE: 'x' },
      'AGENT_CASSETTE: is set; set AGENT_CASSETTE_MODE to record or replay',
    ],
    [
      'a mode without a cassette',
      { AGENT_CASSETTE_MODE: 'replay' },
      'AGENT_CASSETTE_MODE: is replay, but AGENT_CASSETTE does not say where',
    ],
    [
      'a token that no header can carry',
      { AGENT_TOKEN: 'a secret\nand a line' },
      'AGENT_TOKEN: expected letters, digits and marks of ASCII, without spaces',
    ],
    ['a misspelt variable', { AGENT_NMAE: 'alice' }, 'AGENT_NMAE: unknown setting; did you mean AGENT_NAME?'],
    [
      'a bad number',
      { AGENT_TEMPERATURE: 'warm' },
      'AGENT_TEMPERATURE: expected a number in 0..2, got "warm"',
    ],
    [
      'a bad health port',
      { AGENT_HEALTH_PORT: '70000' },
      'AGENT_HEALTH_PORT: expected off or an integer in 0..65535',
    ],
    [
      'a bad router URL',
      { ROUTER_URL: 'http://router' },
      'ROUTER_URL: expected a URL that begins with one of ws:, wss:',
    ],
    [
      'a bad router URL in a list',
      { ROUTER_URL: 'ws://one, http://two' },
      'ROUTER_URL: number 2 of the list: expected a URL that begins with one of ws:, wss:',
    ],
    ['a bad member', { AGENT_MEMBERS: 'bob, c d' }, 'AGENT_MEMBERS: "c d": a name has letters'],
    [
      'an openai model without a server',
      { AGENT_MODEL_KIND: 'openai' },
      'AGENT_MODEL_KIND: openai needs OPENAI_API_KEY',
    ],
    [
      'an opener without another member',
      { AGENT_FIRST_SPEAKER: 'true' },
      'AGENT_FIRST_SPEAKER: this agent opens',
    ],
    [
      'a persona and a prompt module',
      { AGENT_PERSONA: 'x', AGENT_PROMPT_MODULE: 'y' },
      'AGENT_PERSONA: is set, and so is',
    ],
  ])('refuse %s, and say what to do', (_, env, message) => {
    expect(problems([], env)).toEqual([expect.stringContaining(message)]);
  });

  it('the settings refuse a key that is given twice', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'parley-')), 'key');
    writeFileSync(file, 'sk-file\n');
    expect(problems([], { OPENAI_API_KEY: 'sk-env', OPENAI_API_KEY_FILE: file })).toEqual([
      expect.stringContaining('OPENAI_API_KEY: is set, and so is OPENAI_API_KEY_FILE'),
    ]);
    expect(readSettings([], { OPENAI_API_KEY_FILE: file }).apiKey).toBe('sk-file');
  });

  it('the settings report all problems at once', () => {
    expect(problems([], { AGENT_NAME: '!', AGENT_CAPACITY: '0', LOG_LEVEL: 'loud' })).toHaveLength(3);
  });

  it('the settings refuse more arguments than there are', () => {
    expect(problems(['a', 'b', 'c', 'd'], {})).toEqual(['usage: agent [NAME [TARGET [FIRST_SPEAKER]]]']);
  });
});

describe('the opening', () => {
  const opening = (env: Environment) => openingOf(readSettings([], { AGENT_NAME: 'alice', ...env }), 'alice');

  it.each([['true'], ['alice'], ['1']])(
    'the opening is done by this agent when the first speaker is %s',
    (first) => {
      expect(opening({ AGENT_TARGET: 'bob', AGENT_FIRST_SPEAKER: first })).toEqual({
        members: ['alice', 'bob'],
        policy: 'addressed',
        limits: { maxRepetition: 0.9 },
      });
    },
  );

  it.each([['false'], ['bob'], ['']])(
    'the opening is done by another agent when the first speaker is %j',
    (first) => {
      expect(opening({ AGENT_TARGET: 'bob', AGENT_FIRST_SPEAKER: first })).toBeUndefined();
    },
  );

  it('the opening has cast, topic, policy and limits', () => {
    const env = {
      AGENT_TARGET: 'bob',
      AGENT_FIRST_SPEAKER: 'true',
      AGENT_MEMBERS: 'cy, bob',
      AGENT_TOPIC: 'Bridges',
      AGENT_POLICY: 'round-robin',
      AGENT_MAX_TURNS: '6',
      AGENT_MAX_DURATION_SECONDS: '90',
      AGENT_STOP_PHRASES: 'good night, all | the end',
    };
    expect(opening(env)).toEqual({
      members: ['alice', 'bob', 'cy'],
      topic: 'Bridges',
      policy: 'round-robin',
      limits: {
        maxTurns: 6,
        maxRepetition: 0.9,
        maxDurationMs: 90_000,
        stopPhrases: ['good night, all', 'the end'],
      },
    });
  });
});

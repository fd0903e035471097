import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameFault } from '@parley/protocol';
import { type Environment, problemsOf } from '@parley/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asVariable, ownVariable } from '../src/settings/own-variables.ts';
import { readSettings } from '../src/settings/read-settings.ts';
import { settings } from '../src/settings/settings.ts';

const cast = (env: Environment) => readSettings([], env);
const names = (env: Environment) => cast(env).map(({ name }) => name);
const problems = (env: Environment, args: readonly string[] = []) =>
  problemsOf(() => readSettings(args, env));
const folder = mkdtempSync(join(tmpdir(), 'parley-cast-'));

describe('the names of several agents', () => {
  it.each<[string, readonly string[]]>([
    ['ann, ben,, cy,', ['ann', 'ben', 'cy']],
    ['ann\n  ben\n', ['ann', 'ben']],
    ['host,crowd-{9..11}', ['host', 'crowd-9', 'crowd-10', 'crowd-11']],
    ['{08..10}.x', ['08.x', '09.x', '10.x']],
    ['小明,Zoe\u0308', ['小明', 'Zoë']],
  ])('the names of several agents %j are read as %j', (raw, expected) => {
    expect(names({ AGENT_NAMES: raw })).toEqual(expected);
  });

  it.each<[string, string]>([
    ['ann, b n', 'AGENT_NAMES: "b n": a name has letters, digits, ".", "_" or "-", not a space'],
    ['ann,ben,ann', 'AGENT_NAMES: ann is there twice'],
    ['a-{3..1}', 'AGENT_NAMES: "a-{3..1}": a range has 1 to 1000 numbers, rising'],
    ['a-{1..9999}', 'AGENT_NAMES: "a-{1..9999}": a range has 1 to 1000 numbers, rising'],
    ['a-{1..600},b-{1..600}', 'AGENT_NAMES: has more than 1000 names'],
    ['a-{x..y}', 'AGENT_NAMES: "a-{x..y}": a name has letters'],
    ['a-b,a.b', 'AGENT_NAMES: a-b and a.b would both have the variables AGENT_A_B_…: rename one of them'],
    [
      'crowd,crowd-{1..3}',
      'AGENT_NAMES: crowd and the range crowd would both have the variables AGENT_CROWD_…: rename one of them',
    ],
  ])('the names of several agents %j are refused, and the problem is said', (raw, problem) => {
    expect(problems({ AGENT_NAMES: raw })).toEqual([expect.stringContaining(problem)]);
  });

  it.each<[readonly string[], Environment]>([
    [[], { AGENT_NAME: 'cy' }],
    [['cy'], {}],
  ])('several names together with one name are refused: %j %j', (args, env) => {
    expect(problems({ AGENT_NAMES: 'ann,ben', ...env }, args)).toEqual([
      'AGENT_NAMES: is set, and so is the name cy: set one of the two',
    ]);
  });
});

describe('the settings of several agents', () => {
  it('an agent takes its own variable, else that of its range, else the one of all', () => {
    const read = cast({
      AGENT_NAMES: 'host,crowd-{1..3}',
      AGENT_PERSONA: 'a member',
      AGENT_CROWD_PERSONA: 'one of many',
      AGENT_CROWD_2_PERSONA: 'the second',
      OPENAI_MODEL: 'small',
      AGENT_HOST_OPENAI_MODEL: 'large',
      AGENT_HOST_CAPACITY: '64',
    });
    expect(read.map(({ name, persona, model, capacity }) => [name, persona, model, capacity])).toEqual([
      ['host', 'a member', 'large', 64],
      ['crowd-1', 'one of many', 'small', 8],
      ['crowd-2', 'the second', 'small', 8],
      ['crowd-3', 'one of many', 'small', 8],
    ]);
  });

  it('a secret of one agent takes the place of the one of all, in whatever form the two are given', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'own-token\n');
    const read = cast({
      AGENT_NAMES: 'ann,ben,cy',
      AGENT_TOKEN: 'shared',
      AGENT_BEN_TOKEN_FILE: file,
      OPENAI_API_KEY_FILE: file,
      AGENT_CY_OPENAI_API_KEY: 'sk-cy',
    });
    expect(read.map(({ token, apiKey }) => [token, apiKey])).toEqual([
      ['shared', 'own-token'],
      ['own-token', 'own-token'],
      ['shared', 'sk-cy'],
    ]);
  });

  it('an own variable that is empty takes the one of all away', () => {
    const read = cast({ AGENT_NAMES: 'ann,ben', OPENAI_API_KEY: 'sk-1', AGENT_BEN_OPENAI_API_KEY: '' });
    expect(read.map(({ apiKey }) => apiKey)).toEqual(['sk-1', undefined]);
  });

  it('the target of all has no target itself, and does not open where all others do', () => {
    const read = cast({ AGENT_NAMES: 'host,a,b', AGENT_TARGET: 'host', AGENT_FIRST_SPEAKER: 'true' });
    expect(read.map(({ target, firstSpeaker }) => [target, firstSpeaker])).toEqual([
      [undefined, 'false'],
      ['host', 'true'],
      ['host', 'true'],
    ]);
  });

  it('a cassette of all is a folder, so that the calls of several agents are not mixed', () => {
    const common = { AGENT_NAMES: 'ann,ben', AGENT_CASSETTE_MODE: 'record' };
    expect(cast({ ...common, AGENT_CASSETTE: '/tmp/x' }).map(({ cassette }) => cassette)).toEqual([
      '/tmp/x/',
      '/tmp/x/',
    ]);
    const own = { AGENT_ANN_CASSETTE: '/tmp/a', AGENT_BEN_CASSETTE: '/tmp/b' };
    expect(cast({ ...common, ...own }).map(({ cassette }) => cassette)).toEqual(['/tmp/a', '/tmp/b']);
  });

  it('a problem of one agent names its variable or the agent, and one of all is said once', () => {
    const env = {
      AGENT_NAMES: 'ann,ben,cy',
      AGENT_CAPACITY: '0',
      AGENT_ANN_TEMPERATURE: 'warm',
      AGENT_BEN_CAPACITY: '2',
      AGENT_CY_TARGET: 'cy',
      LOG_LEVEL: 'loud',
    };
    expect(problems(env).toSorted()).toEqual([
      'AGENT_ANN_TEMPERATURE: expected a number in 0..2, got "warm"',
      'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
      'ann, cy: AGENT_CAPACITY: expected an integer in 1..1000, got "0"',
    ]);
    expect(problems({ AGENT_NAMES: 'ann,cy', AGENT_CY_TARGET: 'cy' })).toEqual([
      'cy: AGENT_TARGET: cy is this agent itself; name the one it talks to',
    ]);
  });

  it.each([
    ['AGENT_BEM_PERSONA', 'AGENT_BEN_PERSONA'],
    ['AGENT_BEN_PERSON', 'AGENT_BEN_PERSONA'],
    ['AGENT_BEN_MODEL', 'AGENT_BEN_OPENAI_MODEL'],
    ['AGENT_CROWD_SYSTEM_PROMPT', 'AGENT_CROWD_PERSONA'],
    ['AGENT_PERSONS', 'AGENT_PERSONA'],
  ])('the variable %s of no agent and no setting is refused once, with %s', (variable, meant) => {
    expect(problems({ AGENT_NAMES: 'ann,ben,crowd-{1..9}', [variable]: 'x' })).toEqual([
      `${variable}: unknown setting; did you mean ${meant}?`,
    ]);
  });

  it.each(['AGENT_ANN_HEALTH_PORT', 'AGENT_ANN_NAME', 'AGENT_ANN_LOG_LEVEL', 'AGENT_ANN_ROUTER_URL'])(
    'the variable %s is refused: the process has one for all its agents',
    (variable) => {
      expect(problems({ AGENT_NAMES: 'ann,ben', [variable]: '1' })).toEqual([
        expect.stringContaining(`${variable}: unknown setting`),
      ]);
    },
  );

  it('no variable of an agent can be read as one of another agent or of all, whatever their names are', () => {
    const variables = Object.values(settings).map(({ variable }) => variable);
    const name = fc
      .stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,8}$/)
      .filter((one) => nameFault(one) === undefined);
    const words = [...new Set(variables.flatMap((variable) => variable.replace(/^AGENT_/, '').split('_')))];
    const awkward = fc
      .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
      .map((all) => all.join('-'));
    fc.assert(
      fc.property(fc.oneof(name, awkward), fc.oneof(name, awkward), (one, other) => {
        fc.pre(asVariable(one) !== asVariable(other));
        const of = (owner: string) => variables.map((variable) => ownVariable(owner, variable));
        const all = [...variables, ...of(one), ...of(other)];
        expect(new Set(all).size).toBe(all.length);
      }),
      { seed: 11, numRuns: 2_000 },
    );
  });
});

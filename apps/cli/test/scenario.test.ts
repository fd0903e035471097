import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { controlBodies, policyNames } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { scenarioSchema } from '../generate-schema.ts';
import { exitCodes } from '../src/exit-codes.ts';
import { agentsOf, ownProcesses, sharedProcesses, withPersonas } from '../src/scenario/agents.ts';
import { openingOf } from '../src/scenario/opening.ts';
import { parseScenario, readScenario, scenarioHash } from '../src/scenario/read-scenario.ts';
import { readAmount, readDollars, readDuration, readShare } from '../src/scenario/units.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const shipped = globSync('scenarios/*.yaml', { cwd: repository }).map((file) => repository + file);

/** Problems of a text, as LINE:COLUMN: what is wrong. */
const problemsOf = (...lines: readonly string[]): string[] => {
  const read = parseScenario(lines.join('\n'));
  return read.ok ? [] : read.problems.map(({ line, column, text }) => `${line}:${column}: ${text}`);
};
const scenarioOf = (...lines: readonly string[]) => {
  const read = parseScenario(lines.join('\n'));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.scenario;
};

const small = ['topic: tea', 'cast:', '  ann: You like tea.', '  ben: You do not.'];

describe('a scenario file', () => {
  it('a scenario file needs a topic and a cast of two', () => {
    expect(scenarioOf(...small).cast.get('ann')).toEqual({ persona: 'You like tea.' });
    expect(problemsOf('title: x')).toEqual([
      '1:1: "topic" is missing: what they talk about; every member knows it',
      '1:1: "cast" is missing: who takes part, by name',
    ]);
  });

  it.each<[problem: string, lines: string[], found: string[]]>([
    ['an unknown key', [...small, 'limit: { turns: 3 }'], ['5:1: unknown key "limit"; did you mean limits?']],
    [
      'an unknown key inside a block',
      [...small, 'limits:', '  turns: 4', '  tokns: 5k'],
      ['7:3: limits: unknown key "tokns"; did you mean tokens?'],
    ],
    [
      'an unknown policy',
      [...small, 'policy: ring'],
      [expect.stringMatching(/^5:9: policy: expected one of addressed, open/)],
    ],
    [
      'a number that is none',
      [...small, 'limits: { turns: many }'],
      ['5:18: limits.turns: expected a number of turns, got "many"'],
    ],
    [
      'a time without its unit',
      [...small, 'limits: { duration: 90 }'],
      ['5:21: limits.duration: expected a time such as 90 s or 10 minutes, got 90'],
    ],
    [
      'a share beyond all',
      [...small, 'endings: { repetition: 160 % }'],
      ['5:24: endings.repetition: expected a share such as 0.6 or 60 %, got "160 %"'],
    ],
    [
      'a name that no member has',
      [...small, 'first: benn'],
      ['5:8: first: benn is not in the cast; did you mean ben?'],
    ],
    [
      'a bad name',
      ['topic: t', 'cast:', '  a b: x', '  c: y'],
      [expect.stringMatching(/^3:3: cast: "a b": a name has letters, digits, "\.", "_" or "-", not a space/)],
    ],
    ['one member alone', ['topic: t', 'cast:', '  ann: x'], ['3:3: cast: expected 2 or more members, got 1']],
    [
      'a moderator that is missing',
      [...small, 'policy: moderator'],
      ['5:9: policy: policy moderator needs a moderator'],
    ],
    [
      'what has no effect',
      [...small, 'moderator: ann'],
      ['5:12: moderator: has no effect under policy addressed'],
    ],
    [
      'a quorum of more than all',
      [...small, 'endings: { quorum: 3 }'],
      ['5:20: endings.quorum: there are only 2 members'],
    ],
    ['an empty text', ["topic: ''", ...small.slice(1)], ['1:8: topic: expected a text, got an empty one']],
    [
      'a list in the place of a block',
      [...small, 'limits: [3]'],
      [expect.stringMatching(/^5:9: limits: expected a block with turns, /)],
    ],
    [
      'temperature out of range',
      ['topic: t', 'cast:', '  a: { temperature: 3 }', '  b: x'],
      ['3:21: cast.a.temperature: expected a number in 0..2, got 3'],
    ],
    ['YAML that is none', ['topic: "tea', 'cast: {'], ['2:8: Missing closing "quote']],
    [
      'a key twice',
      ['topic: a', 'topic: b', ...small.slice(1)],
      [expect.stringMatching(/^2:1: Map keys must be unique/)],
    ],
  ])('is told of %s, with line and column', (_, lines, found) => {
    expect(problemsOf(...lines)).toEqual(found);
  });

  it('a scenario file is reported with all its problems at once', () => {
    const found = problemsOf(
      'topik: tea',
      'cast:',
      '  ann: { modle: x }',
      '  ben: { temperature: hot }',
      'first: cleo',
    );
    expect(found).toHaveLength(4);
    expect(found.map((one) => one.split(':')[0])).toEqual(['1', '1', '3', '4']);
  });

  it('a scenario file may use anchors, aliases and numbers in place of texts', () => {
    const { cast } = scenarioOf('topic: 42', 'cast:', '  a: &one { persona: x, model: m }', '  b: *one');
    expect(cast.get('b')).toEqual({ persona: 'x', model: 'm' });
  });

  it('a scenario is changed by options, and the changes are checked like the file', () => {
    const text = small.join('\n');
    const changed = parseScenario(text, [
      { path: ['cast', 'ann', 'model'], value: 'gpt-4.1-mini' },
      { path: ['limits', 'turns'], value: '6' },
    ]);
    expect(changed).toMatchObject({ ok: true, scenario: { limits: { turns: 6 } } });
    expect(changed.ok && changed.scenario.cast.get('ann')).toEqual({
      persona: 'You like tea.',
      model: 'gpt-4.1-mini',
    });
    const wrong = parseScenario(text, [{ path: ['cast', 'ann', 'temprature'], value: '1' }]);
    expect(wrong).toMatchObject({
      ok: false,
      problems: [{ text: expect.stringContaining('did you mean temperature?') }],
    });
    const hash = (value: string) => scenarioHash({ text, changes: [{ path: ['seed'], value }] });
    expect(hash('1')).not.toBe(hash('2'));
  });

  it('a scenario is converted to the request that opens its conversation', () => {
    const scenario = scenarioOf(
      ...small,
      'limits: { turns: 12 turns, duration: 2 minutes, tokens: 20k, cost: 50 cents, reply: 100 }',
      'endings: { stopPhrases: DONE, quorum: never, repetition: 60 %, absent: 1m 30s }',
      'turn: { pace: 2 s, attempts: 2, onFailure: skip }',
      'admission: open',
    );
    expect(openingOf(scenario)).toEqual({
      members: ['ann', 'ben'],
      topic: 'tea',
      admission: 'open',
      cast: [
        { name: 'ann', persona: 'You like tea.' },
        { name: 'ben', persona: 'You do not.' },
      ],
      limits: {
        maxTurns: 12,
        maxDurationMs: 120_000,
        maxTokens: 20_000,
        maxCost: 0.5,
        maxOutputTokens: 100,
        stopPhrases: ['DONE'],
        quorum: 0,
        maxRepetition: 0.6,
        absentMs: 90_000,
        paceMs: 2_000,
        maxAttempts: 2,
        onFailure: 'skip',
      },
    });
  });

  it('a scenario with a ring gives each member its target, and starts the given number of replicas', () => {
    const scenario = scenarioOf(
      'topic: t',
      'cast:',
      '  a: x',
      '  b: { replicas: 2 }',
      '  c: { external: true }',
    );
    expect(agentsOf(scenario).map(({ name, env }) => [name, env.AGENT_TARGET])).toEqual([
      ['a', 'b'],
      ['b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('a scenario in shared processes has each further replica in another process, and each member its own settings', () => {
    const scenario = scenarioOf(
      'topic: t',
      'cast:',
      '  ann: { persona: You bake., model: large }',
      '  b-1: { replicas: 2, temperature: 0.5 }',
      '  c: { external: true }',
    );
    expect(sharedProcesses(withPersonas(agentsOf(scenario), scenario))).toEqual([
      {
        names: ['ann', 'b-1'],
        env: {
          AGENT_NAMES: 'ann,b-1',
          AGENT_ANN_TARGET: 'b-1',
          AGENT_ANN_OPENAI_MODEL: 'large',
          AGENT_ANN_PERSONA: 'You bake.',
          AGENT_B_1_TARGET: 'c',
          AGENT_B_1_TEMPERATURE: '0.5',
        },
      },
      {
        names: ['b-1'],
        env: { AGENT_NAMES: 'b-1', AGENT_B_1_TARGET: 'c', AGENT_B_1_TEMPERATURE: '0.5' },
      },
    ]);
    expect(ownProcesses(agentsOf(scenario)).map(({ names }) => names)).toEqual([['ann'], ['b-1'], ['b-1']]);
  });
});

describe('units', () => {
  it.each([
    [readDuration('1h 30m'), 5_400_000],
    [readDuration('2.5 s'), 2_500],
    [readDuration('200 ms'), 200],
    [readDuration('10'), undefined],
    [readDuration('5 parsecs'), undefined],
    [readAmount('20k tokens', 'token'), 20_000],
    [readAmount('50,000', 'token'), 50_000],
    [readAmount('1.5M', 'token'), 1_500_000],
    [readAmount('2.5', 'turn'), undefined],
    [readDollars('$0.50'), 0.5],
    [readDollars('75 cents'), 0.75],
    [readDollars('a lot'), undefined],
    [readShare('60 %'), 0.6],
    [readShare('1.2'), undefined],
  ])('units are read as people write them: %s is %s', (read, expected) => {
    expect(read).toBe(expected);
  });
});

describe('the scenarios that come with it', () => {
  it.each(shipped.map((file) => [basename(file), file]))(
    'the shipped scenario %s is valid, and the router accepts it',
    (_, file) => {
      const { scenario } = readScenario(file);
      expect(controlBodies.open.fault(openingOf(scenario), 'body')).toBeUndefined();
      expect(scenario.title).toBeDefined();
      expect(scenario.about).toBeDefined();
    },
  );

  it('the shipped scenarios together use every policy', () => {
    const used = shipped.map((file) => readScenario(file).scenario.policy ?? 'addressed');
    expect([...new Set(used)].sort()).toEqual([...policyNames].sort());
    expect(shipped.length).toBeGreaterThanOrEqual(8);
  });

  it('the schema of scenarios is what `npm run generate` writes', () => {
    expect(readFileSync(`${repository}docs/schema/scenario.json`, 'utf8')).toBe(scenarioSchema);
  });
});

describe('docs/scenarios.md', () => {
  const page = readFileSync(`${repository}docs/scenarios.md`, 'utf8');

  it('the example in docs/scenarios.md is valid', () => {
    const [, example] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    expect(problemsOf(example!)).toEqual([]);
  });

  it('docs/scenarios.md describes every key, every shipped scenario, and the exit code of every ending', () => {
    for (const key of scenarioSchema.matchAll(/"(\w+)": \{\s*"description"/g))
      expect(page).toContain(`\`${key[1]}\``);
    for (const file of shipped) expect(page).toContain(`| \`${basename(file)}\` |`);
    for (const [ending, code] of Object.entries(exitCodes)) {
      expect(page).toMatch(new RegExp(`^\\| ${code} \\|.*\`${ending}\``, 'm'));
    }
  });
});

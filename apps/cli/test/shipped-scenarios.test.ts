import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Ending, endings, policyNames } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { readScenario } from '../src/scenario/read-scenario.ts';
import type { Scenario } from '../src/scenario/scenario.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const prices = JSON.parse(readFileSync(`${repository}services/router/prices.json`, 'utf8')) as object;

/** The endings that the first lines of a file name: `# Ends: NAME (how), NAME, …`. */
const endingsOf = (text: string): string[] => {
  const [, ...lines] = text.split('\n');
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('#')),
  );
  const [, list = ''] = /^Ends: (.*)$/.exec(head.map((line) => line.slice(1).trim()).join(' ')) ?? [];
  return list
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((item) => item.trim());
};

const shipped = globSync('scenarios/*.yaml', { cwd: repository }).map((file) => {
  const { text, scenario } = readScenario(repository + file);
  const { policy = 'addressed' } = scenario;
  return { file: file.replace('scenarios/', ''), scenario, policy, ends: endingsOf(text) };
});

/** Whether what a file says lets the conversation come to an ending. */
const canEnd: Record<Ending, (scenario: Scenario) => unknown> = {
  'max-turns': ({ limits }) => limits?.turns,
  'max-duration': ({ limits }) => limits?.duration,
  'token-budget': ({ limits }) => limits?.tokens || limits?.tokensPerAgent,
  'cost-budget': ({ limits }) => limits?.cost || limits?.costPerAgent,
  'stop-phrase': ({ endings }) => endings?.stopPhrases?.length,
  agreed: ({ policy, endings }) => policy === 'moderator' || endings?.quorum !== 'never',
  // With a third member the others go on.
  'agent-left': ({ cast }) => cast.size === 2,
  absent: ({ endings, turn }) => endings?.absent && (turn?.onFailure ?? 'end') === 'end',
  repetition: ({ endings }) => endings?.repetition,
  'farewell-loop': ({ endings }) => endings?.farewells,
  failed: ({ turn }) => turn?.onFailure === 'end',
  operator: () => true,
};

describe('the scenarios that come with it', () => {
  it.each(shipped)(
    'the shipped scenario $file says how it ends, and its rules can lead there',
    ({ scenario, ends }) => {
      expect(endings).toEqual(expect.arrayContaining(ends));
      expect(ends.filter((ending) => !canEnd[ending as Ending](scenario))).toEqual([]);
    },
  );

  it.each(policyNames)('the shipped scenarios show policy %s', (policy) => {
    expect(shipped.map((one) => one.policy)).toContain(policy);
  });

  it.each(endings)('at least one shipped scenario is made to end by %s', (ending) => {
    expect(shipped.flatMap(({ ends }) => ends)).toContain(ending);
  });

  it('the shipped scenarios are in the table of docs/scenarios.md with their policies and endings', () => {
    const row = /^\| `([\w-]+\.yaml)` \| ([\w-]+) \| ([\w, -]+) \|/gm;
    const table = [...readFileSync(`${repository}docs/scenarios.md`, 'utf8').matchAll(row)];
    expect(table.map(([, file, policy, ends]) => ({ file, policy, ends })).toSorted(byFile)).toEqual(
      shipped.map(({ file, policy, ends }) => ({ file, policy, ends: ends.join(', ') })).toSorted(byFile),
    );
  });

  it('a shipped scenario has a money cap only if every model is named and has a price, and one scenario has a cap', () => {
    const capped = shipped.filter(({ scenario }) => canEnd['cost-budget'](scenario));
    expect(capped).not.toEqual([]);
    for (const { file, scenario } of capped) {
      for (const [name, { model = 'none', external }] of scenario.cast) {
        expect(external, `${file}: ${name} brings a model of its own`).toBeFalsy();
        expect(prices, `${file}: ${name}`).toHaveProperty([model]);
      }
    }
  });
});

const byFile = (a: { file?: string | undefined }, b: { file?: string | undefined }) =>
  String(a.file).localeCompare(String(b.file));

import { loadSettings, nearest, parleyVariables, problemsOf as settingProblems } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { settings } from '../src/settings.ts';

const problemsOf = (env: Record<string, string>) =>
  settingProblems(() =>
    loadSettings(settings, env, {
      prefixes: ['ROUTER_'],
      foreign: ['ROUTER_URL'],
      neighbours: parleyVariables,
    }),
  );

describe('A variable that no program reads', () => {
  it.each([
    ['ROUTER_PROT', 'ROUTER_PORT'],
    ['PARLEY_BNID', 'PARLEY_BIND'],
    ['PARLEY_OLAMA_MODEL', 'PARLEY_OLLAMA_MODEL'],
  ])(
    'the unknown variable %s is refused with the variable that was probably meant, %s',
    (variable, meant) => {
      expect(problemsOf({ [variable]: '1' })).toEqual([
        expect.stringMatching(new RegExp(`did you mean ${meant}\\?$`)),
      ]);
    },
  );

  it('a setting of the router is not taken for a misspelt ROUTER_URL by an agent', () => {
    const near = Object.values(settings)
      .flatMap(({ variable }) => [variable, `${variable}_FILE`])
      .filter((variable) => nearest(variable, ['ROUTER_URL'], 2) !== undefined);
    expect(near).toEqual([]);
  });
});

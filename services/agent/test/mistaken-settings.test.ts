import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, problemsOf as settingProblems } from '@parley/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPersona } from '../src/prompt/prompt.ts';
import { readSettings as readCast } from '../src/settings/read-settings.ts';

/** The settings of the only agent. */
const readSettings = (args: readonly string[], env: Environment) => readCast(args, env)[0]!;

const problemsOf = (env: Environment) => settingProblems(() => readSettings([], env));

describe('A variable that no program reads', () => {
  it.each([
    ['OPENAI_API_BASE', 'OPENAI_BASE_URL'],
    ['OPENAI_BASEURL', 'OPENAI_BASE_URL'],
    ['OPENAI_BASE_ULR', 'OPENAI_BASE_URL'],
    ['OPENAI_HOST', 'OPENAI_BASE_URL'],
    ['OPENAI_KEY', 'OPENAI_API_KEY'],
    ['OPEN_AI_API_KEY', 'OPENAI_API_KEY'],
    ['OPENAI_API_KEYS', 'OPENAI_API_KEY'],
    ['OPENAI_MODLE', 'OPENAI_MODEL'],
    ['OPENAI_MODEL_NAME', 'OPENAI_MODEL'],
    ['AGENT_MODEL', 'OPENAI_MODEL'],
    ['AGENT_TAGRET', 'AGENT_TARGET'],
    ['ROUTER_ULR', 'ROUTER_URL'],
    ['PARLEY_TOKNE', 'PARLEY_TOKEN'],
  ])(
    'the unknown variable %s is refused with the variable that was probably meant, %s',
    (variable, meant) => {
      expect(problemsOf({ [variable]: 'http://127.0.0.1:9/v1' })).toEqual([
        expect.stringMatching(new RegExp(`^${variable}: .*did you mean ${meant}\\?$`)),
      ]);
    },
  );

  it('an alias of a variable is accepted when it has the same value as the variable', () => {
    expect(problemsOf({ OPENAI_API_BASE: 'http://x/v1', OPENAI_BASE_URL: 'http://x/v1' })).toEqual([]);
  });

  it.each(['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_LOG', 'OPENAI_API_TYPE', 'OPENAI_API_VERSION'])(
    'the variable %s belongs to other programs and is not refused',
    (variable) => {
      expect(problemsOf({ [variable]: 'x' })).toEqual([]);
    },
  );
});

describe('OPENAI_API_KEY', () => {
  it.each(['sk-two words', 'sk-line\nbreak', 'schlüssel'])(
    'an OPENAI_API_KEY that no header can carry is refused at the start: %j',
    (key) => {
      expect(problemsOf({ OPENAI_API_KEY: key })).toEqual([expect.stringMatching(/^OPENAI_API_KEY: no key/)]);
      expect(problemsOf({ OPENAI_API_KEY: key }).join()).not.toContain(key);
    },
  );

  it.each(['“sk-1”', '‘sk-1’', '„sk-1“', '«sk-1»', '”sk-1'])(
    'an OPENAI_API_KEY with the typographic quotation marks of an editor is refused: %s',
    (key) => {
      const problems = problemsOf({ OPENAI_API_KEY: key });
      expect(problems).toEqual([
        expect.stringMatching(/^OPENAI_API_KEY: the typographic quotation mark . is part of the value/),
      ]);
      expect(problems.join()).not.toContain('sk-1');
    },
  );

  it('an OPENAI_API_KEY with pasted quotes around it is refused', () => {
    expect(problemsOf({ OPENAI_API_KEY: '"sk-1"' })).toEqual([expect.stringMatching(/take them away/)]);
  });
});

describe('AGENT_PERSONA', () => {
  it.each([
    'personas/alcie.txt',
    './prompts/critic.md',
    'C:\\Users\\me\\alice.txt',
    'alice.md',
    '~/my personas/a.txt',
  ])('an AGENT_PERSONA that names a missing file is refused: %s', (value) => {
    expect(problemsOf({ AGENT_PERSONA: value })).toEqual([
      expect.stringMatching(/^AGENT_PERSONA: there is no file /),
    ]);
  });

  it.each(['a poet', 'You edit README.md and nothing else.', 'sceptic', 'An and/or person, dry and fair.'])(
    'an AGENT_PERSONA may be a text: %s',
    (value) => {
      expect(readSettings([], { AGENT_PERSONA: value }).persona).toBe(value);
    },
  );

  it.each([300, 4_000, 20_000])(
    'an AGENT_PERSONA may be a text of %i characters, which no path can have',
    (length) => {
      const value = 'You are patient. '.repeat(2_000).slice(0, length);
      expect(readPersona(readSettings([], { AGENT_PERSONA: value }).persona)).toBe(value);
    },
  );

  it('an AGENT_PERSONA names a file relative to the folder in which `npm run` was called', () => {
    const root = mkdtempSync(join(tmpdir(), 'parley-persona-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'mine'));
    writeFileSync(join(root, 'mine', 'alice.txt'), 'You are curious.\n');
    const env = {
      AGENT_PERSONA: 'alice.txt',
      INIT_CWD: join(root, 'mine'),
      npm_package_json: join(process.cwd(), 'package.json'),
    };
    expect(readPersona(readSettings([], env).persona)).toBe('You are curious.');
  });
});

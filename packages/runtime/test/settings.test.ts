import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  choice,
  decimal,
  type Environment,
  integer,
  loadSettings,
  secret,
  problemsOf as settingProblems,
  text,
  toggle,
} from '../src/index.ts';

const table = {
  name: text('AGENT_NAME', { help: 'name', fallback: undefined, pattern: /^[a-z]+$/, expected: 'a word' }),
  topic: text('AGENT_TOPIC', { help: 'topic', fallback: 'tea' }),
  turns: integer('AGENT_TURNS', { help: 'turns', fallback: 40, min: 1, max: 1_000 }),
  heat: decimal('AGENT_HEAT', { help: 'heat', fallback: undefined, min: 0, max: 2 }),
  level: choice('LOG_LEVEL', { help: 'level', fallback: 'info', of: ['debug', 'info'] }),
  open: toggle('AGENT_OPEN', { help: 'open', fallback: false }),
  key: secret('OPENAI_API_KEY', 'key'),
};
const load = (env: Environment) =>
  loadSettings(table, env, { prefixes: ['AGENT_'], foreign: ['AGENT_HOST'] });

const problemsOf = (env: Environment) => settingProblems(() => load(env));

const fileWith = (content: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-kit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key');
  writeFileSync(file, content);
  return file;
};

describe('loadSettings', () => {
  it('loadSettings ignores the variables that Kubernetes sets for a Service whose name is a prefix of settings', () => {
    const links = {
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      AGENT_SERVICE_HOST: '10.0.0.2',
      AGENT_SERVICE_PORT: '8765',
      AGENT_SERVICE_PORT_WS: '8765',
      AGENT_PORT: 'tcp://10.0.0.2:8765',
      AGENT_PORT_8765_TCP: 'tcp://10.0.0.2:8765',
      AGENT_PORT_8765_TCP_ADDR: '10.0.0.2',
    };
    const port = { port: integer('AGENT_PORT', { help: '', fallback: 1, min: 0, max: 9_999 }) };
    const known = { prefixes: ['AGENT_'] };
    expect(loadSettings(port, links, known)).toEqual({ port: 1 });
    expect(loadSettings(port, { ...links, AGENT_PORT: '7' }, known)).toEqual({ port: 7 });
    expect(() => loadSettings(port, { AGENT_PORT: 'tcp://10.0.0.2:8765' }, known)).toThrow(/AGENT_PORT/);
  });

  it('loadSettings refuses settings of .env that docker-compose.yml itself sets for each service', () => {
    const env = { PARLEY_FIXED: 'AGENT_TARGET=set AGENT_PERSONA= AGENT_PROMPT_MODULE=set' };
    expect(() => loadSettings({}, env, { prefixes: [] })).toThrow(
      /^AGENT_TARGET: is set in \.env .*docker-compose\.override\.yml.*\nAGENT_PROMPT_MODULE: is set in \.env/,
    );
    expect(() =>
      loadSettings({}, { PARLEY_FIXED: 'AGENT_TARGET= AGENT_PERSONA=' }, { prefixes: [] }),
    ).not.toThrow();
  });

  it('loadSettings gives every setting its default when no variable is set', () => {
    expect(load({})).toEqual({
      name: undefined,
      topic: 'tea',
      turns: 40,
      heat: undefined,
      level: 'info',
      open: false,
      key: undefined,
    });
  });

  it('loadSettings reads the environment', () => {
    const env = {
      AGENT_NAME: 'alice',
      AGENT_TOPIC: 'what is 2 # 3?',
      AGENT_TURNS: '7',
      AGENT_HEAT: '0.5',
      LOG_LEVEL: 'debug',
      AGENT_OPEN: 'Yes',
      OPENAI_API_KEY: 'k',
    };
    expect(load(env)).toEqual({
      name: 'alice',
      topic: 'what is 2 # 3?',
      turns: 7,
      heat: 0.5,
      level: 'debug',
      open: true,
      key: 'k',
    });
  });

  it('loadSettings treats an empty variable as not set', () => {
    expect(load({ AGENT_TURNS: '', OPENAI_API_KEY: '', OPENAI_API_KEY_FILE: '' })).toEqual(load({}));
  });

  it('loadSettings lists every problem at once, each with its variable', () => {
    const problems = problemsOf({
      AGENT_NAME: 'A1',
      AGENT_TURNS: '0',
      AGENT_HEAT: 'hot',
      LOG_LEVEL: 'loud',
      AGENT_OPEN: 'perhaps',
      AGENT_NMAE: 'x',
    });
    expect(problems).toEqual([
      'AGENT_NAME: expected a word, got "A1"',
      'AGENT_TURNS: expected an integer in 1..1000, got "0"',
      'AGENT_HEAT: expected a number in 0..2, got "hot"',
      'LOG_LEVEL: expected one of debug, info, got "loud"',
      'AGENT_OPEN: expected true or false, got "perhaps"',
      'AGENT_NMAE: unknown setting; did you mean AGENT_NAME?',
    ]);
  });

  it.each(['1.5', '1e9', 'seven', 'Infinity', 'NaN', '-1'])(
    'loadSettings refuses %s for a count of turns',
    (raw) => {
      expect(problemsOf({ AGENT_TURNS: raw })).toHaveLength(1);
    },
  );

  it('loadSettings suggests no name for a variable that is similar to none', () => {
    expect(problemsOf({ AGENT_FAVOURITE_COLOUR: 'red' })).toEqual([
      'AGENT_FAVOURITE_COLOUR: unknown setting',
    ]);
  });

  it('loadSettings ignores variables of other programs', () => {
    expect(problemsOf({ AGENT_HOST: 'x', HOME: '/', OPENAI_ORG: 'x' })).toEqual([]);
  });

  it('loadSettings freezes its result', () => {
    expect(Object.isFrozen(load({}))).toBe(true);
  });
});

describe('a secret', () => {
  it('a secret may be in a file, whose last line break is ignored', () => {
    expect(load({ OPENAI_API_KEY_FILE: fileWith('sk-1\n') }).key).toBe('sk-1');
    expect(load({ OPENAI_API_KEY_FILE: fileWith('sk-2\r\n') }).key).toBe('sk-2');
    expect(load({ OPENAI_API_KEY_FILE: fileWith('') }).key).toBeUndefined();
  });

  it('a secret that is given twice is refused and not shown', () => {
    const problems = problemsOf({ OPENAI_API_KEY: 'sk-secret', OPENAI_API_KEY_FILE: fileWith('sk-other') });
    expect(problems).toEqual(['OPENAI_API_KEY: is set, and so is OPENAI_API_KEY_FILE: set one of the two']);
  });

  it('a secret in a missing file is a problem that names the file', () => {
    expect(problemsOf({ OPENAI_API_KEY_FILE: '/nowhere/key' })[0]).toMatch(
      /^OPENAI_API_KEY: OPENAI_API_KEY_FILE cannot be read: .*\/nowhere\/key/,
    );
  });

  it('a secret that is optional may be missing in a folder without files, as a kubelet mounts a secret that does not exist', () => {
    const read = (token: string | undefined, options: { optionalFile: boolean }) => {
      const setting = { ...secret('AGENT_TOKEN', 'token'), ...options };
      return loadSettings({ token: setting }, { AGENT_TOKEN_FILE: token }, { prefixes: [] }).token;
    };
    const folder = dirname(fileWith('sk-1'));
    const missing = join(folder, 'token');
    const optional = { optionalFile: true };
    expect(() => read(missing, optional), 'another file is there').toThrow(/cannot be read: ENOENT/);
    rmSync(join(folder, 'key'));
    symlinkSync('..2026_01_01', join(folder, '..data'));
    expect(read(missing, optional)).toBeUndefined();
    expect(() => read(missing, { optionalFile: false })).toThrow(/cannot be read: ENOENT/);
    expect(() => read('/nowhere/token', optional)).toThrow(/cannot be read: ENOENT/);
  });
});

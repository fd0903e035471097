import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, problemsOf as settingProblems } from '@parley/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serverAddress } from '../src/models/openai/connection/server-address.ts';
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
    ['OPENAI_API_BASEURL', 'OPENAI_BASE_URL'],
    ['OPENAI_ACCESS_TOKEN', 'OPENAI_API_KEY'],
    ['OPENAIKEY', 'OPENAI_API_KEY'],
    ['openai_api_key', 'OPENAI_API_KEY'],
    ['OpenAI_Api_Base', 'OPENAI_BASE_URL'],
    ['OPENAI_ENGINE', 'OPENAI_MODEL'],
    ['OPENAI_TEMPERATURE', 'AGENT_TEMPERATURE'],
    ['OPENAI_MAX_TOKENS', 'AGENT_MAX_TOKENS'],
    ['OPENAI_HTTP_PROXY', 'HTTP_PROXY'],
    ['AGENT_OPENAI_MODEL', 'OPENAI_MODEL'],
    ['AGENT_ROUTER_URL', 'ROUTER_URL'],
    ['AGENT_URL', 'ROUTER_URL'],
    ['AGENT_PROMPT', 'AGENT_PERSONA'],
    ['AGENT_STOP', 'AGENT_STOP_PHRASES'],
    ['agent_name', 'AGENT_NAME'],
    ['PARLEY_LOG_LEVEL', 'LOG_LEVEL'],
    ['PARLEY_URL', 'ROUTER_URL'],
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

  it.each([
    ['OPENAI_ENGINE', 'OPENAI_MODEL'],
    ['OPENAI_DEPLOYMENT_NAME', 'OPENAI_MODEL'],
    ['OPENAI_API_MODEL', 'OPENAI_MODEL'],
    ['OPENAI_ACCESS_TOKEN', 'OPENAI_API_KEY'],
    ['OPENAI_HOST', 'OPENAI_BASE_URL'],
  ])('the alias %s of another program is accepted when %s is set', (alias, meant) => {
    expect(problemsOf({ [alias]: 'x', [meant]: 'http://x/v1' })).toEqual([]);
  });

  it('an alias of a key is accepted when the key is in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'key'), 'sk-1');
    const env = { OPENAI_ACCESS_TOKEN: 'x', OPENAI_API_KEY_FILE: join(folder, 'key') };
    expect(problemsOf(env)).toEqual([]);
  });

  it.each([
    ['OPENAI_API_BASE', 'OPENAI_BASE_URL', 'http://x/v1'],
    ['OPENAI_KEY', 'OPENAI_API_KEY', 'sk-1'],
    ['PARLEY_URL', 'ROUTER_URL', 'ws://x'],
    ['OPENAI_MODLE', 'OPENAI_MODEL', 'x'],
  ])('the variable %s with another value is refused also when %s is set', (variable, meant, value) => {
    expect(problemsOf({ [variable]: 'y', [meant]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${variable}: .*did you mean ${meant}\\?$`)),
    ]);
  });

  it.each(['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_LOG', 'OPENAI_API_TYPE', 'OPENAI_API_VERSION'])(
    'the variable %s belongs to other programs and is not refused',
    (variable) => {
      expect(problemsOf({ [variable]: 'x' })).toEqual([]);
    },
  );
});

describe('OPENAI_BASE_URL', () => {
  it.each(['http://a/v1, http://b/v1', 'http://a/v 1', 'http://ann:pass word@a/v1'])(
    'an OPENAI_BASE_URL with spaces in it is refused: %j',
    (url) => {
      expect(problemsOf({ OPENAI_BASE_URL: url })).toEqual([
        'OPENAI_BASE_URL: expected one URL, without spaces',
      ]);
    },
  );

  it.each(['', '/', '/chat/completions', '/chat/completions/', '/completions', '/models'])(
    'an OPENAI_BASE_URL may end with the path of a call: %j',
    (end) => {
      expect(serverAddress(`http://a/v1${end}`).chat.href).toBe('http://a/v1/chat/completions');
    },
  );
});

describe('The path of an OPENAI_BASE_URL', () => {
  it.each([
    [
      'https://r.services.ai.azure.com/models?api-version=1',
      'https://r.services.ai.azure.com/models/chat/completions?api-version=1',
    ],
    [
      'https://r.services.ai.azure.com/models/chat/completions',
      'https://r.services.ai.azure.com/models/chat/completions',
    ],
    ['http://a/v1beta/models/', 'http://a/v1beta/chat/completions'],
    ['http://a/completions', 'http://a/completions/chat/completions'],
  ])('of %s the address of a call is %s', (base, chat) => {
    expect(serverAddress(base).chat.href).toBe(chat);
  });
});

describe('The variables of proxies', () => {
  const proxiesOf = (env: Environment) => {
    const { httpProxy, httpsProxy, noProxy } = readSettings([], env);
    return [httpProxy, httpsProxy, noProxy];
  };

  it.each<[Environment, (string | undefined)[]]>([
    [{ HTTP_PROXY: 'http://a:1' }, ['http://a:1', undefined, undefined]],
    [{ HTTP_PROXY: 'http://a:1', http_proxy: 'http://b:1' }, ['http://b:1', undefined, undefined]],
    [{ https_proxy: 'b:1', no_proxy: '*' }, [undefined, 'http://b:1', '*']],
    [{ ALL_PROXY: 'http://c:1' }, ['http://c:1', 'http://c:1', undefined]],
    [{ all_proxy: 'c:1', HTTPS_PROXY: 'http://a:1' }, ['http://c:1', 'http://a:1', undefined]],
    [{ ALL_PROXY: 'socks5://c:1' }, [undefined, undefined, undefined]],
    [{ ALL_PROXY: ' socks5://c:1' }, [undefined, undefined, undefined]],
    [{ ALL_PROXY: 'quic://c:1' }, [undefined, undefined, undefined]],
    [{ all_proxy: 'direct://' }, [undefined, undefined, undefined]],
    [{ ALL_PROXY: ' https://c:1' }, ['https://c:1', 'https://c:1', undefined]],
  ])('the proxies of %j are %j', (env, proxies) => {
    expect(proxiesOf(env)).toEqual(proxies);
  });
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
    'alice.txt ',
    'alice.yaml',
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

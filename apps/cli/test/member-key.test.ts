import { ConfigError } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { agentsOf } from '../src/scenario/agents.ts';
import { composeKey, withKey } from '../src/scenario/member-key.ts';
import { parseScenario } from '../src/scenario/read-scenario.ts';

const agentWith = (member: string) => {
  const read = parseScenario(`topic: Tea\ncast:\n  ann: { persona: A, ${member} }\n  ben: B\n`);
  if (!read.ok) throw new Error(read.problems.map(({ text }) => text).join());
  return agentsOf(read.scenario)[0]!;
};
const keys = (member: string, env: Record<string, string>) => {
  const { OPENAI_API_KEY, OPENAI_API_KEY_FILE } = withKey(agentWith(member), env).env;
  return { OPENAI_API_KEY, OPENAI_API_KEY_FILE };
};
const mine = { OPENAI_API_KEY: 'sk-mine' };
const inherited = { OPENAI_API_KEY: undefined, OPENAI_API_KEY_FILE: undefined };
const none = { OPENAI_API_KEY: '', OPENAI_API_KEY_FILE: '' };

describe('the key of a member', () => {
  it('the key of a member is that of the environment when it has no server of its own', () => {
    expect(keys('model: m', mine)).toEqual(inherited);
  });

  it('the key of the environment is not sent to a server that the scenario names', () => {
    expect(keys('server: "http://other.example/v1"', mine)).toEqual(none);
    expect(keys('server: "http://other.example/v1"', { ...mine, OPENAI_BASE_URL: 'http://one/v1' })).toEqual(
      none,
    );
  });

  it('the key of a member is that of the environment when the scenario names the server of the environment', () => {
    const env = { ...mine, OPENAI_BASE_URL: 'http://one.example/v1/' };
    expect(keys('server: "http://one.example/v1"', env)).toEqual(inherited);
    expect(keys('server: "https://api.openai.com/v1"', mine)).toEqual(inherited);
  });

  it('the key of a member comes from the variable that the scenario names', () => {
    const env = { ...mine, GROQ_API_KEY: 'gsk-1' };
    expect(keys('server: "http://other.example/v1", key: GROQ_API_KEY', env)).toEqual({
      ...none,
      OPENAI_API_KEY: 'gsk-1',
    });
  });

  it('the key of a member comes from the file that the scenario names', () => {
    expect(keys('server: "http://other.example/v1", keyFile: /run/groq', mine)).toEqual({
      ...none,
      OPENAI_API_KEY_FILE: '/run/groq',
    });
  });

  it.each([
    ['a variable that is not set', 'key: GROQ_API_KEY', 'cast.ann.key: the variable GROQ_API_KEY is not set'],
    ['the key of another server', 'key: OPENAI_API_KEY', 'OPENAI_API_KEY belongs to OPENAI_BASE_URL'],
    ['a token of Parley', 'key: AGENT_TOKEN', 'AGENT_TOKEN is no key of a model server'],
  ])('the key of a member is refused when it is %s', (_, key, message) => {
    const env = { ...mine, AGENT_TOKEN: 't' };
    const given = () => withKey(agentWith(`server: "http://other.example/v1", ${key}`), env);
    expect(given).toThrow(ConfigError);
    expect(given).toThrow(message);
  });

  it('the key of a member is refused in the scenario when it is the key itself, or is named twice', () => {
    expect(() => agentWith('key: sk-1234')).toThrow('the name of a variable, not the key itself');
    expect(() => agentWith('key: A_KEY, keyFile: k')).toThrow('name one of the two');
  });

  it('the key of a member is replaced by Compose, or mounted as a file', () => {
    const other = 'server: "http://other.example/v1"';
    expect(composeKey(agentWith(other)).environment).toEqual(none);
    expect(composeKey(agentWith(`${other}, key: GROQ_API_KEY`)).environment).toEqual({
      ...none,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: for Compose to fill in
      OPENAI_API_KEY: '${GROQ_API_KEY:-}',
    });
    expect(composeKey(agentWith(`${other}, keyFile: groq.key`))).toEqual({
      environment: { ...none, OPENAI_API_KEY_FILE: '/run/parley/key' },
      volumes: ['./groq.key:/run/parley/key:ro'],
    });
    expect(composeKey(agentWith('model: m')).environment).toEqual({});
  });
});

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { wantsColour } from '../src/index.ts';

/** What a process that runs `code` with a logger in `log` writes on stdout, line by line. */
const linesOf = (code: string, level = 'info'): Record<string, unknown>[] =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { makeLogger } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
       const log = makeLogger('router', ${JSON.stringify(level)}, { name: 'r1' }); ${code}`,
    ],
    { encoding: 'utf8' },
  )
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('makeLogger', () => {
  it('makeLogger writes one JSON object per line, with the level as a word and the time in ISO 8601', () => {
    const [line] = linesOf(`log.info({ url: 'ws://x' }, 'listening')`);
    expect(line).toMatchObject({
      level: 'info',
      service: 'router',
      name: 'r1',
      url: 'ws://x',
      msg: 'listening',
    });
    expect(line!.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('makeLogger logs nothing below its level', () => {
    expect(linesOf(`log.info('a'); log.warn('b')`, 'warn').map((line) => line.msg)).toEqual(['b']);
  });

  it('makeLogger redacts secrets, also one level down', () => {
    const text = JSON.stringify(
      linesOf(`log.info({ token: 'planted', model: { apiKey: 'planted', name: 'm' },
        request: { headers: { authorization: 'planted' } } }, 'x')`),
    );
    expect(text).not.toContain('planted');
    expect(text).toContain('"name":"m"');
  });

  it('a logged text cannot cause a second line', () => {
    expect(linesOf(`log.info({ name: 'a\\n{"level":"fatal"}' }, 'b\\nc')`)).toHaveLength(1);
  });
});

describe('openLogger', () => {
  const printed = (code: string, format: string, colour = false) =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { openLogger } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
         const log = await openLogger('agent', { level: 'info', format: '${format}', colour: ${colour} }, { agent: 'alice' });
         ${code}`,
      ],
      { encoding: 'utf8' },
    );

  it('openLogger writes one line of text for people, with the agent and the fields', () => {
    expect(printed(`log.info({ turns: 7 }, 'conversation ended')`, 'pretty')).toMatch(
      /^\[\d\d:\d\d:\d\d\] INFO: alice: conversation ended \{"turns":7\}\n$/,
    );
  });

  it('openLogger writes JSON when that is the format', () => {
    expect(JSON.parse(printed(`log.info('x')`, 'json'))).toMatchObject({ service: 'agent', agent: 'alice' });
  });

  it('openLogger lets no control character reach a terminal, and redacts secrets', () => {
    const text = printed(
      `log.error({ err: new Error('\\u001b[2J\\u009b1m\\u202e'), token: 'planted' }, 'a\\u001b]0;x\\u0007')`,
      'pretty',
    );
    expect(text).toContain('\uFFFD[2J');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that must not be there
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|planted/);
  });

  it('openLogger uses colours when they are wanted', () => {
    expect(printed(`log.info('x')`, 'pretty', true)).toContain('\u001b[');
  });
});

describe('wantsColour', () => {
  it('wantsColour follows NO_COLOR and FORCE_COLOR before the terminal', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '0' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  });
});

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

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
  it('writes one JSON object a line, with the level as a word and the time in ISO 8601', () => {
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

  it('keeps quiet below its level', () => {
    expect(linesOf(`log.info('a'); log.warn('b')`, 'warn').map((line) => line.msg)).toEqual(['b']);
  });

  it('redacts secrets, also one level down', () => {
    const text = JSON.stringify(
      linesOf(`log.info({ token: 'planted', model: { apiKey: 'planted', name: 'm' },
        request: { headers: { authorization: 'planted' } } }, 'x')`),
    );
    expect(text).not.toContain('planted');
    expect(text).toContain('"name":"m"');
  });

  it('cannot be made to write a second line by what it logs', () => {
    expect(linesOf(`log.info({ name: 'a\\n{"level":"fatal"}' }, 'b\\nc')`)).toHaveLength(1);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const service = (...args: readonly string[]) => {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'stopping-service.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

describe('a service that is stopped', () => {
  it('a service that is stopped ends although the reader of its log has gone', async () => {
    const child = service();
    const closed = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });

  it('a service that is stopped ends although the reader of its log reads nothing any more', async () => {
    const child = service('--many');
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.pause();
    child.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  it('a service that is stopped has written its last lines when it ends', async () => {
    const child = service();
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (text.includes('ready')) child.kill('SIGTERM');
    });
    await once(child, 'close');
    expect(output.match(/a last line/g)).toHaveLength(10);
  });
});

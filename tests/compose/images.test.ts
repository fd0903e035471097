import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { repository } from '../harness/started-process.ts';
import { docker } from './deployment.ts';

interface Image {
  readonly Size: number;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[] | null;
    readonly Cmd: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
}

const inspect = (image: string): Image => JSON.parse(docker('image', 'inspect', image))[0] as Image;
const base = inspect('node:24-bookworm-slim');
const megabyte = 1_000_000;

describe.each(['router', 'agent'])('the image of the %s', (service) => {
  const image = inspect(`parley-${service}`);

  test('the image is little larger than its base', () => {
    const added = (image.Size - base.Size) / megabyte;
    console.info(
      `parley-${service}: ${added.toFixed(2)} MB beyond its base of ${(base.Size / megabyte).toFixed(0)} MB`,
    );
    expect(image.RootFS.Layers.slice(0, base.RootFS.Layers.length)).toEqual(base.RootFS.Layers);
    expect(added).toBeLessThan(10);
  });

  test('the image has the bundle of its service, source maps and no build tools', () => {
    const files = docker('run', '--rm', `parley-${service}`, 'bash', '-c', 'ls -A /app').split('\n');
    expect(files).toEqual(expect.arrayContaining([`${service}.mjs`, `${service}.mjs.map`]));
    expect(files.filter((name) => name !== 'console' && !/\.mjs(?:\.map)?$/.test(name))).toEqual([]);
  });

  test('the image runs as an ordinary user, and has a health check and labels', () => {
    expect(image.Config.User).toBe('1000:1000');
    const program = [...(image.Config.Entrypoint ?? []), ...(image.Config.Cmd ?? [])];
    // The base image may have an entry point of its own.
    expect(program.at(-1)).toBe(`parley-${service}`);
    expect(image.Config.Healthcheck?.Test.slice(0, 2)).toEqual(['CMD', 'bash']);
    expect(image.Config.Labels).toMatchObject({
      'org.opencontainers.image.title': `parley-${service}`,
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': '9.8.7',
      'org.opencontainers.image.revision': '0123456789abcdef',
      'org.opencontainers.image.source': expect.stringMatching(/^https:/),
    });
    // The process exposes the same in parley_build_info.
    expect(image.Config.Env).toContain('PARLEY_REVISION=0123456789abcdef');
  });
});

describe('the image of the command line', () => {
  test('the image of the command line is little larger than its base, and runs as an ordinary user', () => {
    const image = inspect('parley-cli');
    expect((image.Size - base.Size) / megabyte).toBeLessThan(10);
    expect(image.Config.User).toBe('1000:1000');
    expect(docker('run', '--rm', 'parley-cli', '--version')).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test('the image of the router starts with the command in Dockerfile.router', async () => {
  const comment = /^#\s+(docker run .*)$/m.exec(
    readFileSync(join(repository, 'Dockerfile.router'), 'utf8'),
  )?.[1];
  const name = 'parley-test-by-hand';
  // A name and a volume of the test's own, and any free port.
  const command = String(comment)
    .replace('docker run', `docker run --detach --name ${name}`)
    .replace('127.0.0.1:8765:', '127.0.0.1::')
    .replace('parley:/data', `${name}:/data`);
  onTestFinished(() => {
    docker('rm', '--force', name);
    docker('volume', 'rm', '--force', name);
  });
  execFileSync('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
  const address = docker('port', name, '8765/tcp').split('\n')[0];
  await until('the router answers', async () => {
    const answer = await fetch(`http://${address}/healthz`).catch(() => undefined);
    return answer?.status === 200;
  });
});

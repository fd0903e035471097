import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from '../harness/started-process.ts';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string;
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, { readonly tags?: readonly string[] } | null>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const folder = '.github/workflows';
const workflows = new Map(
  readdirSync(join(repository, folder)).map((file) => [file, parse(read(join(folder, file))) as Workflow]),
);
const publish = workflows.get('publish.yml') as Workflow;

/** The outputs of steps that an expression of the job may name. */
const stepsNamedIn = (text: string): string[] =>
  [...text.matchAll(/steps\.([\w-]+)\.outputs/g)].map(([, id]) => id as string);

describe('The workflow', () => {
  it.each([...workflows])(
    'the workflow %s has only the permissions that its jobs need, and a time limit',
    (_, one) => {
      expect(one.permissions).toEqual({ contents: 'read' });
      for (const [name, { uses, steps, 'timeout-minutes': minutes }] of Object.entries(one.jobs)) {
        expect(steps === undefined, name).toBe(uses !== undefined);
        if (steps) expect(minutes, name).toBeGreaterThan(0);
      }
    },
  );

  it.each([...workflows])('the workflow %s names only steps, files and scripts that exist', (_, one) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const { uses, steps = [] } of Object.values(one.jobs)) {
      if (uses) expect(read(uses.replace('./', ''))).toContain('workflow_call');
      const ids = steps.flatMap(({ id }) => (id === undefined ? [] : [id]));
      for (const id of stepsNamedIn(JSON.stringify(steps))) expect(ids).toContain(id);
      for (const { run = '' } of steps) {
        for (const [, target] of run.matchAll(/\bmake ([a-z-]+)/g))
          expect(read('Makefile')).toMatch(new RegExp(`^${target}:`, 'm'));
        for (const [, script] of run.matchAll(/npm run (?:-s )?([\w:-]+)/g))
          expect(scripts[script as string]).toBeDefined();
        for (const [path] of run.matchAll(/\.ci\/\w+/g)) expect(read(path).length).toBeGreaterThan(0);
      }
    }
  });

  it('a tag publishes images for two processors, with SBOM, provenance and the digest of their base, after the tests', () => {
    expect(publish.on.push?.tags).toEqual(['v[0-9]+.[0-9]+.[0-9]+']);
    const { images, test } = publish.jobs;
    expect(test?.uses).toBe('./.github/workflows/test.yml');
    expect(images?.needs).toBe('test');
    const dockerfiles = readdirSync(repository).flatMap(
      (file) => /^Dockerfile\.(\w+)$/.exec(file)?.[1] ?? [],
    );
    expect([...(images?.strategy?.matrix.program ?? [])].toSorted()).toEqual(dockerfiles.toSorted());
    const build = images?.steps?.find(({ id }) => id === 'build')?.with ?? {};
    expect(build).toMatchObject({ platforms: 'linux/amd64,linux/arm64', sbom: true, provenance: 'mode=max' });
    // Every argument of the build is one that the Dockerfiles declare.
    const given = [...String(build['build-args']).matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(given).toEqual(['NODE_IMAGE', 'VERSION', 'REVISION', 'CREATED', 'SOURCE']);
    for (const program of dockerfiles)
      for (const name of given)
        expect(read(`Dockerfile.${program}`)).toMatch(new RegExp(`^ARG ${name}\\b`, 'm'));
    expect(images?.steps?.find(({ id }) => id === 'base')?.run).toContain('.Manifest.Digest');
    expect(images?.permissions).toMatchObject({
      packages: 'write',
      'id-token': 'write',
      attestations: 'write',
    });
  });
});

describe('The devcontainer', () => {
  it('the devcontainer installs the packages of the lock file, on the required Node, with an engine inside', () => {
    const container = JSON.parse(read('.devcontainer/devcontainer.json')) as {
      image: string;
      features: Record<string, unknown>;
      postCreateCommand: string;
      forwardPorts: number[];
    };
    expect(container.image).toContain(`:${read('.nvmrc').trim().split('.')[0]}-`);
    expect(Object.keys(container.features)[0]).toContain('docker-in-docker');
    expect(container.postCreateCommand).toBe('npm ci');
    expect(container.forwardPorts).toEqual([8765, 3000, 9090]);
  });
});

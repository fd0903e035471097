import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { permissionsFile } from '../../deploy/nats-permissions.ts';
import { answerOf, parley } from '../harness/command-line.ts';
import { temporaryFolder } from '../harness/parley.ts';
import { repository } from '../harness/started-process.ts';
import { program, run } from '../observe/programs.ts';

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly securityContext?: object;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
  }[];
}
interface PodSpec {
  readonly enableServiceLinks?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: object;
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string; readonly optional?: boolean };
  }[];
}
interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

/** The parts of the values for the chart of NATS that the overlay depends on. */
interface NatsValues {
  readonly fullnameOverride: string;
  readonly config: {
    readonly cluster: { readonly replicas: number };
    readonly jetstream: { readonly merge: object };
  };
  readonly container: { readonly env: object };
}

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const objectsIn = (text: string): KubernetesObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);

const podOf = ({ spec }: KubernetesObject): PodSpec | undefined =>
  spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec;

/** One of the two is enough: in CI `program` fails where neither is. */
const isThere = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
const kubectl = isThere('kubectl') ? program('kubectl') : undefined;
const kustomize = kubectl ? undefined : program('kustomize');
const validator = program('kubernetes-validate');

const render = async (overlay: string): Promise<string> => {
  const folder = `deploy/kubernetes/overlays/${overlay}`;
  const [command, args] = kubectl ? [kubectl, ['kustomize', folder]] : [kustomize ?? '', ['build', folder]];
  const { code, output } = await run(command, args, { cwd: pathToFileURL(`${repository}/`) });
  expect(code, output).toBe(0);
  return output;
};

/** The schemas of Kubernetes; those of the Prometheus operator are its own and are not checked. */
const validate = async (text: string): Promise<void> => {
  const file = join(temporaryFolder(), 'objects.yaml');
  writeFileSync(file, text);
  const { code, output } = await run(validator ?? '', ['--strict', file]);
  expect(code, output).toBe(0);
  const passed = output.match(/ passed for resource /g)?.length ?? 0;
  const known = objectsIn(text).filter(({ kind }) => kind !== 'PodMonitor');
  expect(passed, output).toBe(known.length);
};

describe.skipIf(!(kubectl || kustomize) || !validator)('the Kubernetes folder', () => {
  test.each(['demo', 'team', 'cluster'])(
    'the Kubernetes folder renders the overlay %s, whose objects Kubernetes accepts',
    async (overlay) => {
      const text = await render(overlay);
      await validate(text);
      const pods = objectsIn(text).flatMap((object) => podOf(object) ?? []);
      expect(pods.length).toBeGreaterThan(0);
      for (const pod of pods) {
        expect(pod).toMatchObject({
          enableServiceLinks: false,
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
        });
        const mounted = new Set(pod.volumes?.map(({ name }) => name));
        for (const container of pod.containers) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          for (const { name, subPath } of container.volumeMounts ?? []) {
            // A claim template of the StatefulSet makes this one.
            if (name !== 'ledger') expect(mounted).toContain(name);
            // A part of a volume is not replaced when the secret is.
            expect(subPath).toBeUndefined();
          }
        }
      }
    },
  );

  test('the Kubernetes overlay for a team requires tokens and publishes only the router', async () => {
    const objects = objectsIn(await render('team'));
    const router = objects.find(({ kind }) => kind === 'StatefulSet') as KubernetesObject;
    const env = new Map(podOf(router)?.containers[0]?.env?.map(({ name, value }) => [name, value]));
    expect(env.get('ROUTER_OPEN')).toBe('false');
    expect(env.get('ROUTER_TOKENS_FILE')).toBe('/run/secrets/router/tokens');
    expect(objects.filter(({ kind }) => kind === 'Ingress')).toHaveLength(1);
    expect(
      objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name),
    ).toContain('nothing-in');
  });

  test('the Kubernetes overlay for several routers has no volume to lose, lets one router go at a time, and has one user at NATS', async () => {
    const objects = objectsIn(await render('cluster'));
    const named = (wanted: string) => objects.find(({ kind }) => kind === wanted) as KubernetesObject;
    expect(objects.map(({ kind }) => kind)).not.toContain('StatefulSet');
    expect(named('Deployment').spec).toMatchObject({
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(named('PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
    expect(named('HorizontalPodAutoscaler').spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: named('Deployment').metadata.name },
      minReplicas: 3,
    });
    // The number is that of the autoscaler: an apply must not set it back.
    expect(named('Deployment').spec?.replicas).toBeUndefined();
    const nats = parse(read('deploy/kubernetes/values/nats.yaml')) as NatsValues;
    const servers = Array.from(
      { length: nats.config.cluster.replicas },
      (_, index) => `${nats.fullnameOverride}-${index}.${nats.fullnameOverride}-headless`,
    );
    const env = new Map(
      podOf(named('Deployment'))?.containers[0]?.env?.map(({ name, value }) => [name, value]),
    );
    expect(env.get('ROUTER_LEDGER')).toBe(servers.map((server) => `nats://${server}:4222`).join(','));
    expect(env.get('ROUTER_NATS_MONITOR')).toBe(servers.map((server) => `http://${server}:8222`).join(','));
    expect(permissionsFile).toContain(`user: ${env.get('ROUTER_NATS_USER')}`);
    expect(permissionsFile).toContain(`password: $${Object.keys(nats.container.env)[0]}`);
    expect(nats.config.jetstream.merge).toEqual({ sync_interval: 'always' });
  });

  test('the autoscaler of agents that docs/kubernetes.md shows is one that Kubernetes accepts, on a metric that the adapter makes', async () => {
    const [, text = ''] =
      /```yaml\n(apiVersion: autoscaling[\s\S]*?)```/.exec(read('docs/kubernetes.md')) ?? [];
    await validate(text);
    const adapter = read('deploy/kubernetes/values/prometheus-adapter.yaml');
    const [, metric] = /metric: \{ name: (\w+) \}/.exec(text) ?? [];
    expect(adapter).toContain(`name: { as: ${metric} }`);
  });
});

describe('parley kubernetes', () => {
  it('parley kubernetes writes a Deployment for each of five members and a job that opens the conversation', async () => {
    const file = join(temporaryFolder(), 'five.yaml');
    const cast = ['Ann.Lee', 'ann-lee', 'Çelik', 'd', 'e'];
    writeFileSync(
      file,
      `topic: what five people say\npolicy: round-robin\ncast:\n${cast.map((name, place) => `  ${JSON.stringify(name)}: { persona: You are number ${place}.${place === 3 ? ' , replicas: 3' : ''} }\n`).join('')}`,
    );
    const text = await answerOf('kubernetes', file);
    const objects = objectsIn(text);
    expect(
      objects.map(
        ({ kind, metadata, spec }) =>
          `${kind} ${metadata.name.replace(/-[0-9a-f]{8}$/, '')} ${spec?.replicas ?? ''}`,
      ),
    ).toEqual([
      'Deployment agent-ann-lee 1',
      'Deployment agent-member-2 1',
      'Deployment agent-elik 1',
      'Deployment agent-d 3',
      'Deployment agent-e 1',
      'Job open-scenario ',
    ]);
    const named = objects.flatMap(
      (object) => podOf(object)?.containers[0]?.env?.find(({ name }) => name === 'AGENT_NAME')?.value ?? [],
    );
    expect(named).toEqual(cast);
    if (validator) await validate(text);
  });

  it('parley kubernetes --one-process writes one Deployment for all members, each with its own token, settings and key', async () => {
    const file = join(temporaryFolder(), 'three.yaml');
    writeFileSync(
      file,
      'topic: what $$5 and $(KEY) buy\npolicy: addressed\ncast:\n  ann: { persona: A, server: "http://models.example/v1", key: ANN_KEY }\n  ben: { persona: B, server: "http://other.example/v1", keyFile: ben.key }\n  cy: { persona: C, replicas: 2, server: "http://open.example/v1" }\n',
    );
    const text = await answerOf('kubernetes', file, '--one-process');
    expect(text).toContain('with the entry ANN_KEY for `key: ANN_KEY`, with the entry `key` for `keyFile`.');
    if (validator) await validate(text);
    const [all, second, job] = objectsIn(text) as [KubernetesObject, KubernetesObject, KubernetesObject];
    expect([all, second].map(({ metadata }) => metadata.name)).toEqual(['agents', 'agents-2']);
    const { containers, volumes = [] } = podOf(all) as PodSpec;
    const env = new Map(containers[0]?.env?.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
    expect(Object.fromEntries(env)).toMatchObject({
      AGENT_NAMES: 'ann,ben,cy',
      AGENT_ANN_TARGET: 'ben',
      AGENT_ANN_TOKEN_FILE: '/run/secrets/agent-ann/token',
      AGENT_ANN_OPENAI_API_KEY: { secretKeyRef: { name: 'parley-key-ann', key: 'ANN_KEY' } },
      AGENT_BEN_OPENAI_API_KEY: '',
      AGENT_BEN_OPENAI_API_KEY_FILE: '/run/secrets/key-ben/key',
      // The common key is not for its server.
      AGENT_CY_OPENAI_API_KEY: '',
    });
    expect(env.has('AGENT_NAME')).toBe(false);
    // A key that the scenario names must exist; a token need not.
    expect(
      volumes.flatMap(({ secret }) => (secret ? [`${secret.secretName} ${secret.optional}`] : [])),
    ).toEqual([
      'parley-agent-ann true',
      'parley-agent-ben true',
      'parley-key-ben false',
      'parley-agent-cy true',
    ]);
    expect(podOf(second)?.containers[0]?.env).toContainEqual({ name: 'AGENT_NAMES', value: 'cy' });
    // A kubelet reads `$$` as one sign, and would replace $(KEY).
    const opening = podOf(job)?.containers[0]?.env?.find(({ name }) => name === 'OPENING')?.value;
    expect(opening).toContain('"topic":"what $$$$5 and $$(KEY) buy"');
  });

  it('parley kubernetes --one-process refuses a member whose variables Kubernetes does not allow', async () => {
    const file = join(temporaryFolder(), 'two.yaml');
    writeFileSync(file, 'topic: tea\ncast:\n  ann: A\n  小明: B\n');
    const refused = parley(['kubernetes', file, '--one-process']);
    expect((await refused.exit()).code).toBe(1);
    expect(refused.stderr).toContain('cast.小明: Kubernetes allows no variable with this name');
  });

  it('the demo overlay is what parley kubernetes writes', async () => {
    const kept = read('deploy/kubernetes/overlays/demo/agents.yaml');
    expect(await answerOf('kubernetes', 'scenarios/debate.yaml')).toBe(kept);
  });
});

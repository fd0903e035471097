import { ownVariable } from '@parley/agent/own-variables';
import { ConfigError } from '@parley/runtime';
import { stringify } from 'yaml';
import { type AgentProcess, agentsOf, processGroups } from '../scenario/agents.ts';
import { openingOf } from '../scenario/opening.ts';
import { type ScenarioFile, scenarioHash } from '../scenario/read-scenario.ts';
import { openerScript } from './opener-script.ts';

const partOf = { 'app.kubernetes.io/part-of': 'parley' };
const longestName = 50;

/** The names that Kubernetes allows for objects: ASCII letters, digits and -, which may not be at the ends. */
const objectName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, longestName)
    .replace(/-+$/, '');

/** The names of the objects, one for each member. If the name of a member gives none or a used one, its number is used. */
const objectNames = (names: Iterable<string>): ReadonlyMap<string, string> => {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  let place = 0;
  for (const name of names) {
    place += 1;
    const own = objectName(name);
    let object = own === '' || taken.has(own) ? `member-${place}` : own;
    for (let more = 2; taken.has(object); more++) object = `member-${place}-${more}`;
    taken.add(object);
    given.set(name, object);
  }
  return given;
};

/**
 * Secrets are mounted as folders, because Kubernetes updates those when the secret changes. A file that is mounted alone is not
 * updated.
 */
const secretVolume = (name: string, secret: string, { optional }: { readonly optional: boolean }) => ({
  name,
  secret: { secretName: secret, optional, defaultMode: 0o440 },
});

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
};
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const tmp = {
  mount: { name: 'tmp', mountPath: '/tmp' },
  volume: { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
};

const podBase = {
  // A Service named router would set ROUTER_PORT=tcp://… and others in every pod.
  enableServiceLinks: false,
  automountServiceAccountToken: false,
  terminationGracePeriodSeconds: 15,
  securityContext: podSecurity,
};

/** Kubernetes replaces `$(NAME)` in values and reads `$$` as one sign. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

/** What a member adds to the pod of its process. */
interface MemberParts {
  readonly env: readonly object[];
  readonly mounts: readonly object[];
  readonly volumes: readonly object[];
}

/** Where the secrets of a member are, and the name that a variable of it has. */
interface Place {
  readonly object: string;
  /** Behind the names of volumes and folders, where several members are in one pod. */
  readonly suffix: string;
  variable(name: string): string;
}

/**
 * A member with its own model server gets only the key of that server. Others get the key in `parley-model`. A key that the scenario
 * names must exist: without it, the pod waits, and its events name the secret.
 */
const keyOf = ({ server, key, keyFile }: AgentProcess, { object, suffix, variable }: Place): MemberParts => {
  const secret = `parley-key-${object}`;
  const withoutShared = { name: variable('OPENAI_API_KEY'), value: '' };
  const nothing = { mounts: [], volumes: [] };
  if (keyFile !== undefined) {
    const mountPath = `/run/secrets/key${suffix}`;
    return {
      env: [withoutShared, { name: variable('OPENAI_API_KEY_FILE'), value: `${mountPath}/key` }],
      mounts: [{ name: `key${suffix}`, mountPath, readOnly: true }],
      volumes: [secretVolume(`key${suffix}`, secret, { optional: false })],
    };
  }
  if (key !== undefined)
    return {
      env: [{ name: variable('OPENAI_API_KEY'), valueFrom: { secretKeyRef: { name: secret, key } } }],
      ...nothing,
    };
  return { env: server === undefined ? [] : [withoutShared], ...nothing };
};

/** The settings, the token and the key of a member. */
const partsOf = (agent: AgentProcess, place: Place): MemberParts => {
  const { object, suffix, variable } = place;
  const key = keyOf(agent, place);
  const mountPath = `/run/secrets/agent${suffix}`;
  return {
    env: [
      { name: variable('AGENT_TOKEN_FILE'), value: `${mountPath}/token` },
      ...Object.entries(agent.env).map(([name, value]) => ({
        name: variable(name),
        value: literal(value ?? ''),
      })),
      ...key.env,
    ],
    mounts: [{ name: `token${suffix}`, mountPath, readOnly: true }, ...key.mounts],
    volumes: [secretVolume(`token${suffix}`, `parley-agent-${object}`, { optional: true }), ...key.volumes],
  };
};

const deploymentOf = (
  object: string,
  replicas: number,
  env: readonly object[],
  members: readonly MemberParts[],
) => {
  const labels = {
    'app.kubernetes.io/name': object,
    'app.kubernetes.io/component': 'agent',
    ...partOf,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: object, labels },
    spec: {
      replicas,
      selector: { matchLabels: { 'app.kubernetes.io/name': object } },
      template: {
        metadata: { labels },
        spec: {
          ...podBase,
          containers: [
            {
              name: 'agent',
              image: 'parley-agent',
              env: [
                { name: 'ROUTER_URL', value: 'ws://router:8765' },
                // The kubelet and Prometheus send requests to the address of the pod.
                { name: 'AGENT_HEALTH_PORT', value: '9464' },
                ...env,
                ...members.flatMap((member) => member.env),
              ],
              // Shared by all members: the address of the model server, the name of the model, and the key.
              envFrom: [
                { configMapRef: { name: 'parley-model', optional: true } },
                { secretRef: { name: 'parley-model', optional: true } },
              ],
              ports: [{ name: 'metrics', containerPort: 9464 }],
              readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 5 },
              livenessProbe: {
                httpGet: { path: '/healthz', port: 'metrics' },
                periodSeconds: 20,
                failureThreshold: 3,
              },
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } },
              securityContext: containerSecurity,
              volumeMounts: [...members.flatMap(({ mounts }) => mounts), tmp.mount],
            },
          ],
          volumes: [...members.flatMap(({ volumes }) => volumes), tmp.volume],
        },
      },
    },
  };
};

/** A Deployment for each member; its replicas are those of the Deployment. */
const ownDeployments = (agents: readonly AgentProcess[], objects: ReadonlyMap<string, string>) =>
  [...objects].map(([member, object]) => {
    const replicas = agents.filter(({ name }) => name === member);
    const place = { object, suffix: '', variable: (name: string) => name };
    return deploymentOf(
      `agent-${object}`,
      replicas.length,
      [],
      [partsOf(replicas[0] as AgentProcess, place)],
    );
  });

/** A Deployment for each process, which has as many of the agents as one process can. */
const sharedDeployments = (agents: readonly AgentProcess[], objects: ReadonlyMap<string, string>) => {
  // Kubernetes takes ASCII in the names of variables, and the name of an agent is a part of those.
  const others = [...objects.keys()].filter((name) => !/^[\w.-]+$/.test(name));
  if (others.length > 0)
    throw new ConfigError(
      others.map(
        (name) => `cast.${name}: Kubernetes allows no variable with this name: leave --one-process out`,
      ),
    );
  return processGroups(agents).map((group, place) => {
    const parts = group.map(({ env: { AGENT_NAME: _, ...env }, ...agent }) => {
      const object = objects.get(agent.name) as string;
      const variable = (name: string) => ownVariable(agent.name, name);
      return partsOf({ ...agent, env }, { object, suffix: `-${object}`, variable });
    });
    const names = { name: 'AGENT_NAMES', value: group.map(({ name }) => name).join(',') };
    return deploymentOf(place === 0 ? 'agents' : `agents-${place + 1}`, 1, [names], parts);
  });
};

const openerOf = (file: ScenarioFile) => {
  const hash = scenarioHash(file).slice(0, 16);
  const labels = { 'app.kubernetes.io/name': 'open-scenario', ...partOf };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    // A job cannot be changed, so another scenario gets another job.
    metadata: { name: `open-scenario-${hash.slice(0, 8)}`, labels },
    spec: {
      backoffLimit: 20,
      ttlSecondsAfterFinished: 3_600,
      template: {
        metadata: { labels },
        spec: {
          ...podBase,
          restartPolicy: 'OnFailure',
          containers: [
            {
              name: 'open',
              image: 'parley-router',
              command: ['node', '-e', literal(openerScript)],
              env: [
                { name: 'KEY', value: `scenario-${hash}` },
                { name: 'OPENING', value: literal(JSON.stringify(openingOf(file.scenario))) },
              ],
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } },
              securityContext: containerSecurity,
              volumeMounts: [
                { name: 'operator', mountPath: '/run/secrets/operator', readOnly: true },
                tmp.mount,
              ],
            },
          ],
          volumes: [secretVolume('operator', 'parley-operator', { optional: true }), tmp.volume],
        },
      },
    },
  };
};

/** Deployments for the members of a scenario and a Job that opens the conversation, for the router of deploy/kubernetes. */
export const kubernetesFile = (
  file: ScenarioFile,
  { oneProcess = false }: { readonly oneProcess?: boolean | undefined } = {},
): string => {
  const agents = agentsOf(file.scenario);
  const objects = objectNames(new Set(agents.map(({ name }) => name)));
  const deployments = (oneProcess ? sharedDeployments : ownDeployments)(agents, objects);
  const head = `# ${(file.scenario.title ?? file.file).replaceAll('\n', ' ')}: written by \`parley kubernetes\`. It needs the router of deploy/kubernetes in its namespace.
# Optional secrets: parley-agent-NAME (token), parley-operator (token), parley-model (OPENAI_API_KEY). A member that names a key
# in the scenario needs parley-key-NAME: with the entry ANN_KEY for \`key: ANN_KEY\`, with the entry \`key\` for \`keyFile\`.
`;
  return (
    head +
    [...deployments, openerOf(file)]
      .map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false }))
      .join('---\n')
  );
};

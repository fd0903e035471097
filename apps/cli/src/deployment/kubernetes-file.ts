import { stringify } from 'yaml';
import { type AgentProcess, agentsOf } from '../scenario/agents.ts';
import { openingOf } from '../scenario/opening.ts';
import { type ScenarioFile, scenarioHash } from '../scenario/read-scenario.ts';

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
const secretVolume = (name: string, secret: string) => ({
  name,
  secret: { secretName: secret, optional: true, defaultMode: 0o440 },
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

const keySecret = (object: string, key: string) => ({
  name: 'OPENAI_API_KEY',
  valueFrom: { secretKeyRef: { name: `parley-key-${object}`, key, optional: true } },
});

/** A member with its own model server gets only the key of that server. All others get the key in `parley-model`. */
const keyOf = ({ server, key, keyFile }: AgentProcess, object: string) => {
  if (keyFile !== undefined)
    return {
      env: [{ name: 'OPENAI_API_KEY_FILE', value: '/run/secrets/key/key' }],
      mounts: [{ name: 'key', mountPath: '/run/secrets/key', readOnly: true }],
      volumes: [secretVolume('key', `parley-key-${object}`)],
      shared: false,
    };
  if (key !== undefined) return { env: [keySecret(object, key)], mounts: [], volumes: [], shared: false };
  return { env: [], mounts: [], volumes: [], shared: server === undefined };
};

const deploymentOf = (agent: AgentProcess, object: string, replicas: number) => {
  const labels = {
    'app.kubernetes.io/name': `agent-${object}`,
    'app.kubernetes.io/component': 'agent',
    ...partOf,
  };
  const key = keyOf(agent, object);
  const env = [
    { name: 'ROUTER_URL', value: 'ws://router:8765' },
    { name: 'AGENT_TOKEN_FILE', value: '/run/secrets/agent/token' },
    // The kubelet and Prometheus send requests to the address of the pod.
    { name: 'AGENT_HEALTH_PORT', value: '9464' },
    ...Object.entries(agent.env).map(([name, value]) => ({ name, value: value ?? '' })),
    ...key.env,
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `agent-${object}`, labels },
    spec: {
      replicas,
      selector: { matchLabels: { 'app.kubernetes.io/name': `agent-${object}` } },
      template: {
        metadata: { labels },
        spec: {
          ...podBase,
          containers: [
            {
              name: 'agent',
              image: 'parley-agent',
              env,
              // Shared by all members: the address of the model server, the name of the model, and the key.
              envFrom: [
                { configMapRef: { name: 'parley-model', optional: true } },
                ...(key.shared ? [{ secretRef: { name: 'parley-model', optional: true } }] : []),
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
              volumeMounts: [
                { name: 'token', mountPath: '/run/secrets/agent', readOnly: true },
                tmp.mount,
                ...key.mounts,
              ],
            },
          ],
          volumes: [secretVolume('token', `parley-agent-${object}`), tmp.volume, ...key.volumes],
        },
      },
    },
  };
};

/** Requests the conversation until the router has opened it. With the idempotency key, a second run finds the same one. */
const opener = `const { env, exit } = require("node:process");
const { existsSync, readFileSync } = require("node:fs");
const file = "/run/secrets/operator/token";
const token = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
fetch("http://router:8765/v1/conversations", {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "idempotency-key": env.KEY,
    ...(token && { authorization: "Bearer " + token }),
  },
  body: env.OPENING,
}).then(async (answer) => { console.log(await answer.text()); exit(answer.ok ? 0 : 1); })`;

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
              command: ['node', '-e', opener],
              env: [
                { name: 'KEY', value: `scenario-${hash}` },
                { name: 'OPENING', value: JSON.stringify(openingOf(file.scenario)) },
              ],
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } },
              securityContext: containerSecurity,
              volumeMounts: [
                { name: 'operator', mountPath: '/run/secrets/operator', readOnly: true },
                tmp.mount,
              ],
            },
          ],
          volumes: [secretVolume('operator', 'parley-operator'), tmp.volume],
        },
      },
    },
  };
};

/** A Deployment for each member of a scenario and a Job that opens the conversation, for the router of deploy/kubernetes. */
export const kubernetesFile = (file: ScenarioFile): string => {
  const agents = agentsOf(file.scenario);
  const names = objectNames(new Set(agents.map(({ name }) => name)));
  const deployments = [...names].map(([name, object]) => {
    const replicas = agents.filter((agent) => agent.name === name);
    return deploymentOf(replicas[0] as AgentProcess, object, replicas.length);
  });
  const head = `# ${(file.scenario.title ?? file.file).replaceAll('\n', ' ')}: written by \`parley kubernetes\`. It needs the router of deploy/kubernetes in its namespace.
# Secrets, all of them optional: parley-agent-NAME (token), parley-operator (token), parley-model (OPENAI_API_KEY).
`;
  const objects = [...deployments, openerOf(file)];
  return (
    head + objects.map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
  );
};

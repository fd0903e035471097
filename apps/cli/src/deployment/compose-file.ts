import { readFileSync } from 'node:fs';
import type { Environment } from '@parley/runtime';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { type AgentProcess, agentsOf, sharedProcesses } from '../scenario/agents.ts';
import { composeKey } from '../scenario/member-key.ts';
import { openingOf } from '../scenario/opening.ts';
import type { ScenarioFile } from '../scenario/read-scenario.ts';
import { scenarioHash } from '../scenario/read-scenario.ts';
import { installation } from './installation.ts';
import { openerScript } from './opener-script.ts';

const kept = ['router', 'watch', 'parley', 'ollama', 'ollama-pull', 'prometheus', 'grafana'];
/** The agent of the template whose service builds the image of all agents. */
const builder = 'alice';
const openerName = 'open-scenario';

/** Empty when the router has no tokens. A token that is shared by all clients also has the role operator. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Compose replaces it
const operatorToken = '${PARLEY_TOKEN:-${AGENT_TOKEN:-}}';

/** Escapes dollar signs for Compose, which replaces variables: a doubled sign is a plain one. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

/**
 * The names of the services, one for each member. Compose allows lower-case letters and digits of ASCII. If the name of a member
 * gives no such name or one that is used already, its number is used. Agents are identified by AGENT_NAME, not by these names.
 */
const servicesOf = (names: Iterable<string>): ReadonlyMap<string, string> => {
  const services = new Map<string, string>();
  const taken = new Set<string>();
  let place = 0;
  for (const name of names) {
    place += 1;
    const own = `agent-${name.toLowerCase()}`;
    const fits = /^[a-z0-9._-]+$/.test(own) && !taken.has(own);
    let service = fits ? own : `agent-${place}`;
    for (let more = 2; taken.has(service); more++) service = `agent-${place}-${more}`;
    taken.add(service);
    services.set(name, service);
  }
  return services;
};

/** A service for agents. */
interface AgentService {
  readonly name: string;
  readonly environment: Environment;
  readonly volumes: readonly string[];
  readonly scale: number;
}

/** The environment of an agent with its key, as Compose reads it. */
const environmentOf = ({ env }: AgentProcess, key: ReturnType<typeof composeKey>): Environment => ({
  ...Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, literal(value ?? '')])),
  ...key.environment,
});

/** A service for each member; its replicas are those of the service. */
const ownServices = (agents: readonly AgentProcess[]): AgentService[] => {
  const names = servicesOf(new Set(agents.map(({ name }) => name)));
  return [...names].map(([member, name]) => {
    const replicas = agents.filter((agent) => agent.name === member);
    const agent = replicas[0] as AgentProcess;
    const key = composeKey(agent);
    return { name, environment: environmentOf(agent, key), volumes: key.volumes, scale: replicas.length };
  });
};

/** A service for each process, which has as many of the agents as one process can. */
const sharedServices = (agents: readonly AgentProcess[]): AgentService[] => {
  const members = [...new Set(agents.map(({ name }) => name))];
  const keyOf = (agent: AgentProcess) =>
    composeKey(agent, `/run/parley/key-${members.indexOf(agent.name) + 1}`);
  const withKeys = agents.map((agent) => ({ ...agent, env: environmentOf(agent, keyOf(agent)) }));
  return sharedProcesses(withKeys).map(({ names, env }, place) => ({
    name: place === 0 ? 'agents' : `agents-${place + 1}`,
    environment: env,
    volumes: names.flatMap((name) => keyOf(agents.find((one) => one.name === name) as AgentProcess).volumes),
    scale: 1,
  }));
};

/**
 * docker-compose.yml with the cast of a scenario instead of its agents. Hardening, networks and profiles are those of the file. The
 * result must be in the same folder, because the build contexts are relative.
 */
export const composeFile = (
  file: ScenarioFile,
  { oneProcess = false }: { readonly oneProcess?: boolean | undefined } = {},
): string => {
  const { scenario } = file;
  const document = parseDocument(readFileSync(installation.composeTemplate, 'utf8'), { merge: false });
  const services = document.get('services') as YAMLMap;
  const build = document.getIn(['services', builder, 'build']);
  const routerImage = document.getIn(['services', 'router', 'image']);
  for (const { key } of [...services.items]) {
    if (isScalar(key) && !kept.includes(String(key.value))) services.delete(key);
  }
  const alias = (anchor: string) => {
    const top = document.contents as unknown as YAMLMap;
    const source = top.items
      .map(({ value }) => value)
      .find((value) => isMap(value) && value.anchor === anchor);
    if (!isMap(source)) throw new Error(`docker-compose.yml has no anchor ${anchor}`);
    return document.createAlias(source, anchor);
  };
  const add = (name: string, service: YAMLMap) => {
    const key = document.createNode(name);
    key.spaceBefore = true;
    services.add(document.createPair(key, service));
  };
  const cast = (oneProcess ? sharedServices : ownServices)(agentsOf(scenario));
  for (const [place, { name, environment: own, volumes, scale }] of cast.entries()) {
    const environment = document.createNode({}) as unknown as YAMLMap;
    environment.add(document.createPair('<<', alias('agent-environment')));
    for (const [variable, value] of Object.entries(own))
      environment.add(document.createPair(variable, value));
    const service = document.createNode({}) as unknown as YAMLMap;
    service.add(document.createPair('<<', alias('agent')));
    // One service builds the image of all agents.
    if (place === 0) service.add(document.createPair('build', build));
    service.add(document.createPair('environment', environment));
    if (volumes.length > 0) service.add(document.createPair('volumes', volumes));
    if (scale > 1) service.add(document.createPair('scale', scale));
    add(name, service);
  }
  const once = document.createNode({
    image: routerImage,
    pull_policy: document.getIn(['services', 'router', 'pull_policy']),
    entrypoint: ['node', '-e', literal(openerScript)],
    environment: {
      KEY: `scenario-${scenarioHash(file).slice(0, 16)}`,
      OPENING: literal(JSON.stringify(openingOf(scenario))),
      PARLEY_TOKEN: operatorToken,
    },
    // Not when it is healthy: the engine asks for that every ten seconds only, and the opener waits by itself.
    depends_on: { router: { condition: 'service_started' } },
    restart: 'on-failure:5',
    deploy: { resources: { limits: { cpus: '1.0', memory: '128M', pids: 64 } } },
  }) as unknown as YAMLMap;
  once.items.unshift(document.createPair('<<', alias('hardened')) as never);
  add(openerName, once);
  document.commentBefore = ` ${scenario.title ?? file.file}: written by \`parley compose\` from docker-compose.yml.
 Run it from the folder of that file: docker compose -f THIS_FILE up
 The conversation is opened once; for another one, change KEY of ${openerName}.
 Clients on its network need no token; only loopback is published. With ROUTER_TOKENS in .env, AGENT_TOKEN
 there is the agents' and PARLEY_TOKEN an operator's, which opens the conversation; without it AGENT_TOKEN does.`;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
};

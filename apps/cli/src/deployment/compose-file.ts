import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { type AgentProcess, agentsOf } from '../scenario/agents.ts';
import { composeKey } from '../scenario/member-key.ts';
import { openingOf } from '../scenario/opening.ts';
import type { ScenarioFile } from '../scenario/read-scenario.ts';
import { scenarioHash } from '../scenario/read-scenario.ts';
import { installation } from './installation.ts';

const kept = ['router', 'watch', 'parley', 'ollama', 'ollama-pull', 'prometheus', 'grafana'];
/** The agent of the template whose service builds the image of all agents. */
const builder = 'alice';
const openerName = 'open-scenario';

/**
 * Opens the conversation when the router is healthy. The idempotency key makes a second `up` find the conversation of the first.
 * The response is in its log: for example, which token is missing.
 */
const opener = `const { env, exit } = require("node:process");
fetch("http://router:8765/v1/conversations", {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "idempotency-key": env.KEY,
    ...(env.PARLEY_TOKEN && { authorization: "Bearer " + env.PARLEY_TOKEN }),
  },
  body: env.OPENING,
}).then(async (answer) => { console.log(await answer.text()); exit(answer.ok ? 0 : 1); })`;

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

/**
 * docker-compose.yml with the cast of a scenario instead of its agents. Hardening, networks and profiles are those of the file. The
 * result must be in the same folder, because the build contexts are relative.
 */
export const composeFile = (file: ScenarioFile): string => {
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
  const replicas = new Map<string, number>();
  for (const { name } of agentsOf(scenario)) replicas.set(name, (replicas.get(name) ?? 0) + 1);
  const serviceNames = servicesOf(replicas.keys());
  for (const [name, count] of replicas) {
    const agent = agentsOf(scenario).find((one) => one.name === name) as AgentProcess;
    const key = composeKey(agent);
    const environment = document.createNode({}) as unknown as YAMLMap;
    environment.add(document.createPair('<<', alias('agent-environment')));
    for (const [variable, value] of Object.entries(agent.env))
      environment.add(document.createPair(variable, literal(value ?? '')));
    for (const [variable, value] of Object.entries(key.environment))
      environment.add(document.createPair(variable, value));
    const service = document.createNode({}) as unknown as YAMLMap;
    service.add(document.createPair('<<', alias('agent')));
    // One service builds the image of all agents.
    if (serviceNames.keys().next().value === name) service.add(document.createPair('build', build));
    service.add(document.createPair('environment', environment));
    if (key.volumes.length > 0) service.add(document.createPair('volumes', key.volumes));
    if (count > 1) service.add(document.createPair('scale', count));
    add(serviceNames.get(name) as string, service);
  }
  const once = document.createNode({
    image: routerImage,
    pull_policy: document.getIn(['services', 'router', 'pull_policy']),
    entrypoint: ['node', '-e', literal(opener)],
    environment: {
      KEY: `scenario-${scenarioHash(file).slice(0, 16)}`,
      OPENING: literal(JSON.stringify(openingOf(scenario))),
      PARLEY_TOKEN: operatorToken,
    },
    depends_on: { router: { condition: 'service_healthy' } },
    restart: 'on-failure:5',
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

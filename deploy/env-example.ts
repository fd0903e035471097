import { writeFileSync } from 'node:fs';
import type { Setting } from '@parley/kit';
import { settings as agent } from '../services/agent/src/settings.ts';
import { settings as router } from '../services/router/src/settings.ts';

type Line = Pick<Setting<unknown>, 'variable' | 'help' | 'shown' | 'secret'>;

/** What docker-compose.yml itself reads. */
const compose: readonly Line[] = [
  ['PARLEY_BIND', '127.0.0.1', 'address on which the ports below are published'],
  ['PARLEY_PORT', '8765', 'port of the router and its web page'],
  ['PARLEY_PROMETHEUS_PORT', '9090', 'port of Prometheus (profile observe)'],
  ['PARLEY_GRAFANA_PORT', '3000', 'port of Grafana (profile observe)'],
  [
    'PARLEY_OLLAMA_MODEL',
    'llama3.2:1b',
    'model that is pulled (profile ollama); OPENAI_MODEL should name it too',
  ],
].map(([variable = '', shown = '', help = '']) => ({ variable, shown, help, secret: false }));

const head = `# The settings of Parley, each with its default. Copy this file to .env and take away the # before what you set.
# \`docker compose\` reads .env for the router and all agents, and so do agents and the demo started by hand; a
# router started by hand takes its settings from the environment alone.
`;

const ollama = `# A model of your own, with \`docker compose --profile ollama up\`:
#OPENAI_BASE_URL=http://ollama:11434/v1
#OPENAI_MODEL=llama3.2:1b
`;

/** In quotes when Compose or dotenv would otherwise read something else. */
const quoted = (value: string): string => (/[\s#$'"\\]/.test(value) ? `'${value}'` : value);

const lineOf = ({ variable, help, shown, secret }: Line): string =>
  `# ${help}${secret ? ` (or ${variable}_FILE: a file that holds it)` : ''}\n#${variable}=${quoted(shown)}\n`;

const section = (title: string, lines: readonly Line[]): string =>
  `# ---- ${title} ----\n\n${lines.map(lineOf).join('')}`;

const all: readonly Line[] = Object.values(agent);
const isModel = ({ variable }: Line): boolean => variable.startsWith('OPENAI_');
const ofRouter = Object.values<Line>(router).filter(
  ({ variable }) => !all.some((line) => line.variable === variable),
);

/** The text of .env.example, made from the settings tables of the services. */
export const envExample: string = [
  head,
  `${section('The model; without a key and a base URL the agents rehearse', all.filter(isModel))}\n${ollama}`,
  section(
    'Agents',
    all.filter((line) => !isModel(line)),
  ),
  section('Router', ofRouter),
  section('Docker Compose', compose),
].join('\n');

if (import.meta.main) writeFileSync(new URL('../.env.example', import.meta.url), envExample);

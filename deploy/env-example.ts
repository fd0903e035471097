import { writeFileSync } from 'node:fs';
import { settings as agent } from '@parley/agent/settings';
import { settings as router } from '@parley/router/settings';
import {
  commandLineVariables,
  composeVariables,
  type ParleyVariable,
  type Setting,
  teamVariables,
} from '@parley/runtime';

type Line = Pick<Setting<unknown>, 'variable' | 'help' | 'shown' | 'secret'>;

const linesOf = (variables: readonly ParleyVariable[]): readonly Line[] =>
  variables.map((one) => ({ ...one, secret: false }));

const head = `# The settings of Parley, each with its default. Copy this file to .env, and remove the # in front of each setting that you change.
# \`docker compose\` and every program that is started by hand read the file .env in the folder where they start. What is set in
# the environment takes precedence. The file is read as Docker Compose reads it: # after a space begins a comment; in single quotes
# every character stands for itself; a line that could be read in two ways is refused.
`;

const ollama = `# A model of your own. On this machine, first for containers and then for programs that are started by hand:
#OPENAI_BASE_URL=http://host.docker.internal:11434/v1
#OPENAI_BASE_URL=http://localhost:11434/v1
# In a container, with \`docker compose --profile ollama up\`:
#OPENAI_BASE_URL=http://ollama:11434/v1
#OPENAI_MODEL=llama3.2:1b
`;

/** Quotes a value that Compose would otherwise read in another way. */
const quoted = (value: string): string => (/[\s#$'"\\]/.test(value) ? `'${value}'` : value);

const lineOf = ({ variable, help, shown, secret }: Line): string =>
  `# ${help}${secret ? ` (or ${variable}_FILE: a file that holds it)` : ''}\n#${variable}=${quoted(shown)}\n`;

export interface SettingSection {
  readonly title: string;
  readonly lines: readonly Line[];
}

const section = ({ title, lines }: SettingSection): string =>
  `# ---- ${title} ----\n\n${lines.map(lineOf).join('')}`;

const all: readonly Line[] = Object.values(agent);
const isModel = ({ variable }: Line): boolean => /^OPENAI_|_PROXY$/.test(variable);
const isTrace = ({ variable }: Line): boolean => variable.startsWith('OTEL_');
const ofRouter = Object.values<Line>(router).filter(
  ({ variable }) => !all.some((line) => line.variable === variable),
);

const model: SettingSection = {
  title: 'The model; without a key and a base URL the agents rehearse',
  lines: all.filter(isModel),
};

const others: readonly SettingSection[] = [
  { title: 'Agents', lines: all.filter((line) => !isModel(line) && !isTrace(line)) },
  { title: 'Router', lines: ofRouter },
  { title: 'Traces of router and agents, by the variables of OpenTelemetry', lines: all.filter(isTrace) },
  { title: 'Docker Compose', lines: linesOf(composeVariables) },
  {
    title: 'A server for a team (compose.team.yml), several routers (compose.cluster.yml)',
    lines: linesOf(teamVariables),
  },
  { title: 'The command line', lines: linesOf(commandLineVariables) },
];

/** Every setting, from the settings tables of the services. */
export const settingSections: readonly SettingSection[] = [model, ...others];

/** The text of .env.example. */
export const envExample: string = [head, `${section(model)}\n${ollama}`, ...others.map(section)].join('\n');

if (import.meta.main) writeFileSync(new URL('../.env.example', import.meta.url), envExample);

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { whoMayUse } from '@parley/runtime';
import { checkEngine } from './engine-check.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('compose');

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);

/** Settings that docker-compose.yml gives each service by itself. */
const fixed = [
  'AGENT_NAME',
  'AGENT_NAMES',
  'AGENT_TARGET',
  'AGENT_FIRST_SPEAKER',
  'AGENT_PERSONA',
  'AGENT_PROMPT_MODULE',
];

/** Who may reach the router, and with which token. */
const access = ({ env }: Surroundings, isTeam: boolean): Finding[] => {
  const bind = env.PARLEY_BIND || env.ROUTER_HOST || '127.0.0.1';
  const tokens = Boolean(
    env.ROUTER_TOKENS || env.ROUTER_TOKENS_FILE || env.ROUTER_JWT_KEY || env.ROUTER_JWKS,
  );
  const found: Finding[] = [];
  if (!isLoopback(bind) && !tokens && !isTeam && env.ROUTER_OPEN !== 'true')
    found.push(
      fault(
        `PARLEY_BIND=${bind}: others can reach the router, and no token is needed: it does not start`,
        'ROUTER_TOKENS=… and AGENT_TOKEN=… in .env (parley router token NAME), or COMPOSE_FILE=docker-compose.yml:compose.team.yml',
      ),
    );
  if (env.ROUTER_TOKENS && !env.AGENT_TOKEN && !env.AGENT_TOKEN_FILE && !isTeam)
    found.push(
      fault(
        'ROUTER_TOKENS is set, and AGENT_TOKEN is not: the agents are refused',
        'AGENT_TOKEN=… in .env: a token that ROUTER_TOKENS has',
      ),
    );
  return found;
};

/** Settings of .env that have another meaning in a container, or none. */
const settings = ({ env }: Surroundings): Finding[] => {
  const found: Finding[] = fixed.flatMap((name) =>
    env[name]
      ? [
          fault(
            `${name} is set in .env or in the shell, and docker-compose.yml gives it to each service by itself: the agents do not start`,
            `take ${name} out of .env and write it into docker-compose.override.yml (deploy/compose.override.sample.yml)`,
          ),
        ]
      : [],
  );
  const model = env.OPENAI_BASE_URL ? URL.parse(env.OPENAI_BASE_URL) : null;
  if (model && isLoopback(model.hostname)) {
    const port = model.port ? `:${model.port}` : '';
    found.push(
      fault(
        `OPENAI_BASE_URL names ${model.hostname}: in a container that is the container itself`,
        `OPENAI_BASE_URL=${model.protocol}//host.docker.internal${port}${model.pathname} in .env`,
      ),
    );
  }
  if (env.OPENAI_API_KEY_FILE)
    found.push(
      note(
        'OPENAI_API_KEY_FILE names a file of this machine: a container sees it only where it is mounted',
        'OPENAI_API_KEY=… in .env, or mount the file in docker-compose.override.yml',
      ),
    );
  return found;
};

/** The files that COMPOSE_FILE names. */
const filesOf = ({ env }: Surroundings): string[] =>
  (env.COMPOSE_FILE || 'docker-compose.yml').split(env.COMPOSE_PATH_SEPARATOR || ':').filter(Boolean);

const missingFiles = ({ folder }: Surroundings, files: readonly string[]): Finding[] =>
  files.flatMap((file) =>
    existsSync(join(folder, file))
      ? []
      : [
          fault(
            `COMPOSE_FILE names ${file}, which is not in ${folder}`,
            `correct COMPOSE_FILE in .env, or run in the folder of ${file}`,
          ),
        ],
  );

/** The agents that the Compose file of a team gives a secret. */
const secretNames = (text: string): string[] => {
  const block = /^secrets:\n((?: {2}.*\n?)+)/m.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^ {2}([\w.-]+):/gm)].map(([, name]) => name as string);
};

/** What compose.team.yml needs: a domain, and a secret for the router, each agent and the operator. */
const team = ({ env, folder }: Surroundings): Finding[] => {
  const found: Finding[] = [];
  if (!env.PARLEY_DOMAIN)
    found.push(
      fault(
        'PARLEY_DOMAIN is not set: the name under which people reach this server',
        "echo 'PARLEY_DOMAIN=parley.example.com' >>.env",
      ),
    );
  const secrets = join(folder, env.PARLEY_SECRETS || 'secrets');
  const names = secretNames(readFileSync(join(folder, 'compose.team.yml'), 'utf8'));
  for (const name of names.filter((one) => one !== 'router')) {
    const file = join(secrets, name, 'token');
    const make = `docker compose run --rm tokens ${name}${name === 'operator' ? ' --role operator' : ''}`;
    // A folder that only the user of the containers may enter cannot be looked into.
    if (!existsSync(file) && !whoMayUse(join(secrets, name), { write: false }))
      found.push(fault(`the secret of ${name} is missing: ${file}`, make));
  }
  if (!existsSync(join(secrets, 'router', 'tokens')) && !whoMayUse(join(secrets, 'router'), { write: false }))
    found.push(
      fault(
        `the router has no list of tokens: ${join(secrets, 'router', 'tokens')}`,
        'docker compose run --rm tokens operator --role operator',
      ),
    );
  return found;
};

/** What compose.cluster.yml needs: the password by which the routers are known to NATS. */
const cluster = ({ env }: Surroundings): Finding[] => {
  const { PARLEY_NATS_PASSWORD: password } = env;
  if (password && /^[a-z][\w-]{15,}$/i.test(password)) return [];
  return [
    fault(
      password
        ? 'PARLEY_NATS_PASSWORD is not usable: the configuration of NATS reads a value that begins with a digit, or has other signs, as a number'
        : 'PARLEY_NATS_PASSWORD is not set: the password of the routers at NATS',
      'echo "PARLEY_NATS_PASSWORD=p$(openssl rand -hex 24)" >>.env',
    ),
  ];
};

const isOurs = (folder: string): boolean => {
  try {
    return readFileSync(join(folder, 'docker-compose.yml'), 'utf8').includes('parley-router');
  } catch {
    return false;
  }
};

/** The files of a Compose deployment in this folder, and the engine that runs it. None here: nothing is said. */
export const checkCompose = async (around: Surroundings): Promise<Finding[]> => {
  const { folder } = around;
  if (!isOurs(folder)) return [];
  const files = filesOf(around);
  const missing = missingFiles(around, files);
  const isTeam = files.includes('compose.team.yml');
  const found = [
    ...missing,
    ...access(around, isTeam),
    ...settings(around),
    ...(isTeam && missing.length === 0 ? team(around) : []),
    ...(files.includes('compose.cluster.yml') ? cluster(around) : []),
  ];
  if (found.every(({ level }) => level !== 'fault'))
    found.push(ok('.env and the Compose files fit together'));
  return [...found, ...(await checkEngine(around))];
};

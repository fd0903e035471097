/** A variable that the command line or docker-compose.yml reads, as in .env.example. */
export interface ParleyVariable {
  readonly variable: string;
  readonly shown: string;
  readonly help: string;
}

/** The variables that docker-compose.yml itself reads. */
export const composeVariables: readonly ParleyVariable[] = [
  {
    variable: 'PARLEY_BIND',
    shown: '127.0.0.1',
    help: 'address on which the router is published; beyond loopback ROUTER_TOKENS and AGENT_TOKEN are needed',
  },
  { variable: 'PARLEY_PORT', shown: '8765', help: 'port of the router and its web page' },
  { variable: 'PARLEY_PROMETHEUS_PORT', shown: '9090', help: 'port of Prometheus (profile observe)' },
  { variable: 'PARLEY_GRAFANA_PORT', shown: '3000', help: 'port of Grafana (profile observe)' },
  {
    variable: 'PARLEY_IMAGES',
    shown: '',
    help: 'registry and folder of published images, with a / at the end, such as ghcr.io/acme/',
  },
  { variable: 'PARLEY_IMAGE_TAG', shown: 'latest', help: 'tag of the images' },
  {
    variable: 'PARLEY_PULL',
    shown: 'never',
    help: 'never: images are built here; missing or always: they are taken from PARLEY_IMAGES',
  },
  {
    variable: 'PARLEY_OLLAMA_MEMORY',
    shown: '8G',
    help: 'memory that the model server may use (profile ollama)',
  },
  {
    variable: 'PARLEY_OLLAMA_MODEL',
    shown: 'llama3.2:1b',
    help: 'model that is pulled (profile ollama); OPENAI_MODEL should name it too',
  },
];

/** The variables that compose.team.yml, compose.cluster.yml and the files in deploy/ read. */
export const teamVariables: readonly ParleyVariable[] = [
  { variable: 'PARLEY_DOMAIN', shown: '', help: 'name under which people reach the server' },
  {
    variable: 'PARLEY_CADDY',
    shown: '',
    help: 'a global option of Caddy: "local_certs" for an authority of its own, or "email you@example.com"',
  },
  { variable: 'PARLEY_HTTP_PORT', shown: '80', help: 'port on which the proxy redirects to the next one' },
  { variable: 'PARLEY_HTTPS_PORT', shown: '443', help: 'port of the proxy' },
  { variable: 'PARLEY_SECRETS', shown: 'secrets', help: 'folder of the tokens, beside compose.team.yml' },
  { variable: 'PARLEY_GRAFANA_DOMAIN', shown: '', help: 'name under which people reach Grafana' },
  { variable: 'PARLEY_GRAFANA_PASSWORD', shown: '', help: 'password of the user admin of Grafana' },
  { variable: 'PARLEY_ACME_EMAIL', shown: '', help: 'address for mail about certificates (Traefik)' },
  {
    variable: 'PARLEY_NATS_PASSWORD',
    shown: '',
    help: 'password of the routers at NATS (compose.cluster.yml); it begins with a-z',
  },
];

/** The default folder of the ledgers of `parley run` and `parley demo`, below the home directory. */
export const defaultRunsFolder = '.local/state/parley/runs';

/** The file of named routers when no other one is set, below the home directory. */
export const defaultContextsFile = '.config/parley/contexts.json';

/** The variables that the command line reads. */
export const commandLineVariables: readonly ParleyVariable[] = [
  {
    variable: 'PARLEY_TOKEN',
    shown: '',
    help: 'the token that `parley` shows to a router (or PARLEY_TOKEN_FILE: a file that holds it)',
  },
  { variable: 'PARLEY_CONTEXT', shown: '', help: 'named router that `parley` uses (`parley help context`)' },
  {
    variable: 'PARLEY_CONTEXTS',
    shown: `~/${defaultContextsFile}`,
    help: 'file in which `parley context` keeps routers and their tokens',
  },
  {
    variable: 'PARLEY_RUN_URL',
    shown: '',
    help: 'router on which `parley run` runs a scenario that names none; unset: one that it starts; in containers: that of the deployment',
  },
  {
    variable: 'PARLEY_RUNS',
    shown: `~/${defaultRunsFolder}`,
    help: 'folder in which `parley run` and `parley demo` keep the ledger of each run',
  },
  {
    variable: 'PARLEY_RUNS_KEEP',
    shown: '20',
    help: 'how many of the newest ledgers are kept there; 0 keeps none',
  },
];

/** Every known variable with the prefix PARLEY_. A similar name is refused as a misspelling. */
export const parleyVariables: readonly string[] = [
  ...[...composeVariables, ...teamVariables, ...commandLineVariables].map(({ variable }) => variable),
  'PARLEY_TOKEN_FILE',
  // Set by docker-compose.yml, for fixedByCompose and for the router.
  'PARLEY_FIXED',
  'PARLEY_PAGE',
  // Set by the images.
  'PARLEY_REVISION',
];

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { nodeOptions } from '@parley/runtime';
import { type CommandMaker, commandNamed, type Host } from '../command.ts';
import { installation } from '../deployment/installation.ts';

/** Runs one of the services with its arguments, its environment, its output and its exit code. It ends with this process. */
export const runService = (
  service: 'router' | 'agent',
  args: readonly string[],
  { env, stop }: Host,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const { services, leaveWithParent } = installation;
    const node = [...nodeOptions[service], '--import', leaveWithParent.href];
    const child = spawn(process.execPath, [...node, services[service], ...args], {
      env: { ...env },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    stop.addEventListener('abort', () => child.kill('SIGTERM'));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });

export const router: CommandMaker = (host) =>
  commandNamed(
    'router',
    'run a router; or verify, back up, restore, copy or make tokens for one',
    'Runs a router. Its settings are the variables ROUTER_* (.env.example lists them).',
  )
    .argument('[COMMAND...]', 'a command of the router and its arguments, instead of running it')
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Commands:
  verify [LEDGER]        check a ledger: exit code 1 when it is damaged
  backup [LEDGER] TO     copy a ledger, also while a router uses it; TO may be -
                         for the output
  restore FILE [LEDGER]  check a copy and put it in the ledger's place; FILE may
                         be - for the input
  import FILE [LEDGER]   append what \`parley export\` has written; FILE may be -
                         for the input
  copy FROM TO           copy a ledger from a file into NATS JetStream, or back;
                         goes on where it was interrupted
  nats-permissions       print the user that routers need in the configuration
                         of nats-server
  token OPTIONS          make a token and its line for ROUTER_TOKENS_FILE`,
    )
    .action(async (args) => host.exitWith(await runService('router', args, host)));

export const agent: CommandMaker = (host) =>
  commandNamed(
    'agent',
    'run one agent',
    'Runs one agent. Its settings are the variables AGENT_* and OPENAI_* (.env.example lists them).',
  )
    .argument('[NAME]', 'its name (default: AGENT_NAME)')
    .argument('[TARGET]', 'the agent that it addresses')
    .argument('[FIRST_SPEAKER]', 'who opens the conversation')
    .argument('[MORE...]')
    .allowUnknownOption()
    .action(async (name, target, first, more) => {
      const args = [name, target, first, ...more].filter((one) => one !== undefined);
      host.exitWith(await runService('agent', args, host));
    });

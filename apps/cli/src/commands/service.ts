import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from '../command.ts';
import { installation } from '../deployment/installation.ts';

/** A command that is one of the services: its arguments, its environment, its output and its exit code. */
const serviceCommand = (service: 'router' | 'agent', summary: string, usage: string): Command => ({
  summary,
  usage,
  run: (args, { env, stop }) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [installation.services[service], ...args], {
        env: { ...env },
        stdio: 'inherit',
      });
      stop.addEventListener('abort', () => child.kill('SIGTERM'));
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    }),
});

export const router = serviceCommand(
  'router',
  'run a router; or verify, back up, restore or make tokens for one',
  `Usage: parley router [COMMAND ARGUMENTS...]

  without COMMAND       run a router; its settings are the variables ROUTER_* (.env.example lists them)
  verify [LEDGER]       check a ledger: exit code 1 when it is damaged
  backup [LEDGER] TO    copy a ledger, also while a router uses it; TO may be - for the output
  restore FILE [LEDGER] check a copy and put it in the ledger's place; FILE may be - for the input
  token OPTIONS         make a token and its line for ROUTER_TOKENS_FILE
`,
);

export const agent = serviceCommand(
  'agent',
  'run one agent',
  `Usage: parley agent [NAME [TARGET [FIRST_SPEAKER]]]

Its settings are the variables AGENT_* and OPENAI_* (.env.example lists them).
`,
);

import { ConfigError, loadSettings, runMain, stopOnSignal, withEnvFile } from '@parley/runtime';
import { tokenCommand } from './identity/token-command.ts';
import { backupBeside } from './ledger/backup-beside.ts';
import { backup } from './ledger/backup-command.ts';
import { cannotStart, LedgerDamage } from './ledger/damage.ts';
import { importConversations } from './ledger/import-command.ts';
import { restore } from './ledger/restore-command.ts';
import { verify } from './ledger/verify-command.ts';
import { settings } from './settings.ts';
import { start } from './start.ts';

const print = (lines: readonly string[], to: NodeJS.WritableStream = process.stdout): void => {
  to.write(`${lines.join('\n')}\n`);
};

const run = async (): Promise<void> => {
  const router = await start(withEnvFile(process.env), process.argv[1] ?? '.');
  const { log, ledger, ledgerPath, stop, onFault, stopsWithinMs } = router;
  process.on('SIGUSR2', backupBeside({ ledger, path: ledgerPath, log }));
  stopOnSignal(process, { log, stop, onFault, graceMs: stopsWithinMs });
};

/** The ledger of a command without a file argument: the file that the router would open. */
const defaultLedger = (): string | undefined => {
  const { ledger } = loadSettings({ ledger: settings.ledger }, withEnvFile(process.env), { prefixes: [] });
  return ledger === 'memory' ? undefined : ledger;
};

const commands: Readonly<Record<string, (args: readonly string[]) => void | Promise<void>>> = {
  token(args) {
    const made = tokenCommand(args);
    if ('told' in made) {
      print([made.told]);
      return;
    }
    print(
      [`The token, which is shown only now: ${made.token}`, 'Its line for ROUTER_TOKENS_FILE:'],
      process.stderr,
    );
    print([made.line]);
  },
  async backup(args) {
    const { line, streamed } = await backup(args, defaultLedger());
    print([line], streamed ? process.stderr : process.stdout);
  },
  async import(args) {
    print(await importConversations(args, defaultLedger()));
  },
  async restore(args) {
    print(await restore(args, defaultLedger()));
  },
  verify(args) {
    const { lines, code } = verify(args, defaultLedger());
    process.exitCode = code;
    print(lines);
  },
};

runMain(process, 'parley-router', async () => {
  const [name, ...args] = process.argv.slice(2);
  const command = name === undefined ? run : commands[name];
  if (!command) {
    const names = Object.keys(commands).join(', ');
    throw new ConfigError([
      `there is no command ${name}; the commands are ${names}; without one the router runs`,
    ]);
  }
  try {
    await command(args);
  } catch (error) {
    throw error instanceof LedgerDamage ? cannotStart(error) : error;
  }
});

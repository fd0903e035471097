import { ConfigError, loadSettings, openLogger, runMain, stopOnSignal, withEnvFile } from '@parley/runtime';
import { dividedStreams } from './cluster/streams.ts';
import { tokenCommand } from './identity/token-command.ts';
import { backupBeside } from './ledger/commands/backup-beside.ts';
import { backup } from './ledger/commands/backup-command.ts';
import { copyCommand } from './ledger/commands/copy-command.ts';
import { importConversations } from './ledger/commands/import-command.ts';
import { restore } from './ledger/commands/restore-command.ts';
import { verify } from './ledger/commands/verify-command.ts';
import { cannotStart, LedgerDamage } from './ledger/damage.ts';
import { permissionsCommand } from './ledger/nats-permissions.ts';
import { natsPattern, natsSettings } from './ledger/nats-settings.ts';
import { ledgerFile, openLedger } from './ledger/open-ledger.ts';
import { settings } from './settings.ts';
import { start } from './start.ts';

const print = (lines: readonly string[], to: NodeJS.WritableStream = process.stdout): void => {
  to.write(`${lines.join('\n')}\n`);
};

const run = async (): Promise<void> => {
  const router = await start(withEnvFile(process.env), process.argv[1] ?? '.');
  const { log, ledger, ledgerPath, listening, stop, onFault, stopsWithinMs } = router;
  process.on('SIGUSR2', backupBeside({ ledger, path: ledgerPath, log }));
  // Another router grants the turns now, so this one must stop.
  ledger.onLost?.((why) => {
    log.error({ why }, 'another router has taken over: this one stops');
    process.kill(process.pid, 'SIGTERM');
  });
  stopOnSignal(process, { log, stop, onFault, graceMs: stopsWithinMs });
  // Last, because it says that the router takes signals too: SIGUSR2 would end a process that does not handle it.
  log.info(listening, 'listening');
};

/** The ledger of a command without a file argument: the file that the router would open, or its copy of the stream. */
const defaultLedger = (): string | undefined => {
  const { ledger, natsProjection } = settings;
  return ledgerFile(loadSettings({ ledger, natsProjection }, withEnvFile(process.env), { prefixes: [] }));
};

/** The same for a command that writes. A copy of a stream is written by its router only. */
const writableLedger = (command: string): string | undefined => {
  const { ledger } = loadSettings({ ledger: settings.ledger }, withEnvFile(process.env), { prefixes: [] });
  if (!natsPattern.test(ledger)) return defaultLedger();
  throw new ConfigError([
    `ROUTER_LEDGER: is in NATS, and ${command} writes files: name a file, and copy it into the stream with parley-router copy`,
  ]);
};

const commands: Readonly<Record<string, (args: readonly string[]) => void | Promise<void>>> = {
  token(args) {
    const made = tokenCommand(args);
    if ('note' in made) {
      print([made.note]);
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
    print(await importConversations(args, args.length > 1 ? undefined : writableLedger('import')));
  },
  async restore(args) {
    print(await restore(args, args.length > 1 ? undefined : writableLedger('restore')));
  },
  async copy(args) {
    const config = loadSettings(
      { ...natsSettings, logLevel: settings.logLevel, logFormat: settings.logFormat },
      withEnvFile(process.env),
      { prefixes: [] },
    );
    const log = await openLogger('router', {
      level: config.logLevel,
      format: config.logFormat,
      colour: false,
    });
    const open = (ledger: string) => openLedger({ ...config, ledger }, log);
    print([await copyCommand(args, open, (line) => print([line], process.stderr))]);
  },
  'nats-permissions'(args) {
    const { natsStream, natsStreams } = natsSettings;
    const config = loadSettings({ natsStream, natsStreams }, withEnvFile(process.env), { prefixes: [] });
    const names = dividedStreams(config)?.streams.map(({ name }) => name);
    print([permissionsCommand(args, config.natsStream, names)]);
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

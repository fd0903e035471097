import { userPath } from '@parley/runtime';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { runService } from '../service.ts';

export const importCommand: CommandMaker = (host) =>
  commandNamed(
    'import',
    'put exported conversations into a ledger',
    'Appends the conversations of a file that `parley export --format jsonl` has written to a ledger, with their ids, entries and times. The router of that ledger must be stopped. Nothing is imported when one of them is in the ledger already, is damaged, or is the perspective of a member.',
  )
    .argument('<FILE>', 'the exported file, or - for the input')
    .option('--ledger <FILE>', 'the ledger (default: ROUTER_LEDGER, else data/ledger.sqlite)')
    .addHelpText(
      'after',
      `
In containers, with the router stopped:
  docker compose run --rm -T --no-deps router import - <ledger.jsonl`,
    )
    .action(async (file, { ledger }) => {
      const path = (one: string) => (one === '-' ? one : userPath(one, host.env));
      const args = ['import', path(file), ...(ledger === undefined ? [] : [path(ledger)])];
      host.exitWith(await runService('router', args, host));
    });

import { StartedProcess } from './started-process.ts';

const quick = { AGENT_REHEARSAL_DELAY_MS: '1' };

/** `parley` as a process. The models rehearse, unless `env` says otherwise. */
export const parley = (args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedProcess =>
  new StartedProcess(`parley ${args.join(' ')}`, process.execPath, {
    args: ['apps/cli/src/main.ts', ...args],
    // Set, so that the .env of the developer cannot set them.
    env: { ...quick, AGENT_MODEL_KIND: 'rehearsal', OPENAI_API_KEY: '', OPENAI_BASE_URL: '', ...env },
  });

/** What a command that succeeds prints. */
export const answerOf = async (...args: readonly string[]): Promise<string> => {
  const process = parley(args);
  const { code } = await process.exit(60_000);
  if (code !== 0) throw new Error(`${process.title} exited ${code}: ${process.stderr}${process.stdout}`);
  return process.stdout;
};

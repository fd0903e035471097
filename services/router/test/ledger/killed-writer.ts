import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('ledger-writer.ts', import.meta.url));

export interface Acknowledged {
  readonly entries: number;
  readonly logBytes: number;
}

/** Starts a process that appends, kills it after so many acknowledgements, and tells what it had acknowledged. */
export const killedWriter = async (
  path: string,
  { appends, killAfter = appends }: { appends: number; killAfter?: number },
): Promise<Acknowledged[]> => {
  const writer = spawn(process.execPath, [program, path, String(appends)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(writer, 'exit');
  let output = '';
  for await (const part of writer.stdout.setEncoding('utf8')) {
    output += part;
    if (output.split('\n').length > killAfter) writer.kill('SIGKILL');
  }
  const [code, signal] = await gone;
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${code}`);
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [entries, logBytes] = line.split(' ').map(Number) as [number, number];
      return { entries, logBytes };
    });
};

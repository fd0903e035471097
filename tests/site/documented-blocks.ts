import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../harness/started-process.ts';

/** A block of shell commands of a page, and what runs it. */
export type Block =
  | { readonly kind: 'run' | 'background'; readonly name: string; readonly code: string }
  /** Run by a test elsewhere. */
  | { readonly kind: 'tested'; readonly file: string; readonly title: string; readonly code: string }
  /** Nothing says what runs it. */
  | { readonly kind: 'unmarked'; readonly code: string };

const kindOf = (mark: string | undefined, code: string): Block => {
  const [, run] = /^run: (.+)$/.exec(mark ?? '') ?? [];
  if (run) return { kind: 'run', name: run, code };
  const [, background] = /^run in background: (.+)$/.exec(mark ?? '') ?? [];
  if (background) return { kind: 'background', name: background, code };
  const [, file, title] = /^tested: ([^:]+): (.+)$/.exec(mark ?? '') ?? [];
  return file && title ? { kind: 'tested', file, title, code } : { kind: 'unmarked', code };
};

/** A page with blocks of commands, and with files that a reader is told to save. */
export const documentedPage = (path: string) => {
  const text = readFileSync(join(repository, path), 'utf8');
  const blocks = [...text.matchAll(/(?:^ *<!-- (.+?) -->\n)?^ *```sh\n([\s\S]*?)^ *```$/gm)].map(
    ([, mark, code = '']) => kindOf(mark, code),
  );
  const files = [...text.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', content = '']) => [name, content] as const,
  );
  return { blocks, files };
};

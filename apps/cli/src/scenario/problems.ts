import { nearest } from '@parley/runtime';
import { type Document, isAlias, type LineCounter, type Node } from 'yaml';

/** A problem of a scenario file with the place at which it can be fixed. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Collects all problems of one file, so that the user sees all of them at once. */
export class Problems {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #found: Problem[] = [];
  readonly #path: string[] = [];

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  /** The place of a node, or of the nearest node that has a place. */
  at(node: unknown, text: string): void {
    const range = (node as Node | null | undefined)?.range ?? this.#nearestRange();
    const { line, col } = range ? this.#lines.linePos(range[0] as number) : { line: 1, col: 1 };
    const path = this.#path.join('.');
    this.#found.push({ line, column: col, text: path === '' ? text : `${path}: ${text}` });
  }

  /** As `at`, for the node at `path`, or for the node around it when there is none. */
  atPath(path: readonly string[], text: string): void {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = this.#document.getIn(path.slice(0, depth), true) as Node | undefined;
      if (!node?.range) continue;
      const { line, col } = this.#lines.linePos(node.range[0]);
      this.#found.push({ line, column: col, text: `${path.join('.')}: ${text}` });
      return;
    }
    this.#found.push({ line: 1, column: 1, text: `${path.join('.')}: ${text}` });
  }

  within<T>(key: string, read: () => T): T {
    this.#path.push(key);
    try {
      return read();
    } finally {
      this.#path.pop();
    }
  }

  /** The node that an alias refers to. */
  resolve(node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined;
  }

  /** "; did you mean X?" when one of the words is similar. */
  nearest(word: string, words: readonly string[]): string {
    const known = nearest(
      word.toLowerCase(),
      words.map((one) => one.toLowerCase()),
    );
    const meant = word.length > 2 ? words.find((one) => one.toLowerCase() === known) : undefined;
    return meant === undefined ? '' : `; did you mean ${meant}?`;
  }

  get found(): readonly Problem[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  #nearestRange(): readonly number[] | undefined {
    for (let depth = this.#path.length; depth >= 0; depth--) {
      const node = this.#document.getIn(this.#path.slice(0, depth), true) as Node | undefined;
      if (node?.range) return node.range;
    }
    return undefined;
  }
}

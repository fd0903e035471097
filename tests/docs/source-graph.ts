import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { repository } from '../harness/started-process.ts';

const ignored = (path: string): boolean => /(^|\/)(node_modules|dist)(\/|$)/.test(path);

/** Paths of the repository that fit a pattern, in order. */
export const find = (...patterns: string[]): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: repository }))
    .filter((path) => !ignored(path))
    .sort();

export const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

/** The code of a source file without its comments. */
export const code = (path: string): string =>
  read(path)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');

/** What a source file imports: modules by their names, files by their paths in the repository. */
export const importsOf = (path: string): string[] => {
  const text = code(path);
  const named = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'"();]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ].map(([, module]) => module as string);
  return named.map((module) => (module.startsWith('.') ? normalize(join(dirname(path), module)) : module));
};

export const everyImport = (...patterns: string[]): { path: string; module: string }[] =>
  find(...patterns).flatMap((path) => importsOf(path).map((module) => ({ path, module })));

/** The imports that break a rule, each as a line of text. */
export const breaches = (
  patterns: string | readonly string[],
  allowed: (module: string, path: string) => boolean,
): string[] =>
  everyImport(...[patterns].flat())
    .filter(({ path, module }) => !allowed(module, path))
    .map(({ path, module }) => `${path} imports ${module}`);

export const within = (folder: string, path: string): boolean => !relative(folder, path).startsWith('..');

export const isBuiltin = (module: string): boolean =>
  module.startsWith('node:') || builtinModules.includes(module);

/** The groups of two or more files that import each other in a circle, by Tarjan's algorithm. */
export const cycles = (graph: ReadonlyMap<string, readonly string[]>): string[][] => {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) as number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next))
        lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
};

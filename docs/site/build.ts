/**
 * Builds the documentation as a site of plain files in dist/docs: `npm run -s site`. It can be served by any web server, and be
 * opened from the disk.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { searchOptions } from './browser/search-options.ts';
import { contents, fileOf } from './contents.ts';
import { documentOf, type Page } from './page.ts';
import { madePages } from './reference/made-pages.ts';
import { rendered } from './rendered.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const out = join(repository, process.argv[2] ?? 'dist/docs');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

const manifest = JSON.parse(read('package.json')) as { repository: { url: string } };
const address = `${manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/main`;

const sections = contents(repository);
const paths = new Set(sections.flatMap(({ pages }) => pages.map(({ path }) => path)));
const made = madePages();

const pages: readonly Page[] = sections.flatMap(({ title, pages: sources }) =>
  sources.map(({ path, name }): Page => {
    const page = rendered(path, made.get(path) ?? read(path), { pages: paths, repository: address });
    const heading = page.headings[0]?.text ?? path;
    return {
      path,
      name: name?.startsWith('ADR') ? `${name}: ${heading.replace(/^\d+\. /, '')}` : (name ?? heading),
      section: title,
      rendered: page,
    };
  }),
);

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  writeFileSync(join(out, file), text);
};

rmSync(out, { recursive: true, force: true });
for (const page of pages) write(fileOf(page.path), documentOf(page, pages));
for (const image of new Set(pages.flatMap(({ rendered: { images } }) => images))) {
  const file = join(out, image.replace(/^docs\//, ''));
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(join(repository, image), file);
}
copyFileSync(join(repository, 'apps/console/icon.svg'), join(out, 'icon.svg'));

const index = new MiniSearch(searchOptions);
index.addAll(
  pages.flatMap(({ path, name, rendered: { parts } }) =>
    parts
      .filter(({ heading, text }) => heading !== undefined || text.trim() !== '')
      .map(({ heading, text }) => ({
        id: `${fileOf(path)}${heading && heading.depth > 1 ? `#${heading.id}` : ''}`,
        page: name,
        heading: heading?.text ?? '',
        text: text.replaceAll(/\s+/g, ' ').trim(),
      }))
      // What stands before the first heading is found by the page itself.
      .filter(({ id }, place, all) => all.findIndex((one) => one.id === id) === place),
  ),
);
// A script and not JSON: a page that was opened from the disk may load no data.
write('search-index.js', `globalThis.parleySearchIndex = ${JSON.stringify(JSON.stringify(index))};\n`);

await build({
  entryPoints: ['browser/site.ts', 'site.css'].map((file) => ({
    in: join(repository, 'docs/site', file),
    out: 'site',
  })),
  outdir: out,
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  minify: true,
  logLevel: 'warning',
});
console.info(`${pages.length} pages in ${out}`);

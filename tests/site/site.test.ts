import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, type LookedAt, openBrowser, openPage } from '../console/looked-at.ts';
import { violations } from '../console/violations.ts';
import { repository } from '../harness/started-process.ts';

const site = mkdtempSync(join(tmpdir(), 'parley-site-'));
afterAll(() => rmSync(site, { recursive: true, force: true }));

let files: readonly string[];
const htmlOf = (file: string): string => readFileSync(join(site, file), 'utf8');
beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, ['docs/site/build.ts', relative(repository, site)], {
    cwd: repository,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  files = globSync('**/*.html', { cwd: site });
});

const attributes = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  );

describe('The site of the documentation', () => {
  it('the site has a page for each document of docs, and each can be reached from every page', () => {
    const documents = globSync(['docs/*.md', 'docs/how-to/*.md', 'docs/adr/*.md'], { cwd: repository });
    expect(documents.length).toBeGreaterThan(60);
    const missing = documents.filter((path) => !existsSync(join(site, path.slice(5).replace(/md$/, 'html'))));
    expect(missing).toEqual([]);
    for (const file of files) {
      const targets = attributes(htmlOf(file), 'href').map((href) =>
        join(dirname(file), href.split('#')[0] ?? ''),
      );
      expect(
        files.filter((other) => other !== file && !targets.includes(other)),
        file,
      ).toEqual([]);
    }
  });

  it('every link inside the site leads to a page, and to a part that is there', () => {
    const ids = new Map(files.map((file) => [file, new Set(attributes(htmlOf(file), 'id'))]));
    const broken = files.flatMap((file) =>
      attributes(htmlOf(file), 'href')
        .filter((href) => !/^(https?|mailto|ws):/.test(href))
        .filter((href) => {
          const [path = '', id] = href.split('#');
          const target = path === '' ? file : join(dirname(file), path);
          if (!existsSync(join(site, target))) return true;
          return id !== undefined && !ids.get(target)?.has(decodeURIComponent(id));
        })
        .map((href) => `${file}: ${href}`),
    );
    expect(broken).toEqual([]);
  });

  it('every link from the site to a file of the repository names one that exists', () => {
    const marker = '/blob/main/';
    const broken = files.flatMap((file) =>
      attributes(htmlOf(file), 'href')
        .filter((href) => href.includes(marker))
        .map((href) => (href.split(marker)[1] ?? '').split('#')[0] ?? '')
        .filter((path) => !existsSync(join(repository, path)))
        .map((path) => `${file}: ${path}`),
    );
    expect(broken).toEqual([]);
  });

  it('the site loads nothing from elsewhere, and all that it loads is there', () => {
    for (const file of files) {
      const html = htmlOf(file);
      const loaded = [
        ...attributes(html, 'src'),
        ...[...html.matchAll(/<link rel="(?:icon|stylesheet)" href="([^"]+)"/g)].map(([, href = '']) => href),
      ];
      expect(
        loaded.filter((one) => !existsSync(join(site, dirname(file), one))),
        file,
      ).toEqual([]);
    }
  });

  it('the reference has every setting, every path of the HTTP interface, every frame and every key of a scenario', () => {
    const settings = readFileSync(join(repository, '.env.example'), 'utf8').matchAll(
      /^#([A-Z][A-Z0-9_]+)=/gm,
    );
    const page = htmlOf('reference/settings.html');
    expect(
      [...settings].map(([, name]) => name).filter((name) => !page.includes(`<code>${name}</code>`)),
    ).toEqual([]);
    const { paths } = JSON.parse(readFileSync(join(repository, 'docs/openapi.json'), 'utf8')) as {
      paths: object;
    };
    for (const path of Object.keys(paths)) expect(htmlOf('reference/http.html')).toContain(`${path} <a`);
    for (const frame of ['register', 'say', 'turn', 'chunk', 'message', 'leave'])
      expect(htmlOf('reference/frames.html')).toContain(`>${frame} <a`);
    for (const key of ['topic', 'cast.NAME.persona', 'limits.cost', 'turn.pace', 'endings.quorum'])
      expect(htmlOf('reference/scenario-keys.html')).toContain(`<code>${key}</code>`);
  });

  it('HTML that stands in a document is shown as text', () => {
    for (const file of files)
      expect(htmlOf(file).match(/<main[\s\S]*<\/main>/)?.[0]).not.toMatch(/<script|<iframe|<!--/);
  });
});

describe.skipIf(!executablePath)('The site, in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let looked: LookedAt;
  const addressOf = (file: string): string => pathToFileURL(join(site, file)).href;
  beforeAll(async () => {
    browser = await openBrowser();
    looked = await openPage(browser);
  });
  afterAll(() => browser?.close());

  it('a reader finds a part of a page by a few words, with the keyboard alone, also when the site is opened from the disk', async () => {
    const { page } = looked;
    await page.goto(addressOf('how-to/deploy.html'));
    await page.keyboard.press('/');
    await looked.focused('#search');
    await page.keyboard.type('rotate tok');
    await looked.see('#found-count', /\d+ found/);
    await looked.see('#found a', 'A server for a team');
    await page.keyboard.press('ArrowDown');
    await looked.focused('#found a');
    await page.keyboard.press('Escape');
    await looked.gone('#found a');
    await page.locator('#search').fill('987654321987');
    await looked.see('#found-count', 'Nothing found');
    await page.locator('#search').fill('ten minutes tutorial');
    await page.locator('#found a').first().click();
    await looked.see('h1', 'Tutorial: ten minutes');
    expect(looked.faults).toEqual([]);
  });

  it.each(['index.html', 'tutorial.html', 'reference/settings.html'])(
    'axe finds no fault in %s, light and dark, and it fits a screen of 375 pixels',
    async (file) => {
      const { page } = looked;
      await page.goto(addressOf(file));
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 375, height: 700 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );
});

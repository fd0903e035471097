import { settingSections } from '../../../deploy/env-example.ts';
import openapi from '../../openapi.json' with { type: 'json' };
import clientFrames from '../../schema/parley.v1.client.json' with { type: 'json' };
import routerFrames from '../../schema/parley.v1.router.json' with { type: 'json' };
import plainClientFrames from '../../schema/plain.client.json' with { type: 'json' };
import plainRouterFrames from '../../schema/plain.router.json' with { type: 'json' };
import scenario from '../../schema/scenario.json' with { type: 'json' };
import { framesPage } from './frames-page.ts';
import { httpPage, type OpenApi } from './http-page.ts';
import { keysPage } from './keys-page.ts';
import type { Schema } from './schema-text.ts';
import { settingsPage } from './settings-page.ts';

/** Pages of reference as Markdown, from what the programs themselves are made of. */
export const madePages = (): ReadonlyMap<string, string> =>
  new Map([
    ['reference/settings.md', settingsPage(settingSections)],
    ['reference/http.md', httpPage(openapi as unknown as OpenApi)],
    [
      'reference/frames.md',
      framesPage([
        ['What an agent sends (parley.v1)', clientFrames as unknown as Schema],
        ['What the router sends (parley.v1)', routerFrames as unknown as Schema],
        ['What a plain client sends', plainClientFrames as unknown as Schema],
        ['What the router sends to a plain client', plainRouterFrames as unknown as Schema],
      ]),
    ],
    ['reference/scenario-keys.md', keysPage(scenario as unknown as Schema)],
  ]);

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The places of the parts of Parley. The npm package has bundles beside this one; a clone has the sources. */
export interface Installation {
  readonly version: string;
  /** The module that Node loads before a service that the command line starts. */
  readonly leaveWithParent: URL;
  readonly services: Readonly<Record<'router' | 'agent', string>>;
  /** The Compose file that `parley compose` fills in. */
  readonly composeTemplate: URL;
}

const beside = (path: string): URL => new URL(path, import.meta.url);
const versionIn = (manifest: URL): string =>
  (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;

const packaged = existsSync(beside('router.mjs'));

export const installation: Installation = packaged
  ? {
      version: versionIn(beside('../package.json')),
      leaveWithParent: beside('leave-with-parent.mjs'),
      services: { router: fileURLToPath(beside('router.mjs')), agent: fileURLToPath(beside('agent.mjs')) },
      composeTemplate: beside('docker-compose.yml'),
    }
  : {
      version: versionIn(beside('../../package.json')),
      leaveWithParent: beside('leave-with-parent.ts'),
      services: {
        router: fileURLToPath(beside('../../../../services/router/src/main.ts')),
        agent: fileURLToPath(beside('../../../../services/agent/src/main.ts')),
      },
      composeTemplate: beside('../../../../docker-compose.yml'),
    };

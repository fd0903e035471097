import { writeFileSync } from 'node:fs';
import { commandReference } from './src/reference.ts';

writeFileSync(new URL('../../docs/cli.md', import.meta.url), commandReference());

import { spawnSync } from 'node:child_process';
import { repository } from './started-process.ts';

/** Before all tests of the whole system: the page that a router serves is that of these sources. */
export default (): void => {
  const { status, stderr } = spawnSync(process.execPath, ['build.ts', 'console'], {
    cwd: repository,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the console could not be built: ${stderr}`);
};

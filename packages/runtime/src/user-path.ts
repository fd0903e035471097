import { dirname, isAbsolute, resolve } from 'node:path';

interface Environment {
  readonly [variable: string]: string | undefined;
}

/**
 * The folder in which the user stands. `npm run` starts a script in the folder of its package.json and keeps the
 * user's own in INIT_CWD. A process that was started elsewhere by such a script stands where it was started.
 */
const userFolder = (env: Environment, cwd: string): string => {
  const { INIT_CWD: user, npm_package_json: manifest } = env;
  return user !== undefined && manifest !== undefined && dirname(manifest) === cwd ? user : cwd;
};

/** A path that a user wrote, as an absolute one: relative to the folder in which the user stands. */
export const userPath = (path: string, env: Environment, cwd = process.cwd()): string =>
  isAbsolute(path) ? path : resolve(userFolder(env, cwd), path);

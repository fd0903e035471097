import { dirname, isAbsolute, resolve } from 'node:path';

interface Environment {
  readonly [variable: string]: string | undefined;
}

/**
 * The working directory of the user. `npm run` starts a script in the folder of its package.json and passes the directory of the
 * user in INIT_CWD. A process that such a script started in another folder keeps that folder.
 */
const userFolder = (env: Environment, cwd: string): string => {
  const { INIT_CWD: user, npm_package_json: manifest } = env;
  return user !== undefined && manifest !== undefined && dirname(manifest) === cwd ? user : cwd;
};

/** A path from a user as an absolute path, relative to the working directory of the user. */
export const userPath = (path: string, env: Environment, cwd = process.cwd()): string =>
  isAbsolute(path) ? path : resolve(userFolder(env, cwd), path);

import { type RouterChoice, routerOf } from '../api/named-router.ts';
import { RouterApi } from '../api/router-api.ts';
import { UsageError } from '../arguments.ts';
import type { Host } from '../command.ts';
import { KeptRun } from './kept-run.ts';
import { OwnDeployment } from './own-deployment.ts';

export interface ChosenRouter extends AsyncDisposable {
  readonly api: RouterApi;
}

/** A router on the ledger of a kept run. It stops when it is disposed of. */
export const routerOfRun = async (
  which: string,
  host: Host,
  port = 0,
): Promise<ChosenRouter & { readonly run: KeptRun; readonly halted: AbortSignal }> => {
  const run = KeptRun.open(which, host.env);
  try {
    const deployment = await OwnDeployment.create({
      port,
      env: host.env,
      ledger: run.ledger,
      stop: host.stop,
      onLog: () => {},
    });
    const dispose = async () => {
      await deployment[Symbol.asyncDispose]();
      run[Symbol.dispose]();
    };
    try {
      const api = new RouterApi(await deployment.startRouter(), deployment.halted);
      return { api, run, halted: deployment.halted, [Symbol.asyncDispose]: dispose };
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    run[Symbol.dispose]();
    throw error;
  }
};

/** The router that the options select: a running one, or one on a kept run for the time of the command. */
export const chosenRouter = async (
  options: RouterChoice & { readonly run?: string | undefined },
  host: Host,
): Promise<ChosenRouter> => {
  if (options.run === undefined)
    return { api: routerOf(options, host), [Symbol.asyncDispose]: () => Promise.resolve() };
  const other = options.url === undefined ? options.context && '--context' : '--url';
  if (other) throw new UsageError(`${other} and --run: give one of the two`);
  return routerOfRun(options.run, host);
};

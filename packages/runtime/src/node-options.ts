/**
 * Options that Node gets wherever a service is started: by the images, by the npm scripts, by the command line and by the
 * benchmarks (ADR 33). They belong on the command line of Node. V8 reads its flags at its start; `--optimize-for-size`, set
 * later by the program itself, let one in ten agents hang when it should exit.
 */
export const nodeOptions: Readonly<Record<'router' | 'agent', readonly string[]>> = {
  // A larger young generation only holds more garbage for each connection. Its collections are short: on two cores that are
  // busy, the threads that would share one cost more than they take over (ADR 66).
  router: ['--max-semi-space-size=16', '--no-parallel-scavenge', '--expose-gc'],
  agent: [
    // Young objects: 1 MiB before each scavenge, not up to 16 MiB.
    '--max-semi-space-size=1',
    // Old objects: collected after less growth.
    '--optimize-for-size',
    // One of the two optimising compilers takes 13 MiB.
    '--no-maglev',
  ],
};

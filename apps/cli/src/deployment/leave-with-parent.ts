import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * Loaded by `node --import` into every service that the CLI starts. When the CLI ends, even by `kill -9`, the channel to it closes
 * and the service stops as on SIGTERM, so that no process is left.
 */
const leave = () => {
  // The CLI read the output. The logger would try to write what is left to a broken pipe again and again, and never exit.
  for (const descriptor of [1, 2]) {
    try {
      closeSync(descriptor);
      // The lowest free descriptor is taken: the one that was just closed.
      openSync(devNull, 'w');
    } catch {
      // Closed already: then nothing is written there.
    }
  }
  process.kill(process.pid, 'SIGTERM');
};

process.once('disconnect', leave);
process.channel?.unref();
if (!process.connected) leave();

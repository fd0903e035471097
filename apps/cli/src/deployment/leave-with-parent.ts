/**
 * Loaded by `node --import` into every service that the CLI starts. When the CLI ends, even by `kill -9`, the channel to it closes
 * and the service stops as on SIGTERM, so that no process is left.
 */
const leave = () => process.kill(process.pid, 'SIGTERM');

process.once('disconnect', leave);
process.channel?.unref();
if (!process.connected) leave();

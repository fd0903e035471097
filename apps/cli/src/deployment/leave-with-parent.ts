/**
 * Loaded by `node --import` into every service that the CLI starts. When the CLI is gone, even by `kill -9`, the
 * channel to it closes and the service stops as at SIGTERM: nothing is left behind.
 */
const leave = () => process.kill(process.pid, 'SIGTERM');

process.once('disconnect', leave);
process.channel?.unref();
if (!process.connected) leave();

import { setPriority } from 'node:os';
import { seeded } from '../harness/seeded.ts';
import { fuzz } from './fuzz.ts';

/**
 * `node attack.ts PORT FRAMES WORKERS`: fuzzes a router from a process of its own, so that it does not use the event loop of the test.
 * Tells its parent how many frames it sent. The seed is that of PARLEY_SEED.
 */
const [port, frames, workers] = process.argv.slice(2).map(Number);
if (!port || !frames || !workers) throw new Error('usage: node attack.ts PORT FRAMES WORKERS');
// What is measured is the router, not who gets the processor of a small machine.
setPriority(19);
const sent = await fuzz({ port, frames, workers, random: seeded('fuzz') });
process.send?.({ sent });
process.disconnect?.();

#!/usr/bin/env node
// Plain and old JavaScript: it must run on the Node that is too old for the rest, to say so.
const { version } = process;
if (Number(version.slice(1).split('.')[0]) < 24) {
  console.error(`parley: needs Node 24 or later, and this is ${version}`);
  process.exitCode = 1;
} else {
  import('../dist/parley.mjs').catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

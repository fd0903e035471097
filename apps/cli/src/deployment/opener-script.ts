/**
 * A program for Node in the image of the router. It opens the conversation in OPENING as soon as the router answers. With the
 * idempotency key in KEY a second run finds the conversation of the first. What it prints is for the log: for example, which token
 * is missing.
 */
export const openerScript = `const { env, exit } = require("node:process");
const { existsSync, readFileSync } = require("node:fs");
const file = "/run/secrets/operator/token";
const token = env.PARLEY_TOKEN || (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
const ask = () => fetch("http://router:8765/v1/conversations", {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "idempotency-key": env.KEY,
    ...(token && { authorization: "Bearer " + token }),
  },
  body: env.OPENING,
});
const open = (left) => {
  const again = (why) => {
    if (left === 0) {
      console.log("the router at http://router:8765 does not answer: " + why);
      exit(1);
    }
    setTimeout(open, 500, left - 1);
  };
  ask().then(async (answer) => {
    if (answer.status === 503) return again(await answer.text());
    console.log(await answer.text());
    exit(answer.ok ? 0 : 1);
  }).catch((error) => again(String(error.cause ?? error)));
};
open(240);`;

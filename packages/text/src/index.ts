export { type Fingerprint, fingerprintOf, likeness, maxRuns } from './fingerprint.ts';
export { saysGoodbye } from './goodbyes.ts';
export { fnv1a } from './hash.ts';
export { phraseIn } from './phrases.ts';
export { sentenceEnds, unspacedScripts } from './scripts.ts';
export { eachWord } from './words.ts';

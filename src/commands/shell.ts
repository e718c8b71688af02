/** `taskshell …`, and `taskmaster VERB …`, which is the same. */

export { run } from '../cli/main.ts';

/**
 * Compiles the case with so many rules as the first thing of its process, and prints what it took as JSON. With
 * `--expose-gc` the memory kept is measured after a collection.
 */
import { readFileSync } from 'node:fs';
import { compilePolicy, compilePolicyAsync, type PreparedQuery } from '@writ/rego';
import { rulesCase } from './cases.ts';

const { modules, path, inputs } = rulesCase(Number(process.argv[2]));
const sources = Object.entries(modules).map(([file, text]) => ({ file, text }));
const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
collect();
const before = process.memoryUsage().heapUsed;
const start = performance.now();
const { policy } = compilePolicy(sources);
const query: PreparedQuery | undefined = policy?.prepare(path);
const millis = performance.now() - start;
const answered = performance.now();
const result = query?.evaluate(inputs[0] as never);
const firstMillis = performance.now() - answered;
collect();
const heapBytes = process.memoryUsage().heapUsed - before;
const resident = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
if (result?.kind !== 'value' || query === undefined) throw new Error('the policy gives no value');
// The same again, in slices: how long the longest one held the event loop, in this thread's processor time. What other
// processes take meanwhile does not count.
const busy = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let longest = 0;
let began = busy();
const pause = (): Promise<void> => {
  longest = Math.max(longest, busy() - began);
  return new Promise((resolve) => {
    setImmediate(() => {
      began = busy();
      resolve();
    });
  });
};
await compilePolicyAsync(sources, { pause });
const sliceMillis = Math.max(longest, busy() - began);
console.log(
  JSON.stringify({
    sliceMillis,
    millis,
    firstMillis,
    heapBytes,
    residentBytes: Number(resident ?? 0) * 1024,
  }),
);

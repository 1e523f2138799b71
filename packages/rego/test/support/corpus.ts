import type { OracleCase } from '@writ/testing';
import type { CustomBuiltin, compilePolicy } from '../../src/index.ts';
import { BuiltinError } from '../../src/index.ts';
import { nodeCrypto, nodeNetwork } from '../../src/node.ts';
import { compileOnAll } from './back-ends.ts';
import type { CaseOutcome } from './corpus-case.ts';
import { runCaseOn } from './corpus-case.ts';

/** OPA's runner registers this one: it waits, and gives null. */
const SLEEP: CustomBuiltin = {
  name: 'test.sleep',
  args: [{ type: 'string' }],
  result: { type: 'null' },
  call: (_context, duration) => {
    const milliseconds = /^(\d+)ms$/.exec(String(duration))?.[1];
    if (milliseconds === undefined) return new BuiltinError('eval_builtin_error', 'not in milliseconds');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds));
    return null;
  },
};

/** Runs one case the way OPA's own runner does, on every back end unless `compile` says otherwise. */
export function runCase(
  testCase: OracleCase,
  version: 0 | 1,
  compile: typeof compilePolicy = compileOnAll,
): Promise<CaseOutcome> {
  const ground = {
    compile: (sources: Parameters<typeof compilePolicy>[0]) => compile(sources, { builtins: [SLEEP] }),
    network: nodeNetwork(),
    host: { crypto: nodeCrypto },
  };
  return runCaseOn(ground, testCase, version);
}

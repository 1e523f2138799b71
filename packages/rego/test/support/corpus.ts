import type { OracleCase } from '@writ/testing';
import type { compilePolicy } from '../../src/index.ts';
import { nodeCrypto, nodeNetwork } from '../../src/node.ts';
import { compileOnAll } from './back-ends.ts';
import type { CaseOutcome } from './corpus-case.ts';
import { runCaseOn } from './corpus-case.ts';

/** Runs one case the way OPA's own runner does, on every back end unless `compile` says otherwise. */
export function runCase(
  testCase: OracleCase,
  version: 0 | 1,
  compile: typeof compilePolicy = compileOnAll,
): Promise<CaseOutcome> {
  const ground = { compile, network: nodeNetwork(), host: { crypto: nodeCrypto } };
  return runCaseOn(ground, testCase, version);
}

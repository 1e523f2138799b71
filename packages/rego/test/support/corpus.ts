import type { OracleCase } from '@writ/testing';
import { nodeCrypto, nodeNetwork } from '../../src/node.ts';
import { compileOnAll } from './back-ends.ts';
import type { CaseOutcome } from './corpus-case.ts';
import { runCaseOn } from './corpus-case.ts';

/** Runs one case the way OPA's own runner does, on every back end. */
export function runCase(testCase: OracleCase, version: 0 | 1): Promise<CaseOutcome> {
  const ground = { compile: compileOnAll, network: nodeNetwork(), host: { crypto: nodeCrypto } };
  return runCaseOn(ground, testCase, version);
}

import { expect, it } from 'vitest';
import * as pdp from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(pdp).sort()).toEqual([
    'BUDGET_LIMIT_MAX',
    'DECISION_PROCEDURES',
    'DEFAULT_LIMITS',
    'TURN_CODE',
    'assess',
    'consult',
    'createBundleDesk',
    'createDecisionPoint',
    'createHttpApi',
    'createManagedOpaEngine',
    'createPolicySet',
    'createPolicySource',
    'createRegoEngine',
    'createRemoteOpaEngine',
    'createToken',
    'loadFirst',
    'loadPolicies',
    'modeFor',
    'operatorProof',
    'parsePointCredentials',
    'readBudgets',
    'readOperatorToken',
    'readPointCredentials',
    'refusedClaim',
    'reloadPolicies',
    'remotesOf',
    'renderLoadFailure',
    'staleReason',
    'tokenDigest',
    'watchPolicies',
  ]);
});

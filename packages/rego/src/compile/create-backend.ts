import type { Backend } from '../eval/backend.ts';
import { createClosures } from '../eval/closures.ts';
import type { PolicyPlan } from '../plan/plan.ts';
import type { PolicyBackend } from '../policy-types.ts';
import { canGenerate, createGenerated } from './generated-backend.ts';

/** Uses of a rule, chosen among many, before it is worth the time that JavaScript takes to load code. */
const WARM_USES = 32;

/** What runs a plan; by default generated code, where the place lets code be made from text. */
export function createBackend(plan: PolicyPlan, asked: PolicyBackend | undefined): Backend {
  if (asked === 'closures' || !canGenerate()) return createClosures(plan, false);
  return createGenerated(plan, asked === undefined ? WARM_USES : 0);
}

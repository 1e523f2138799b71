import type { Json } from '@writ/decision';
import type { EngineAnswer } from '../engine/engine.ts';
import type { PolicySet } from '../layers/policy-set.ts';
import type { Core } from './core.ts';

/** A path below `data` with its input. */
export interface RuleQuestion {
  /** Slash path below `data`. */
  readonly path: string;
  readonly input: Json | undefined;
}

/** The bundle whose roots hold a path; undefined where none does. */
export function bundleOf(set: PolicySet, path: string): string | undefined {
  const owner = set.bundles.find(({ roots }) =>
    roots.some((root) => root === '' || path === root || path.startsWith(`${root}/`)),
  );
  return owner?.name;
}

/** Evaluates one path alone, outside of layers and combining. Never throws: faults are answers. */
export async function evaluateRule(core: Core, question: RuleQuestion): Promise<EngineAnswer> {
  const hold = core.source.hold();
  if (hold === undefined) {
    return { kind: 'error', code: 'policy_engine_unavailable', message: 'no policies are active' };
  }
  try {
    return await evaluateIn(hold.set, question, core.clock.nowMs(), core.limits.decisionMs);
  } finally {
    hold.release();
  }
}

/** The same under a policy set that is held already. */
export async function evaluateIn(
  set: PolicySet,
  question: RuleQuestion,
  nowMs: number,
  deadlineMs: number,
): Promise<EngineAnswer> {
  const bundle = bundleOf(set, question.path);
  if (bundle === undefined) return { kind: 'undefined', rules: [], rulesEvaluated: 0 };
  try {
    const timeNs = BigInt(nowMs) * 1_000_000n;
    return await set.policies.evaluate({
      bundle,
      path: question.path,
      input: question.input,
      deadlineMs,
      timeNs,
    });
  } catch {
    return { kind: 'error', code: 'policy_error', message: 'the evaluation failed' };
  }
}

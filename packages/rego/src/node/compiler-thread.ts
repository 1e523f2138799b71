/** Waits for one policy, compiles it, hands over its plan, and ends. */
import { parentPort } from 'node:worker_threads';
import { NoDataFault } from '../compile/data-code.ts';
import { planText } from '../compile/plan-text.ts';
import { compilePlan } from '../compile-plan.ts';
import { PlanFault } from '../plan/terms.ts';
import { unsupported } from '../plan/unsupported.ts';
import type { CompilerReply, CompilerRequest } from './compiler-messages.ts';

parentPort?.once('message', (request: CompilerRequest) => {
  parentPort?.postMessage(...compile(request));
  // Nothing else is listened for: the thread ends.
});

function compile({ sources, capabilities, paths }: CompilerRequest): [CompilerReply, ArrayBuffer[]] {
  const compiled = compilePlan(sources, capabilities === undefined ? {} : { capabilities });
  const { diagnostics, reads } = compiled;
  if (compiled.plan === undefined) return [{ diagnostics }, []];
  try {
    const plan = planText(compiled.plan);
    const known = paths.map((path) => [path, reads(path)] as const);
    return [
      { plan, reads: known, diagnostics },
      [plan.rules.buffer as ArrayBuffer, plan.starts.buffer as ArrayBuffer],
    ];
  } catch (caught) {
    if (caught instanceof PlanFault) return [{ diagnostics: [...diagnostics, unsupported(caught)] }, []];
    if (caught instanceof NoDataFault) return [{ diagnostics, failure: caught.message }, []];
    throw caught;
  }
}

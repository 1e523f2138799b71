import type { Capabilities } from '../analysis/capabilities.ts';
import type { ReadPaths } from '../analysis/reads.ts';
import type { PlanText } from '../compile/plan-text.ts';
import type { ModuleSource } from '../policy-types.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';

/** What the compiler's thread is given. */
export interface CompilerRequest {
  readonly sources: readonly ModuleSource[];
  readonly capabilities: Capabilities | undefined;
  readonly paths: readonly string[];
}

/** What it gives. */
export interface CompilerReply {
  readonly plan?: PlanText;
  readonly reads?: readonly (readonly [path: string, reads: ReadPaths])[];
  readonly diagnostics: readonly Diagnostic[];
  readonly failure?: string;
}

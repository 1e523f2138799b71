import type { Json } from '@writ/decision';
import type { ExplainMode } from '@writ/rego';
import type {
  CompileAnswer,
  CompileSettings,
  PolicyQueries,
  QueryAnswer,
  QueryExplanation,
} from '../engine/query-types.ts';
import type { Core } from './core.ts';
import { bundleOf } from './evaluate-rule.ts';

/** A query of one's own, or the document at a slash path below `data`. */
export type AdministrativeQuery = (
  | { readonly text: string; readonly path?: undefined }
  | { readonly path: string; readonly text?: undefined }
) & {
  readonly input: Json | undefined;
  readonly strict?: boolean;
  readonly explain?: ExplainMode;
};

/** What is asked of partial evaluation. */
export type AdministrativeCompile = Omit<CompileSettings, 'deadlineMs' | 'timeNs'> & {
  readonly text: string;
};

/** The question could not be put on record, or there is nothing that could answer it. */
export interface NotAsked {
  readonly kind: 'not_asked';
  readonly code:
    | 'audit_unavailable'
    | 'state_unavailable'
    | 'policy_engine_unavailable'
    | 'engine_unsupported';
  readonly message: string;
}

/** Raw evaluation for administrators, each question on record before it is asked. */
export interface AdministrativeQueries {
  /** Are there queries at all, and do they reach the document at a path: third parties' documents are apart. */
  answers(path: string): boolean;
  /** Is the document at a path made by rules. */
  isVirtual(path: string): boolean;
  query(question: AdministrativeQuery, by: string): Promise<QueryAnswer | NotAsked>;
  compile(question: AdministrativeCompile, by: string): Promise<CompileAnswer | NotAsked>;
  /** How the document at a path comes about, for a question that is on record already. */
  trace(path: string, input: Json | undefined, mode: ExplainMode): Promise<QueryExplanation | undefined>;
}

type Recorded =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

type Note = (
  event: string,
  note: { readonly [name: string]: Json },
  args: Json | undefined,
) => Promise<Recorded>;

/** @param note puts an act on record */
export function createAdministrativeQueries(core: Core, note: Note): AdministrativeQueries {
  const settings = () => ({
    deadlineMs: core.limits.decisionMs,
    timeNs: BigInt(core.clock.nowMs()) * 1_000_000n,
  });
  const recorded = async <Answer>(
    event: string,
    about: { readonly [name: string]: Json },
    input: Json | undefined,
    ask: (queries: PolicyQueries) => Promise<Answer>,
  ): Promise<Answer | NotAsked> => {
    const noted = await note(event, about, input);
    if (!noted.ok) return { kind: 'not_asked', code: noted.code as NotAsked['code'], message: noted.message };
    return withQueries(core, ask);
  };
  return {
    answers: (path) => {
      const set = core.source.current();
      if (set?.policies.queries === undefined) return false;
      const owner = bundleOf(set, path);
      return !set.bundles.some(({ name, thirdParty }) => name === owner && thirdParty);
    },
    isVirtual: (path) => core.source.current()?.policies.queries?.isVirtual(path) ?? false,
    query: ({ text, path, input, ...options }, by) =>
      recorded(
        text === undefined ? 'evaluate' : 'query',
        text === undefined ? { by, path } : { by, query: text },
        input,
        (queries) =>
          text === undefined
            ? queries.document(path, { input, ...options, ...settings() })
            : queries.query(text, { input, ...options, ...settings() }),
      ),
    compile: ({ text, ...options }, by) =>
      recorded('compile', { by, query: text }, options.input, (queries) =>
        queries.compile(text, { ...options, ...settings() }),
      ),
    trace: async (path, input, explain) => {
      const answer = await withQueries(core, (queries) =>
        queries.document(path, { input, explain, ...settings() }),
      );
      return answer.kind === 'rows' ? answer.explanation : undefined;
    },
  };
}

async function withQueries<Answer>(
  core: Core,
  ask: (queries: PolicyQueries) => Promise<Answer>,
): Promise<Answer | NotAsked> {
  const hold = core.source.hold();
  if (hold === undefined)
    return { kind: 'not_asked', code: 'policy_engine_unavailable', message: 'no policies are active' };
  try {
    const { queries } = hold.set.policies;
    if (queries !== undefined) return await ask(queries);
    const message = `the engine \`${hold.set.engine}\` answers no queries of one's own here`;
    return { kind: 'not_asked', code: 'engine_unsupported', message };
  } finally {
    hold.release();
  }
}

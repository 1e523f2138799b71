import { CommandError, EXIT } from '../exit-status.ts';

/** What `writ eval` is told. */
export interface EvalOptions {
  readonly data: string[];
  readonly bundle: string[];
  readonly input?: string;
  readonly stdin?: boolean;
  readonly stdinInput?: boolean;
  readonly package?: string;
  readonly import: string[];
  readonly ignore: string[];
  readonly v0Compatible?: boolean;
  readonly strictBuiltinErrors?: boolean;
  readonly showBuiltinErrors?: boolean;
  readonly fail?: boolean;
  readonly failDefined?: boolean;
  readonly explain?: string;
  readonly varValues?: boolean;
  readonly profile?: boolean;
  readonly profileLimit: string;
  readonly profileSort: string[];
  readonly coverage?: boolean;
  readonly metrics?: boolean;
  readonly instrument?: boolean;
  readonly prettyLimit: string;
  readonly timeout?: string;
  readonly time?: string;
  readonly batch?: boolean;
  readonly partial?: boolean;
  readonly unknowns: string[];
  readonly disableInlining: string[];
  readonly shallowInlining?: boolean;
  /** OPA's own spelling. */
  readonly nondeterminsticBuiltins?: boolean;
  readonly strict?: boolean;
  readonly schema?: string;
  readonly capabilities?: string;
  readonly count: string;
  readonly target: string;
  readonly optimize: string;
}

const PROFILE_ORDERS: readonly string[] = [
  'total_time_ns',
  'num_eval',
  'num_redo',
  'num_gen_expr',
  'file',
  'line',
];
const EXPLAIN_MODES: readonly string[] = ['notes', 'fails', 'full', 'debug', 'off'];

/** Ends the command where options do not go together. */
export function checkOptions(query: string | undefined, options: EvalOptions): void {
  const refuse = (message: string): never => {
    throw new CommandError(EXIT.usage, message);
  };
  const { stdin, stdinInput, input, batch: isBatch, explain } = options;
  if (isBatch === true && query !== undefined)
    refuse('the lines of a batch hold the queries: name none beside --batch');
  if (isBatch !== true && stdin === true && query !== undefined) refuse('give a query or --stdin, not both');
  if (isBatch !== true && stdin !== true && query === undefined) refuse('missing a query; --stdin reads one');
  if (stdin === true && (stdinInput === true || input === '-'))
    refuse('standard input holds the query or the input, not both');
  if (stdinInput === true && input !== undefined) refuse('give --input or --stdin-input, not both');
  if (options.fail === true && options.failDefined === true)
    refuse('give --fail or --fail-defined, not both');
  if (!/^[1-9]\d*$/.test(options.count)) refuse('--count: give a whole number of at least 1');
  if (options.target !== 'rego')
    refuse(`--target: \`${options.target}\` is not there; leave it out, or use \`opa eval\` for Wasm`);
  if (!/^[012]$/.test(options.optimize)) refuse('--optimize: give 0, 1 or 2; no level changes an answer');
  for (const by of options.profileSort) {
    if (!PROFILE_ORDERS.includes(by))
      refuse(`--profile-sort: \`${by}\` is none of ${PROFILE_ORDERS.join(', ')}`);
  }
  if (options.showBuiltinErrors === true && options.strictBuiltinErrors === true)
    refuse('give --show-builtin-errors or --strict-builtin-errors, not both');
  if (options.varValues === true && (explain === undefined || explain === 'off'))
    refuse('--var-values belongs to --explain');
  if (options.partial !== true && (options.unknowns.length > 0 || options.disableInlining.length > 0)) {
    refuse('--unknowns and --disable-inlining belong to --partial');
  }
  if (explain !== undefined && !EXPLAIN_MODES.includes(explain))
    refuse(`--explain: \`${explain}\` is none of ${EXPLAIN_MODES.join(', ')}`);
}

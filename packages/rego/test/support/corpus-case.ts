import type { OracleCase } from '@writ/testing';
import type {
  AsyncEvaluationOptions,
  CompileResult,
  Diagnostic,
  EvaluationHost,
  JsonObject,
  Location,
  ModuleSource,
  NetworkHost,
  QueryResult,
  Value,
} from '../../src/index.ts';
import { compare, compilePolicy, evaluateAsync, fromParsed, RegoSet, toJson } from '../../src/index.ts';

/** How a case of OPA's evaluation corpus went. */
export type CaseOutcome =
  | { readonly kind: 'pass' }
  /** A located `rego_unsupported_error`: the engine says that it cannot, and gives no answer. */
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'fail'; readonly message: string };

/** What a case runs on. */
export interface CaseGround {
  readonly compile: (sources: readonly ModuleSource[]) => CompileResult;
  readonly network: NetworkHost;
  readonly host: EvaluationHost;
}

/**
 * Runs one case the way OPA's own runner does: a second time with the answers of what is not deterministic, which must
 * give the same. Needs nothing of Node, so that browsers run it too.
 */
export async function runCaseOn(
  { compile, network, host }: CaseGround,
  testCase: OracleCase,
  version: 0 | 1,
): Promise<CaseOutcome> {
  const modules = (testCase.modules ?? []).map((text, index) => ({
    file: `test-${index}.rego`,
    text,
    version,
  }));
  const compiled = compile(modules);
  const unsupported = unsupportedOf(compiled.diagnostics);
  if (unsupported !== undefined) return unsupported;
  const { policy } = compiled;
  if (policy === undefined) return expectError(testCase, compiled.diagnostics);
  const prepared = policy.prepareQuery(testCase.query, { version });
  const refused = unsupportedOf(prepared.diagnostics);
  if (refused !== undefined) return refused;
  if (prepared.query === undefined) return expectError(testCase, prepared.diagnostics);
  const input = inputOf(testCase);
  const options: AsyncEvaluationOptions = {
    network,
    data: (fromParsed(testCase.data ?? {}) ?? {}) as JsonObject,
    strict: testCase.strict_error === true,
    host,
  };
  const { result, nondeterministic } = await evaluateAsync(prepared.query, input, options);
  const outcome = judge(testCase, result);
  if (outcome.kind !== 'pass') return outcome;
  const again = await evaluateAsync(prepared.query, input, { ...options, nondeterministic });
  const second = judge(testCase, again.result);
  return second.kind === 'fail'
    ? { kind: 'fail', message: `with its answers kept: ${second.message}` }
    : second;
}

function judge(testCase: OracleCase, result: QueryResult): CaseOutcome {
  if (result.kind === 'error') return expectError(testCase, [result]);
  if (testCase.want_error_code !== undefined || testCase.want_error !== undefined) {
    const wanted = `${testCase.want_error_code ?? ''} ${testCase.want_error ?? ''}`;
    return { kind: 'fail', message: `no error; wanted ${wanted}; got ${shown(result.bindings)}` };
  }
  return compareBindings(testCase, result.bindings);
}

function unsupportedOf(diagnostics: readonly Diagnostic[]): CaseOutcome | undefined {
  const found = diagnostics.find(({ code }) => code === 'rego_unsupported_error');
  return found === undefined ? undefined : { kind: 'unsupported', message: found.message };
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly location?: Location;
}

/** An error as OPA prints it. */
function errorText({ code, message, location }: Failure): string {
  const place = location === undefined ? '' : `${location.file}:${location.row}: `;
  return `${place}${code}: ${message}`;
}

function expectError(testCase: OracleCase, errors: readonly Failure[]): CaseOutcome {
  const { want_error_code: code, want_error: text } = testCase;
  const got = errors.map(errorText).join('; ');
  if (code === undefined && text === undefined) return { kind: 'fail', message: `error: ${got}` };
  const fits = errors.some(
    (error) =>
      (code === undefined || error.code === code) && (text === undefined || errorText(error).includes(text)),
  );
  return fits ? { kind: 'pass' } : { kind: 'fail', message: `wanted ${code} ${text}; got ${got}` };
}

function inputOf(testCase: OracleCase): Value | undefined {
  if (testCase.input_term !== undefined) {
    const query = compilePolicy([]).policy!.prepareQuery(`x = ${testCase.input_term}`).query!;
    const result = query.evaluate(undefined);
    return result.kind === 'bindings' ? result.bindings[0]?.['x'] : undefined;
  }
  return testCase.input === undefined ? undefined : fromParsed(testCase.input);
}

type Bindings = readonly Readonly<Record<string, Value>>[];

function compareBindings(testCase: OracleCase, bindings: Bindings): CaseOutcome {
  if (testCase.want_result === undefined) return { kind: 'pass' };
  const sorted = testCase.sort_bindings === true;
  const got = RegoSet.from(bindings.map((one) => normalised(one, sorted)));
  const wanted = RegoSet.from(
    testCase.want_result.map((one) => normalised(fromParsed(one) as Readonly<Record<string, Value>>, sorted)),
  );
  if (got.equals(wanted)) return { kind: 'pass' };
  return { kind: 'fail', message: `wanted ${toJson(wanted)}; got ${toJson(got)}` };
}

/** As OPA's runner sees it: through JSON, so that sets are sorted arrays. */
function normalised(bindings: Readonly<Record<string, Value>>, sorted: boolean): Value {
  const plain: Record<string, Value> = {};
  for (const [name, value] of Object.entries(bindings)) {
    if (name.startsWith('__localq')) continue;
    // Like the wanted values, which came through JSON.parse too: digits beyond a double's are gone.
    const parsed = fromParsed(JSON.parse(toJson(value)))!;
    plain[name] = sorted && Array.isArray(parsed) ? [...parsed].sort(compare) : parsed;
  }
  return plain;
}

function shown(bindings: Bindings): string {
  return bindings.map((one) => toJson(one as JsonObject)).join(' ');
}

import cedar from '@cedar-policy/cedar-wasm/nodejs';
import { readStrict } from '@writ/decision';
import type {
  CedarEntity,
  CedarPolicy,
  CedarProblem,
  FoundCedar,
  SentCedar,
  SourceFile,
} from './cedar-messages.ts';
import { CedarSchema, type SchemaJson } from './cedar-schema.ts';
import { sessionReads } from './session-reads.ts';

/** What an evaluation needs of a bundle beside the policies and the schema that Cedar keeps itself. */
export interface LoadedCedar {
  readonly entities: readonly CedarEntity[];
  readonly schema: CedarSchema | undefined;
}

type ReadPolicy = CedarPolicy & { readonly text: string; readonly json: object };

/** Outcomes that a permit can name by `@outcome`: what it grants, it grants on that condition. */
export const PERMIT_OUTCOMES: ReadonlySet<string> = new Set(['escalate', 'step_up']);

/** Reads and checks a bundle's Cedar and has Cedar keep it under the bundle's name. */
export function readCedar(sent: SentCedar): { readonly found: FoundCedar; readonly loaded?: LoadedCedar } {
  const problems: CedarProblem[] = [];
  const warnings: CedarProblem[] = [];
  const policies = new Map<string, ReadPolicy>();
  for (const file of sent.policies) readPolicies(file, policies, problems);
  const schema = sent.schema === undefined ? undefined : readSchema(sent.schema, problems);
  const texts = Object.fromEntries([...policies].map(([id, { text }]) => [id, text]));
  if (problems.length === 0 && schema !== undefined)
    validate(schema.text, policies, texts, problems, warnings);
  const entities = sent.entities === undefined ? [] : readEntities(sent.entities, schema?.text, problems);
  const found = {
    bundle: sent.bundle,
    policies: [...policies.values()].map(factsOf),
    session: sessionReads([...policies.values()].map(({ json }) => json)),
    problems,
    warnings,
  };
  if (problems.length > 0) return { found };
  const kept = [
    cedar.preparsePolicySet(sent.bundle, { staticPolicies: texts }),
    ...(schema === undefined ? [] : [cedar.preparseSchema(sent.bundle, schema.text)]),
  ].find(({ type }) => type === 'failure');
  if (kept?.type === 'failure')
    return { found: { ...found, problems: [{ message: messageOf(kept.errors), file: '' }] } };
  return { found, loaded: { entities, schema: schema?.declared } };
}

function factsOf({ text: _text, json: _json, ...facts }: ReadPolicy): CedarPolicy {
  return facts;
}

function messageOf([error]: readonly { readonly message: string }[]): string {
  return error?.message ?? 'Cedar gives no reason';
}

function rowAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function readPolicies(
  { file, text }: SourceFile,
  policies: Map<string, ReadPolicy>,
  problems: CedarProblem[],
): void {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') {
    for (const { message, sourceLocations = [] } of parts.errors) {
      const [place] = sourceLocations;
      const help = place?.label === null || place === undefined ? '' : ` (${place.label})`;
      problems.push({
        message: `${message}${help}`,
        file,
        row: rowAt(text, byteToIndex(text, place?.start ?? 0)),
      });
    }
    return;
  }
  if (parts.policy_templates.length > 0)
    problems.push({ message: 'a template is not linked to anybody; write it as a policy', file, row: 1 });
  for (const policy of parts.policies) {
    const read = cedar.policyToJson(policy);
    if (read.type === 'failure') {
      problems.push({ message: messageOf(read.errors), file, row: 1 });
      continue;
    }
    const { effect, annotations = {} } = read.json;
    const id = annotations['id'] ?? `policy${policies.size}`;
    const row = rowAt(text, Math.max(0, text.indexOf(policy)));
    if (policies.has(id)) problems.push({ message: `two policies have the id \`${id}\``, file, row });
    const wrong = wrongAnnotation(effect, annotations);
    if (wrong !== undefined) problems.push({ message: `policy \`${id}\`: ${wrong}`, file, row });
    policies.set(id, { id, effect, file, row, annotations, text: policy, json: read.json });
  }
}

/** Cedar counts bytes. */
function byteToIndex(text: string, bytes: number): number {
  return Buffer.from(text).subarray(0, bytes).toString().length;
}

function wrongAnnotation(
  effect: 'permit' | 'forbid',
  { outcome }: CedarPolicy['annotations'],
): string | undefined {
  if (outcome === undefined) return undefined;
  if (effect === 'forbid') return '`@outcome` belongs to a permit; what a forbid means is deny';
  return PERMIT_OUTCOMES.has(outcome)
    ? undefined
    : `\`@outcome\` is ${[...PERMIT_OUTCOMES].map((name) => `\`${name}\``).join(' or ')}, not \`${outcome}\``;
}

/** A schema in Cedar's syntax, whichever of the two forms it was written in. */
function readSchema(
  { file, text }: SourceFile,
  problems: CedarProblem[],
): { readonly text: string; readonly declared: CedarSchema } | undefined {
  const isJson = file.endsWith('.json');
  const read = isJson ? readStrict(text) : undefined;
  if (read?.ok === false) {
    problems.push({ message: read.message, file, row: read.line });
    return undefined;
  }
  const written =
    read === undefined ? { type: 'success' as const, text } : cedar.schemaToText(read.value as never);
  const declared = written.type === 'failure' ? written : cedar.schemaToJsonWithResolvedTypes(written.text);
  if (written.type === 'failure' || declared.type === 'failure') {
    const errors =
      written.type === 'failure' ? written.errors : declared.type === 'failure' ? declared.errors : [];
    const start = isJson ? 0 : byteToIndex(text, errors[0]?.sourceLocations?.[0]?.start ?? 0);
    problems.push({ message: messageOf(errors), file, row: rowAt(text, start) });
    return undefined;
  }
  const json = declared.json as SchemaJson;
  // Requests have entities without a namespace: of another one's types there would never be any.
  const named = Object.keys(json).filter((namespace) => namespace !== '');
  if (named.length > 0) {
    problems.push({
      message: `namespace \`${named[0]}\`: types of requests have none, so declare them without`,
      file,
    });
    return undefined;
  }
  return { text: written.text, declared: new CedarSchema(json) };
}

function validate(
  schema: string,
  policies: ReadonlyMap<string, CedarPolicy>,
  texts: Readonly<Record<string, string>>,
  problems: CedarProblem[],
  warnings: CedarProblem[],
): void {
  const answer = cedar.validate({ schema, policies: { staticPolicies: texts } });
  if (answer.type === 'failure') {
    problems.push({ message: messageOf(answer.errors), file: '' });
    return;
  }
  const placed = ({ policyId, error }: (typeof answer.validationErrors)[number]): CedarProblem => {
    const policy = policies.get(policyId);
    const help = error.help === null ? '' : ` (${error.help})`;
    return { message: `${error.message}${help}`, file: policy?.file ?? '', row: policy?.row ?? 1 };
  };
  problems.push(...answer.validationErrors.map(placed));
  warnings.push(...answer.validationWarnings.map(placed));
}

function readEntities(
  { file, text }: SourceFile,
  schema: string | undefined,
  problems: CedarProblem[],
): readonly CedarEntity[] {
  const read = readStrict(text);
  if (!read.ok) {
    problems.push({ message: read.message, file, row: read.line });
    return [];
  }
  const entities = read.value as unknown as CedarEntity[];
  const checked = Array.isArray(entities)
    ? cedar.checkParseEntities({ entities: entities as never, ...(schema === undefined ? {} : { schema }) })
    : ({ type: 'failure', errors: [{ message: 'it is no list of entities' }] } as const);
  if (checked.type === 'success') return entities.map(plainUid);
  problems.push({ message: messageOf(checked.errors), file });
  return [];
}

/** Cedar takes `{"__entity": {type, id}}` for `{type, id}`. */
function plainUid(entity: CedarEntity): CedarEntity {
  const plain = (uid: CedarEntity['uid']): CedarEntity['uid'] =>
    (uid as unknown as { readonly __entity?: CedarEntity['uid'] }).__entity ?? uid;
  return { ...entity, uid: plain(entity.uid), parents: entity.parents.map(plain) };
}

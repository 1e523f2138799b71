import type { GroupPlan, PolicyPlan, QueryPlan, RulePlan } from '../plan/plan.ts';
import type { JsonObject } from '../value/value.ts';
import type { ChunkSource, RulePlace } from './chunk.ts';
import { directGroupsSource, parseChunk, querySource, rulesSource } from './chunk.ts';
import type { Code } from './code.ts';
import { code, join, literal } from './code.ts';
import { dataCode } from './data-code.ts';
import { canGenerate, chunkGroups, orNothing } from './generated-backend.ts';
import type { ChunkPart, GroupData } from './module-source.ts';
import { documentData, MODULE_FORMAT, ruleData } from './module-source.ts';
import { partName } from './part-name.ts';
import { hasMany } from './rules.ts';
import { RUNTIME_HEADER } from './runtime-names.ts';
import { RULES_PER_CHUNK_MAX } from './shape.ts';

const NEWLINE = code`\n`;
const COMMA_LINE = code`,\n`;

/** Where a module takes its runtime from, where nothing else is said. */
export const RUNTIME_SPECIFIER = '@writ/rego/runtime';

export interface ModuleInput {
  readonly plan: PolicyPlan;
  readonly queries: Readonly<Record<string, QueryPlan>>;
  readonly data: JsonObject | undefined;
  readonly allowNet: readonly string[] | undefined;
  readonly runtime: string;
}

/** Functions as they are written, and what each of them is. */
interface WrittenChunk {
  readonly parts: readonly ChunkPart[];
  readonly source: ChunkSource;
}

/** Writes functions, as long as JavaScript's parser has the depth for them; else the plan stays, to run as closures. */
function written(parts: readonly ChunkPart[], write: () => ChunkSource): WrittenChunk | undefined {
  return orNothing(() => {
    const source = write();
    if (canGenerate()) parseChunk(source);
    return { parts, source };
  });
}

/** As {@link written} for several at once; where that fails, one by one. */
function writtenEach<T>(
  items: readonly T[],
  partOf: (item: T) => ChunkPart,
  write: (items: readonly T[]) => ChunkSource,
): readonly WrittenChunk[] {
  const together = written(items.map(partOf), () => write(items));
  if (together !== undefined) return [together];
  if (items.length === 1) return [];
  return items.flatMap((item) => writtenEach([item], partOf, write));
}

function rulePlaces(groups: readonly GroupPlan[]): RulePlace[] {
  return groups.flatMap((group) =>
    group.rules.flatMap((_rule, position): RulePlace[] => {
      if (group.kind === 'complete' || group.kind === 'function')
        return [{ group, position, form: 'single' }];
      return [
        { group, position, form: 'partial' },
        { group, position, form: 'keyed' },
      ];
    }),
  );
}

function* slices<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let index = 0; index < items.length; index += size) yield items.slice(index, index + size);
}

function writeChunks({ plan, queries }: ModuleInput): WrittenChunk[] {
  const chunks: WrittenChunk[] = [];
  const direct = chunkGroups(plan.groups);
  for (const groups of new Set(direct.values())) {
    chunks.push(
      ...writtenEach(
        groups,
        ({ id }) => ({ kind: 'group', group: id }),
        (some) => directGroupsSource(plan, some),
      ),
    );
  }
  const places = rulePlaces(plan.groups.filter((group) => !direct.has(group)));
  for (const some of slices(places, RULES_PER_CHUNK_MAX)) {
    chunks.push(
      ...writtenEach(
        some,
        ({ group, position, form }) => ({ kind: form, group: group.id, position }),
        (few) => rulesSource(plan, few),
      ),
    );
  }
  for (const [name, query] of Object.entries(queries)) {
    const chunk = written([{ kind: 'query', name }], () => querySource(plan, query));
    if (chunk !== undefined) chunks.push(chunk);
  }
  return chunks;
}

/** A rule whose functions all stand in the module: its bodies are needed no more. */
function withoutBodies(rule: RulePlan): RulePlan {
  return { ...rule, slots: 0, args: [], branches: [], keyed: undefined };
}

/** Whether rules can contradict each other: then their bodies say, evaluated once more, which values do. */
function canConflict({ kind, constant, rules, fixed }: GroupPlan): boolean {
  if (fixed !== undefined && fixed.whole.length > 0) return true;
  if (constant !== undefined || (kind !== 'complete' && kind !== 'function')) return false;
  return rules.length > 1 || rules.some(({ branches }) => branches.some(({ body }) => body.some(hasMany)));
}

function groupData(group: GroupPlan, names: ReadonlySet<string>): GroupData {
  const { rules, fallback, ...rest } = group;
  const isWhole = names.has(partName({ kind: 'group', group: group.id }));
  const keepsBodies = canConflict(group);
  const isWritten = (position: number): boolean => {
    if (keepsBodies) return false;
    const has = (kind: 'single' | 'partial' | 'keyed') =>
      names.has(partName({ kind, group: group.id, position }));
    return isWhole || has('single') || (has('partial') && has('keyed'));
  };
  return {
    ...rest,
    rules: rules.map((rule, position) => ruleData(isWritten(position) ? withoutBodies(rule) : rule)),
    ...(fallback !== undefined && { fallback: ruleData(isWhole ? withoutBodies(fallback) : fallback) }),
  };
}

function chunkCode({ parts, source }: WrittenChunk): Code {
  return code`{ parts: ${dataCode(parts)},
constants: () => ${dataCode(source.constants)},
make: (constants) => {
${source.body}
} }`;
}

/** Writes a policy as the text of an ES module that imports its runtime and nothing else. */
export function writeModule(input: ModuleInput): string {
  const chunks = writeChunks(input);
  const names = new Set(chunks.flatMap(({ parts }) => parts.map(partName)));
  const { plan, queries, data, allowNet, runtime } = input;
  const queryPlans = Object.fromEntries(
    Object.entries(queries).map(([name, query]) => {
      const isWritten = names.has(partName({ kind: 'query', name }));
      return [name, isWritten ? { ...query, body: [] } : query];
    }),
  );
  const groups = plan.groups.map((group) => dataCode(groupData(group, names)));
  return join(
    [
      code`// A Rego policy as JavaScript, written by Writ. Made anew from its sources, not changed by hand.`,
      code`import { loadModule, runtime } from ${literal(runtime)};`,
      RUNTIME_HEADER,
      code`export const policy = loadModule({
format: ${MODULE_FORMAT},
groups: [${join(groups, COMMA_LINE)}],
root: ${dataCode(documentData(plan.root))},
queries: ${dataCode(queryPlans)},
data: ${dataCode(data)},
allowNet: ${dataCode(allowNet)},
chunks: [${join(chunks.map(chunkCode), COMMA_LINE)}],
});`,
      code`export default policy;`,
      code``,
    ],
    NEWLINE,
  ).toString();
}

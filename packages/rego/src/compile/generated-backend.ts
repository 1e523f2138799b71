import type { Backend, CompiledGroup, PartialRule, SingleRule } from '../eval/backend.ts';
import { createClosures } from '../eval/closures.ts';
import type { GroupPlan, PolicyPlan } from '../plan/plan.ts';
import type { RulePlace } from './chunk.ts';
import { directGroupsSource, loadChunk, rulesSource } from './chunk.ts';
import type { GeneratedGroup } from './generated-group.ts';
import { compiledGroup } from './generated-group.ts';
import { isDirectGroup, RULES_PER_CHUNK_MAX } from './shape.ts';

let works: boolean | undefined;

/** Whether this place lets code be made from text; a content security policy can forbid it. Tried once. */
export function canGenerate(): boolean {
  if (works === undefined) {
    try {
      works = new Function('return true;')() === true;
    } catch {
      works = false;
    }
  }
  return works;
}

/**
 * The back end that turns the plan into JavaScript source. Small groups are loaded in chunks, each at its first use;
 * rules that an index chooses, and those of partial sets and objects, one by one after `warmUses` uses as closures.
 * What cannot be loaded (code nested too deeply for JavaScript's own parser) stays closures. The choice of rules,
 * partial sets and objects, and queries use the closures' code around generated rules.
 */
export function createGenerated(plan: PolicyPlan, warmUses: number): Backend {
  const chunks = chunkGroups(plan.groups);
  const loaded = new Map<readonly GroupPlan[], readonly GeneratedGroup[] | undefined>();
  const direct = (group: GroupPlan): CompiledGroup | undefined => {
    const chunk = chunks.get(group);
    if (chunk === undefined) return undefined;
    if (!loaded.has(chunk))
      loaded.set(
        chunk,
        orNothing(() => loadChunk(backend, directGroupsSource(plan, chunk)) as GeneratedGroup[]),
      );
    const functions = loaded.get(chunk)?.[chunk.indexOf(group)];
    return functions === undefined ? undefined : compiledGroup(functions);
  };
  const rule = (place: RulePlace): unknown =>
    orNothing(() => loadChunk(backend, rulesSource(plan, [place]))[0]);
  const backend: Backend = createClosures(plan, false, {
    warmUses,
    group: direct,
    singleRule: (group, position) => rule({ group, position, form: 'single' }) as SingleRule | undefined,
    partialRule: (group, position, keyed) =>
      rule({ group, position, form: keyed ? 'keyed' : 'partial' }) as PartialRule | undefined,
  });
  return backend;
}

/** Nothing, where JavaScript's parser has not the depth for the code; any other fault is one of this program. */
export function orNothing<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (caught) {
    if (caught instanceof RangeError) return undefined;
    throw caught;
  }
}

/** Puts small groups together, so that their functions can call each other by name. */
export function chunkGroups(groups: readonly GroupPlan[]): ReadonlyMap<GroupPlan, readonly GroupPlan[]> {
  const chunks = new Map<GroupPlan, GroupPlan[]>();
  let chunk: GroupPlan[] = [];
  let size = 0;
  for (const group of groups) {
    if (!isDirectGroup(group)) continue;
    const rules = group.rules.length + (group.fallback === undefined ? 0 : 1);
    if (size + rules > RULES_PER_CHUNK_MAX) {
      chunk = [];
      size = 0;
    }
    chunk.push(group);
    chunks.set(group, chunk);
    size += rules;
  }
  return chunks;
}

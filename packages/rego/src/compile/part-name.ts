import type { ChunkPart } from './module-source.ts';

/** Names a function of a module. */
export function partName(part: ChunkPart): string {
  if (part.kind === 'query') return `query ${part.name}`;
  return part.kind === 'group' ? `group ${part.group}` : `${part.kind} ${part.group} ${part.position}`;
}

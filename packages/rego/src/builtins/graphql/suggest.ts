import { bytesOfText } from '../bytes.ts';
import type { Walk } from './walk.ts';

/** Names that are offered at most. */
const OFFERED_MAX = 5;

/** Insertions, deletions and replacements of characters that make one text the other. */
function editDistance(from: string, to: string): number {
  const target = [...to];
  let row = Array.from({ length: target.length + 1 }, (_, index) => index);
  let height = 0;
  for (const character of from) {
    height++;
    const next = [height];
    for (const [index, other] of target.entries()) {
      const replaced = row[index]! + (character === other ? 0 : 1);
      next.push(Math.min(replaced, row[index + 1]! + 1, next[index]! + 1));
    }
    row = next;
  }
  return row[target.length]!;
}

function distance(typed: string, option: string): number {
  if (typed === option) return 0;
  const [from, to] = [typed.toLowerCase(), option.toLowerCase()];
  return from === to ? 1 : editDistance(from, to);
}

/** The options that are near to what was typed, the nearest first. */
export function nearest(walk: Walk, typed: string, options: readonly string[]): string[] {
  const threshold = Math.floor(bytesOfText(typed).length * 0.4) + 1;
  const near: { readonly option: string; readonly distance: number }[] = [];
  for (const option of options) {
    walk.host.spend(1);
    // As many edits as the lengths differ are needed in any case; a character is one unit or two.
    if (option.length > 2 * (typed.length + threshold) || typed.length > 2 * (option.length + threshold))
      continue;
    walk.host.spend(typed.length * option.length);
    const edits = distance(typed, option);
    if (edits <= threshold) near.push({ option, distance: edits });
  }
  return near.sort((a, b) => a.distance - b.distance).map(({ option }) => option);
}

/** `a`, `a or b`, `a, b, or c`. */
export function alternatives(items: readonly string[]): string {
  const offered = items.slice(0, OFFERED_MAX);
  if (offered.length === 2) return offered.join(' or ');
  return offered
    .map((item, index) => (index > 0 && index === offered.length - 1 ? `or ${item}` : item))
    .join(', ');
}

export function quotedAlternatives(items: readonly string[]): string {
  return alternatives(items.map((item) => `"${item}"`));
}

/** The question after a fault; empty where nothing is near. */
export function didYouMean(
  walk: Walk,
  typed: string,
  options: readonly string[],
  question = 'Did you mean',
): string {
  const near = nearest(walk, typed, options);
  return near.length > 0 ? ` ${question} ${quotedAlternatives(near)}?` : '';
}
